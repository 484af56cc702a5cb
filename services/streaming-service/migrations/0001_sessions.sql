create table sessions (
    id bigint generated always as identity primary key,
    streamer bigint not null,
    title text not null,
    started_at timestamptz not null default now(),
    stopped_at timestamptz
);

-- Of each streamer, one session at a time is live.
create unique index live_sessions on sessions (streamer) where stopped_at is null;
