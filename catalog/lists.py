"""What is said of a movie several times: people, certifications, texts in other languages, ratings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg

_CREDITS = """
create temp table told_credits on commit drop as
select t.movie_id, given.job, c.rank::smallint as rank, nullif(c.name, '') as name, c.character, c.imdb_id, c.tmdb_id,
       null::uuid as person_id
  from told_movies t
 cross join lateral (values ('ACTOR', 'cast'), ('DIRECTOR', 'directors')) given (job, list)
 cross join lateral rows from (
   jsonb_to_recordset(t.facts->given.list) as (name text, character text, imdb_id text, tmdb_id integer)
 ) with ordinality c (name, character, imdb_id, tmdb_id, rank)
 where given.list = any (t.lists)
"""
# By an id where there is one; two people of one name are one person only where neither has any.
_FIND_PEOPLE = tuple(
    f"update told_credits t set person_id = p.id from people p where t.person_id is null and {same}"
    for same in (
        "p.imdb_id = t.imdb_id",
        "p.tmdb_id = t.tmdb_id",
        "p.name_key = folded(t.name) and p.name = t.name"
        " and coalesce(t.imdb_id, p.imdb_id) is null and coalesce(t.tmdb_id, p.tmdb_id) is null",
    )
)
_ADD_PEOPLE = """
insert into people (id, name, imdb_id, tmdb_id)
select gen_random_uuid(), name, imdb_id, tmdb_id
  from (select distinct on (imdb_id, tmdb_id, case when imdb_id is null and tmdb_id is null then name end) *
          from told_credits where person_id is null and length(name) between 1 and 300) new
on conflict do nothing
"""
_SET_CREDITS = """
with wanted as (
  select c.movie_id, c.job, c.rank, c.person_id, coalesce(c.name, p.name) as name, c.character
    from told_credits c join people p on p.id = c.person_id),
removed as (
  delete from movie_credits have
   where (have.movie_id, have.job) in (select movie_id, job from told_credits)
     and not exists (select from wanted w where (w.movie_id, w.job, w.rank) = (have.movie_id, have.job, have.rank))
  returning have.movie_id),
written as (
  insert into movie_credits as have (movie_id, job, rank, person_id, name, character) select * from wanted
  on conflict (movie_id, job, rank) do update
    set person_id = excluded.person_id, name = excluded.name, character = excluded.character
    where (have.person_id, have.name, have.character)
      is distinct from (excluded.person_id, excluded.name, excluded.character)
  returning have.movie_id)
select movie_id from removed union select movie_id from written
"""
# Kept beside the movie, where most readers want no more than that.
_NAME_DIRECTORS = """
with named as (
  select movie_id, string_agg(name, ', ' order by rank) as names from movie_credits
   where job = 'DIRECTOR' and movie_id in (select movie_id from told_credits where job = 'DIRECTOR') group by movie_id)
update movies m set director = n.names from named n where n.movie_id = m.id and m.director is distinct from n.names
returning m.id
"""
_SET_CERTIFICATIONS = """
with wanted as (
  select distinct on (t.movie_id, c.country) t.movie_id, c.country, c.certification
    from told_movies t cross join lateral jsonb_to_recordset(t.facts->'certifications')
      as c (country text, certification text)
   where 'certifications' = any (t.lists)),
removed as (
  delete from movie_certifications have
   where have.movie_id in (select movie_id from wanted)
     and not exists (select from wanted w where (w.movie_id, w.country) = (have.movie_id, have.country))
  returning have.movie_id),
written as (
  insert into movie_certifications as have (movie_id, country, certification) select * from wanted
  on conflict (movie_id, country) do update set certification = excluded.certification
    where have.certification <> excluded.certification
  returning have.movie_id)
select movie_id from removed union select movie_id from written
"""
_SET_TRANSLATIONS = """
insert into movie_translations as have (movie_id, locale, source, title, overview, tagline, trailer_url)
select distinct on (t.movie_id, x.locale) t.movie_id, x.locale, %(source)s, x.title, x.overview, x.tagline, x.trailer_url
  from told_movies t cross join lateral jsonb_to_recordset(t.facts->'translations')
    as x (locale text, title text, overview text, tagline text, trailer_url text)
 where coalesce(x.title, x.overview, x.tagline, x.trailer_url) is not null
on conflict (movie_id, locale, source) do update set
  title = coalesce(excluded.title, have.title), overview = coalesce(excluded.overview, have.overview),
  tagline = coalesce(excluded.tagline, have.tagline),
  trailer_url = coalesce(excluded.trailer_url, have.trailer_url)
where (have.title, have.overview, have.tagline, have.trailer_url) is distinct from (
  coalesce(excluded.title, have.title), coalesce(excluded.overview, have.overview),
  coalesce(excluded.tagline, have.tagline), coalesce(excluded.trailer_url, have.trailer_url))
returning have.movie_id
"""
_SET_RATINGS = """
with written as (
  insert into movie_external_ratings as have (movie_id, source, value, scale, votes, observed_at)
  select distinct on (t.movie_id, r.source) t.movie_id, r.source, r.value, r.scale, r.votes, now()
    from told_movies t cross join lateral jsonb_to_recordset(t.facts->'ratings')
      as r (source text, value numeric(6, 2), scale numeric(6, 2), votes integer)
  on conflict (movie_id, source) do update set
    value = excluded.value, scale = excluded.scale, votes = excluded.votes, observed_at = excluded.observed_at
    where (have.value, have.scale, have.votes) is distinct from (excluded.value, excluded.scale, excluded.votes)
  returning have.movie_id)
select movie_id from written
"""
_RANK_RATINGS = """
with best as (
  select distinct on (movie_id) movie_id, round(value * 10 / scale, 1) as rating, votes
    from movie_external_ratings where movie_id = any (%(movies)s)
   order by movie_id, votes desc, source)
update movies m set rating = b.rating, vote_count = b.votes
from best b where b.movie_id = m.id and (m.rating, m.vote_count) is distinct from (b.rating, b.votes)
"""


def merge_lists(cursor: psycopg.Cursor[Any], source: str) -> set[UUID]:
    """Write the lists of told_movies, those of `lists` only where one source alone may say them; return whose changed."""
    cursor.execute(_CREDITS)
    for statement in (*_FIND_PEOPLE, _ADD_PEOPLE, *_FIND_PEOPLE):
        cursor.execute(statement)
    changed = set(cursor.execute(_SET_CREDITS))
    changed |= set(cursor.execute(_NAME_DIRECTORS))
    changed |= set(cursor.execute(_SET_CERTIFICATIONS))
    changed |= set(cursor.execute(_SET_TRANSLATIONS, {"source": source}))
    rated = set(cursor.execute(_SET_RATINGS))
    cursor.execute(_RANK_RATINGS, {"movies": list(rated)})
    cursor.execute("drop table told_credits")
    return changed | rated
