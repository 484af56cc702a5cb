-- A number is given to a post before it is made, so that each try of a request makes the same one.
create sequence post_ids;

create table posts (
    id bigint primary key,
    author bigint not null check (author > 0),
    -- The number of the latest revision, which is what readers see.
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    -- Deleted posts and their revisions stay, and nobody sees them.
    deleted_at timestamptz
);

create index posts_by_author on posts (author, id) where deleted_at is null;

create table revisions (
    post bigint not null references posts,
    number bigint not null,
    title text not null,
    body text not null,
    written_at timestamptz not null default now(),
    primary key (post, number)
);

-- A time as in RFC 3339.
create function utc(moment timestamptz) returns text language sql stable
    return to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
