alter table movies
  add column adult boolean not null default false,
  add column backdrop_path text,
  add column trailer_url text,
  add column languages text[] not null default '{}',
  add column countries text[] not null default '{}',
  add column popularity double precision not null default 0 check (popularity between 0 and 1e12),
  add column rating numeric(3, 1) check (rating between 0 and 10),
  add column vote_count integer not null default 0 check (vote_count >= 0),
  add column told_by jsonb not null default '{}',
  add check (release_year between 1 and 9999);
comment on column movies.languages is 'Spoken in it, ISO 639-1.';
comment on column movies.countries is 'That it comes from, ISO 3166-1.';
comment on column movies.popularity is 'What a source says of how many people are busy with it; comparable within the source.';
comment on column movies.rating is 'Of the source with the most votes, on a scale to 10; vote_count is how many these are.';
comment on column movies.told_by is 'Which source a column or a list of the movie comes from; it alone may correct it.';

alter table movies drop column search;
alter table movies add column search tsvector generated always as (
  setweight(to_tsvector('simple', folded(title)), 'A')
  || setweight(to_tsvector('simple', folded(coalesce(original_title, ''))), 'B')
  || setweight(to_tsvector('simple', folded(coalesce(overview, ''))), 'C')) stored;
create index movies_search_idx on movies using gin (search);
create index movies_newest_idx on movies ((coalesce(release_year, 0)::bigint) desc, id);
create index movies_release_date_idx on movies
  ((coalesce(release_date, make_date(coalesce(release_year, 1), 1, 1))) desc, id desc);
create index movies_popularity_idx on movies (((popularity * 1000)::bigint) desc, id desc);
create index movies_rating_idx on movies (((coalesce(rating, 0) * 10)::bigint) desc, id desc);
create index movies_vote_count_idx on movies ((vote_count::bigint) desc, id desc);

alter table genres add column tmdb_id integer unique;

create table movie_translations (
  movie_id uuid not null references movies on delete cascade,
  locale text not null check (locale ~ '^[a-z]{2,3}(-[A-Z0-9]{2,4})?$'),
  source text not null,
  title text,
  overview text,
  tagline text,
  trailer_url text,
  search tsvector generated always as (
    setweight(to_tsvector('simple', folded(coalesce(title, ''))), 'A')
    || setweight(to_tsvector('simple', folded(coalesce(overview, ''))), 'C')) stored,
  primary key (movie_id, locale, source),
  check (coalesce(title, overview, tagline, trailer_url) is not null)
);
comment on column movie_translations.locale is 'A language, ISO 639, or a language and a region: fr, fr-CA.';
create index movie_translations_search_idx on movie_translations using gin (search);

create table people (
  id uuid primary key,
  database_id integer generated always as identity unique,
  imdb_id text unique check (imdb_id ~ '^nm[0-9]{7,}$'),
  tmdb_id integer unique,
  name text not null check (length(name) between 1 and 300),
  name_key text not null generated always as (folded(name)) stored
);
create index people_name_key_idx on people (name_key);

create table movie_credits (
  movie_id uuid not null references movies on delete cascade,
  job text not null check (job in ('ACTOR', 'DIRECTOR')),
  rank smallint not null,
  person_id uuid not null references people on delete cascade,
  name text not null,
  character text,
  primary key (movie_id, job, rank)
);
comment on column movie_credits.name is 'As the movie credits the person.';
create index movie_credits_person_id_idx on movie_credits (person_id, movie_id);

create table movie_certifications (
  movie_id uuid not null references movies on delete cascade,
  country text not null,
  certification text not null,
  primary key (movie_id, country)
);

create table movie_external_ratings (
  movie_id uuid not null references movies on delete cascade,
  source text not null,
  value numeric(6, 2) not null,
  scale numeric(6, 2) not null check (scale > 0),
  votes integer not null check (votes >= 0),
  observed_at timestamptz not null,
  primary key (movie_id, source),
  check (value between 0 and scale)
);
comment on column movie_external_ratings.scale is 'The best value there is.';

create table import_checkpoints (
  source text not null,
  file text not null,
  fingerprint text not null,
  line bigint not null,
  updated_at timestamptz not null default now(),
  primary key (source, file)
);
comment on table import_checkpoints is 'How far an import came in a file that it has not finished.';

grant select, insert, update, delete on movie_translations, people, movie_credits, movie_certifications,
  movie_external_ratings, search_words, import_checkpoints to projectionist_app;

insert into people (id, name)
select gen_random_uuid(), name
  from (select name from movie_cast union select director from movies where director is not null) known
 where length(name) between 1 and 300;
insert into movie_credits (movie_id, job, rank, person_id, name, character)
select c.movie_id, 'ACTOR', c.rank, p.id, c.name, c.character from movie_cast c join people p on p.name = c.name
union all
select m.id, 'DIRECTOR', 1, p.id, p.name, null from movies m join people p on p.name = m.director;
drop table movie_cast;
create view movie_cast as select movie_id, rank, name, character from movie_credits where job = 'ACTOR';
comment on view movie_cast is 'What servers of version 0.1 read while they are still about.';
grant select on movie_cast to projectionist_app;

select learn_words(array_agg(title) || array_agg(original_title)) from movies having count(*) > 0;
create function movie_words() returns trigger language plpgsql as $$
begin
  perform learn_words(array_agg(title) || array_agg(original_title)) from changed having count(*) > 0;
  return null;
end $$;
create function translation_words() returns trigger language plpgsql as $$
begin
  perform learn_words(array_agg(title)) from changed having count(*) > 0;
  return null;
end $$;
create trigger movies_added_words after insert on movies
  referencing new table as changed for each statement execute function movie_words();
create trigger movies_changed_words after update on movies
  referencing new table as changed for each statement execute function movie_words();
create trigger movie_translations_added_words after insert on movie_translations
  referencing new table as changed for each statement execute function translation_words();
create trigger movie_translations_changed_words after update on movie_translations
  referencing new table as changed for each statement execute function translation_words();
