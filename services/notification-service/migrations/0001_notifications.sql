create table notifications (
    id bigint generated always as identity primary key,
    recipient bigint not null,
    -- What happened, in the sender's words: the same is told once.
    cause text not null,
    text text not null,
    created_at timestamptz not null default now(),
    unique (recipient, cause)
);
