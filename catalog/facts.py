"""What is said of a movie once: who said it may correct it, others fill what is empty."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

import psycopg

from catalog.rows import MovieRow

COLUMNS = (
    *(
        "title",
        "original_title",
        "overview",
        "tagline",
        "trailer_url",
        "release_date",
        "release_year",
        "awards",
    ),
    *("runtime_minutes", "adult", "original_language", "languages", "countries", "popularity"),
    *("poster_path", "backdrop_path"),
)
"""Of the table movies, that a source may say."""
LISTS = ("genres", "directors", "cast", "certifications")
"""That are replaced as a whole, by the source that said them first."""


def _said(keys: str) -> str:
    """The SQL of an object that names the source for each of these keys."""
    return f"(select coalesce(jsonb_object_agg(k, %(source)s::text), '{{}}') from unnest({keys}) k)"


_NEW = ", ".join(f"n.{name}" for name in COLUMNS)
_HAVE = ", ".join(f"m.{name}" for name in COLUMNS)
EMPTY = """'{"title": "", "adult": false, "languages": [], "countries": [], "popularity": 0}'::jsonb"""
"""What columns that must not be null hold where nobody said anything."""

# IMDb and TMDb ids are never corrected: if they moved from film to film, the order of rows would decide.
_CREATE = f"""
insert into movies (id, tmdb_id, imdb_id, told_by, {", ".join(COLUMNS)})
select t.movie_id, t.free_tmdb_id, t.free_imdb_id,
       {_said("array(select jsonb_object_keys(t.facts))")}, {_NEW}
  from told_movies t cross join jsonb_populate_record(null::movies, {EMPTY} || t.facts) n
 where t.movie_id = t.new_id order by t.number
returning id
"""
# A source that has one film twice corrects nothing of it, or its rows would undo each other's work.
# Of a movie from before it was noted who said what, the only source that knows it may correct all.
_ALLOW = """
update told_movies t set lists = array(
  select k from jsonb_object_keys(t.facts) k
   where k = any (%(lists)s)
     and (t.movie_id = t.new_id or t.is_once and coalesce(m.told_by->>k = %(source)s, t.is_alone) or not case k
       when 'genres' then exists (select from movie_genres where movie_id = m.id)
       when 'certifications' then exists (select from movie_certifications where movie_id = m.id)
       when 'cast' then exists (select from movie_credits where movie_id = m.id and job = 'ACTOR')
       when 'directors' then exists (select from movie_credits where movie_id = m.id and job = 'DIRECTOR')
       end))
from movies m where m.id = t.movie_id
"""
# Materialized, or the record is made anew for each of its columns.
_UPDATE = f"""
with wanted as materialized (
  select m.id, t.free_tmdb_id, t.free_imdb_id, n.keys || t.lists as said, jsonb_populate_record(m, n.values) as n
    from told_movies t join movies m on m.id = t.movie_id
   cross join lateral (select to_jsonb(m) as have offset 0) h
   cross join lateral (
     select coalesce(jsonb_object_agg(k, v), '{{}}') as values, coalesce(array_agg(k), '{{}}') as keys
       from jsonb_each(t.facts) e (k, v)
      where k = any (%(columns)s) and (t.is_once and coalesce(m.told_by->>k = %(source)s, t.is_alone)
         or h.have->k in ('null', '""', '[]', '0', 'false'))) n
   where t.movie_id <> t.new_id
     and (n.values <> '{{}}' or t.free_tmdb_id is not null or t.free_imdb_id is not null or t.lists <> '{{}}'))
update movies m set
  tmdb_id = coalesce(m.tmdb_id, w.free_tmdb_id), imdb_id = coalesce(m.imdb_id, w.free_imdb_id),
  told_by = m.told_by || {_said("w.said")},
  ({", ".join(COLUMNS)}) = row({_NEW.replace("n.", "(w.n).")}), updated_at = now()
from wanted w
where w.id = m.id
  and (({_HAVE}) is distinct from ({_NEW.replace("n.", "(w.n).")})
    or m.tmdb_id is null and w.free_tmdb_id is not null or m.imdb_id is null and w.free_imdb_id is not null
    or not m.told_by @> {_said("w.said")})
returning m.id
"""


def facts_of(row: MovieRow) -> dict[str, Any]:
    """Return what a row says, by column and list; what it leaves open is not in it."""
    said: dict[str, Any] = {name: getattr(row, name, None) for name in COLUMNS}
    said["release_year"] = row.year
    for name in (*LISTS, "translations", "ratings"):
        said[name] = [each if isinstance(each, str) else asdict(each) for each in getattr(row, name)]
    return {name: value for name, value in said.items() if value not in (None, "", [], ())}


def merge_facts(cursor: psycopg.Cursor[Any], source: str) -> tuple[set[UUID], set[UUID]]:
    """Create what is new in told_movies, and complete and correct the rest; return the ids of both.

    Fills `lists` with the lists that may be replaced.
    """
    given = {"source": source, "columns": list(COLUMNS), "lists": list(LISTS)}
    created = set(cursor.execute(_CREATE, given))
    cursor.execute(_ALLOW, given)
    return created, set(cursor.execute(_UPDATE, given))
