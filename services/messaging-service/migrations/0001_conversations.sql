create table conversations (
    id bigint generated always as identity primary key,
    -- Who takes part, in ascending order. The same people have one conversation, and it keeps its people.
    people bigint[] not null unique,
    -- The number of the last message. Its row lock gives each message its number in the order of commits: a reader who
    -- goes on behind a number misses nothing.
    last bigint not null default 0,
    created_at timestamptz not null default now()
);

create table members (
    conversation bigint not null references conversations,
    member bigint not null,
    -- The number of the last message that the member has read.
    read_to bigint not null default 0,
    primary key (member, conversation)
);

create index members_by_conversation on members (conversation, member);

create table messages (
    conversation bigint not null references conversations,
    number bigint not null,
    sender bigint not null,
    -- The sender's name for the message: sent twice, it is there once.
    key text not null,
    text text not null,
    -- When it got its number, not when its transaction began.
    sent_at timestamptz not null default clock_timestamp(),
    primary key (conversation, number),
    unique (conversation, sender, key),
    foreign key (sender, conversation) references members
);

-- A time as in RFC 3339.
create function utc(moment timestamptz) returns text language sql stable
    return to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
