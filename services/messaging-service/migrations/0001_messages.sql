create table messages (
    id bigint generated always as identity primary key,
    sender bigint not null,
    recipient bigint not null,
    body text not null,
    sent_at timestamptz not null default now()
);

create index messages_by_recipient on messages (recipient, id);
