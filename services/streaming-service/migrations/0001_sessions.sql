create table sessions (
    id bigint generated always as identity primary key,
    streamer bigint not null,
    title text not null,
    started_at timestamptz not null default now(),
    -- Both or neither: when it ended, and why.
    ended_at timestamptz,
    reason text check (reason in ('stopped', 'lost')),
    check ((ended_at is null) = (reason is null))
);

-- Of each streamer, one session at a time is live.
create unique index live_sessions on sessions (streamer) where ended_at is null;
-- The list of live sessions, however many have ended.
create index live_sessions_in_order on sessions (id) where ended_at is null;
