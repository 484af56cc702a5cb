create table blobs (
    -- Of the content, in hexadecimal digits: the same content is stored once.
    sha256 text primary key,
    media_type text not null,
    content bytea not null
);

create table uploads (
    id bigint generated always as identity primary key,
    owner bigint not null,
    sha256 text not null references blobs,
    -- The digest of the ticket that it came with: a ticket is for one upload, however many race for it.
    ticket text not null unique,
    uploaded_at timestamptz not null default now()
);

create index uploads_of_a_blob on uploads (sha256);
create index uploads_of_an_owner on uploads (owner, id);
