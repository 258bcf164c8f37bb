-- Back to what 0006 had: what only the new tables hold is lost.

drop view movie_cast;
create table movie_cast (
  movie_id uuid not null references movies on delete cascade,
  rank smallint not null,
  name text not null,
  character text,
  primary key (movie_id, rank)
);
grant select, insert, update, delete on movie_cast to projectionist_app;
insert into movie_cast (movie_id, rank, name, character)
select movie_id, rank, name, character from movie_credits where job = 'ACTOR';
create trigger movie_cast_changed after insert or update or delete or truncate on movie_cast
  for each statement execute function catalogue_changed();

drop trigger movies_added_words on movies;
drop trigger movies_changed_words on movies;
drop table import_checkpoints, movie_external_ratings, movie_certifications, movie_credits, people, movie_translations;
drop function movie_words, translation_words;
alter table genres drop column tmdb_id;
drop index movies_newest_idx, movies_release_date_idx;
alter table movies
  drop constraint movies_release_year_check, drop column search, drop column adult, drop column backdrop_path,
  drop column trailer_url, drop column languages, drop column countries, drop column popularity, drop column rating,
  drop column vote_count, drop column told_by;
alter table movies add column search tsvector generated always as (
  setweight(to_tsvector('simple', title), 'A')
  || setweight(to_tsvector('simple', coalesce(original_title, '')), 'B')
  || setweight(to_tsvector('simple', coalesce(overview, '')), 'C')) stored;
create index movies_search_idx on movies using gin (search);
drop function search_query, learn_words;
drop table search_words;
drop function slips, folded;
