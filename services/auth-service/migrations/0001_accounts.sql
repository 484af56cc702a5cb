create table accounts (
    id bigint generated always as identity primary key,
    -- Lower case: an address is one account however it is typed.
    email text not null unique,
    -- A PHC string of argon2id; the password itself is nowhere.
    password_hash text not null,
    created_at timestamptz not null default now()
);
