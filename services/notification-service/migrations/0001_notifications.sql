create table notifications (
    id bigint generated always as identity primary key,
    recipient bigint not null,
    -- What sort of thing happened; recipients mute by it.
    kind text not null,
    -- What happened, in the sender's words: within a window, the same is told once. Null is never the same.
    key text,
    text text not null,
    created_at timestamptz not null default now(),
    read_at timestamptz,
    delivered_at timestamptz
);

create index notifications_by_recipient on notifications (recipient, id);
create index notifications_unread on notifications (recipient, id) where read_at is null;
create index notifications_by_key on notifications (recipient, key, created_at) where key is not null;
-- What the stream of deliveries is made from again.
create index notifications_undelivered on notifications (id) where delivered_at is null;

create table preferences (
    recipient bigint primary key,
    muted text[] not null
);
