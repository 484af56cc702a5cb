create table posts (
    id bigint generated always as identity primary key,
    author bigint not null,
    title text not null,
    body text not null,
    created_at timestamptz not null default now()
);
