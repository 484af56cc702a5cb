-- What timelines are rebuilt from.
create table entries (
    reader bigint not null,
    post bigint not null,
    primary key (reader, post)
);
