create table jobs (
    id bigint generated always as identity primary key,
    source text not null,
    -- Of the source, in pixels.
    width integer not null,
    height integer not null,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
    -- How often it was claimed.
    attempts integer not null default 0,
    -- Of the last attempt: who works, the digest of the claim's token, and the lease that each report begins anew.
    worker text,
    claim text,
    lease_s integer,
    lease_ends timestamptz,
    -- Why the last attempt failed.
    error text,
    created_at timestamptz not null default now()
);

-- Workers take the oldest job that waits; people read each state in pages.
create index jobs_by_state on jobs (state, id);
create index leases on jobs (lease_ends) where state = 'running';

create table renditions (
    job bigint not null references jobs,
    -- As people call it: 720p.
    name text not null,
    width integer not null,
    height integer not null,
    -- Where it is, once it is made.
    url text,
    primary key (job, name)
);
