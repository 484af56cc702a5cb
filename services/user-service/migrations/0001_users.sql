create table users (
    id bigint generated always as identity primary key,
    handle text not null unique,
    display_name text not null,
    created_at timestamptz not null default now()
);
