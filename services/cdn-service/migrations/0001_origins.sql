create table origins (
    -- The name that readers use.
    host text primary key,
    -- Where the content comes from.
    upstream text not null,
    updated_at timestamptz not null default now()
);
