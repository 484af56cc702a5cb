create table streams (
    name text primary key,
    -- That of the last event. Whoever appends holds this row until the commit, so that positions have no gaps, and
    -- nobody sees a position before the ones below it.
    position bigint not null
);

create table events (
    stream text not null references streams,
    -- From 1.
    position bigint not null,
    -- What the sender calls it: the same is appended once.
    id text not null,
    -- JSON.
    payload text not null,
    appended_at timestamptz not null default now(),
    primary key (stream, position),
    unique (stream, id)
);

-- How far each consumer of a stream has come.
create table offsets (
    stream text not null references streams,
    consumer text not null,
    -- That of the last event that is done.
    position bigint not null,
    primary key (stream, consumer)
);
