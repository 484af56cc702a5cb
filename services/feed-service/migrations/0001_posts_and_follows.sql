create table posts (
    id bigint primary key,
    author bigint not null,
    -- The order of every timeline: no two posts share a place, whenever they came.
    position bigint generated always as identity,
    -- The row stays, so that a late repetition does not bring the post back.
    removed boolean not null default false
);

create index posts_by_author on posts (author, position) where not removed;

create table follows (
    reader bigint not null,
    author bigint not null,
    primary key (reader, author)
);

-- Whom a post goes to, in steps.
create index follows_by_author on follows (author, reader);
