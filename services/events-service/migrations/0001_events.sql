create table events (
    log text not null,
    -- Its place in the log, from 1, without gaps.
    number bigint not null,
    -- What the sender calls it: the same is appended once.
    key text not null,
    payload text not null,
    appended_at timestamptz not null default now(),
    primary key (log, number),
    unique (log, key)
);
