create table documents (
    id bigint primary key,
    title text not null,
    body text not null,
    words tsvector not null generated always as (
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', body), 'B')
    ) stored
);

create index documents_by_word on documents using gin (words);
