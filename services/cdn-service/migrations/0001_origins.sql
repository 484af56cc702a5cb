create table origins (
    -- The name that readers use.
    host text primary key,
    -- Where the content comes from.
    upstream text not null,
    -- Signs and verifies URLs. As it is, and no digest: an HMAC needs the key itself.
    signing_key text not null,
    -- The key before the last rotation, and how long URLs that it has signed stay valid.
    previous_key text,
    previous_until timestamptz
);

-- How often each tag was purged. No row is a tag that never was; rows are never removed, or a version would come back.
create table purges (
    host text references origins,
    tag text,
    version bigint not null default 1,
    purged_at timestamptz not null default now(),
    primary key (host, tag)
);
