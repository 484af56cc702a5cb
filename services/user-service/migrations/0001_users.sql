create table users (
    -- The number of the account, which auth-service has given.
    id bigint primary key check (id > 0),
    -- Lower case: a handle is one handle however it is typed.
    handle text not null unique,
    display_name text not null,
    bio text not null,
    -- Both are kept in step with `follows`, in the same transaction.
    followers bigint not null default 0 check (followers >= 0),
    following bigint not null default 0 check (following >= 0),
    created_at timestamptz not null default now()
);

create table follows (
    -- The order of the lists.
    id bigint generated always as identity primary key,
    follower bigint not null references users,
    followed bigint not null references users,
    created_at timestamptz not null default now(),
    unique (follower, followed),
    check (follower <> followed)
);

create index follows_by_follower on follows (follower, id);
create index follows_by_followed on follows (followed, id);
