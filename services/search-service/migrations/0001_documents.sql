create table documents (
    id bigint primary key,
    title text not null,
    body text not null,
    -- A word of the title counts two and a half times as much as one of the body.
    words tsvector not null generated always as (
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', body), 'B')
    ) stored
);

create index documents_by_word on documents using gin (words);
