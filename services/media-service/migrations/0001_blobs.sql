create table blobs (
    -- Of the content, in hexadecimal digits: the same content is stored once.
    sha256 text primary key,
    media_type text not null,
    content bytea not null,
    created_at timestamptz not null default now()
);
