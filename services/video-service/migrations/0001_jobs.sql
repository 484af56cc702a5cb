create table jobs (
    id bigint generated always as identity primary key,
    source text not null,
    -- Of the renditions to make, in pixels.
    heights integer[] not null,
    -- Empty until a worker claims the job.
    worker text,
    created_at timestamptz not null default now()
);

create index waiting_jobs on jobs (id) where worker is null;
