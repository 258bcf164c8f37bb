"""Writes movies into the catalogue: once each, whatever number of sources name them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import scalar_row

from catalog.facts import facts_of, merge_facts
from catalog.lists import merge_lists
from catalog.rows import BadRow, MovieRow, printable
from catalog.soundness import fault_of
from database.ids import uuid7

_CHUNK = 5_000
_ALIASES = {"Children's": "Children"}
_NOT_IN_SLUG = re.compile(r"[\W_]+")

_TELL = """
create temp table told_movies (
  number integer primary key,
  external_id text not null,
  imdb_id text,
  tmdb_id integer,
  genres text[] not null,
  facts jsonb not null,
  new_id uuid not null,
  movie_id uuid,
  free_imdb_id text,
  free_tmdb_id integer,
  is_alone boolean,
  is_once boolean,
  lists text[]
) on commit drop
"""
_COPY = "copy told_movies (number, external_id, imdb_id, tmdb_id, genres, facts, new_id) from stdin"
# Whoever else adds a movie waits until this chunk is committed: two writers cannot make the same film twice.
_LOCK = "lock table movies in share row exclusive mode"
# Which movie a row means: the source's own id says it first, then the IMDb id, then the TMDb id unless the
# IMDb ids differ. An id that belongs to another movie is not free; it stays where it is.
_FIND = """
with found as (
  select t.number, coalesce(x.movie_id, by_imdb.id,
      case when t.imdb_id is null or by_tmdb.imdb_id is null then by_tmdb.id end, t.new_id) as movie_id,
    by_imdb.id as imdb_movie_id, by_tmdb.id as tmdb_movie_id
  from told_movies t
  left join movie_external_ids x on x.source = %(source)s and x.external_id = t.external_id
  left join movies by_imdb on by_imdb.imdb_id = t.imdb_id
  left join movies by_tmdb on by_tmdb.tmdb_id = t.tmdb_id)
update told_movies t set
  movie_id = f.movie_id,
  free_imdb_id = case when coalesce(f.imdb_movie_id = f.movie_id, true) then t.imdb_id end,
  free_tmdb_id = case when coalesce(f.tmdb_movie_id = f.movie_id, true) then t.tmdb_id end,
  is_alone = not exists (
    select from movie_external_ids x
    where x.movie_id = f.movie_id and (x.source, x.external_id) <> (%(source)s, t.external_id)),
  is_once = not exists (
    select from movie_external_ids x
    where x.movie_id = f.movie_id and x.source = %(source)s and x.external_id <> t.external_id)
from found f where f.number = t.number
"""
# Rows of one chunk that may be the same film are taken one after the other.
_POSTPONE = """
with ranked as (
  select number, imdb_id, tmdb_id,
    row_number() over (partition by movie_id order by number) as by_movie,
    row_number() over (partition by imdb_id order by number) as by_imdb,
    row_number() over (partition by tmdb_id order by number) as by_tmdb
  from told_movies)
delete from told_movies t using ranked r
where r.number = t.number
  and (r.by_movie > 1 or r.imdb_id is not null and r.by_imdb > 1 or r.tmdb_id is not null and r.by_tmdb > 1)
returning t.number
"""
_ADD_EXTERNAL_IDS = """
insert into movie_external_ids (source, external_id, movie_id)
select %(source)s, external_id, movie_id from told_movies
on conflict (source, external_id) do nothing
returning movie_id
"""
_ADD_GENRES = """
insert into genres (id, name, slug)
select n.id, n.name, n.slug
from unnest(%(ids)s::uuid[], %(names)s::text[], %(slugs)s::text[]) as n (id, name, slug)
where not exists (select from genres g where g.slug = n.slug)
on conflict do nothing
"""
_SET_GENRES = """
with wanted as (
  select t.movie_id, g.id as genre_id, n.rank::smallint as rank
  from told_movies t
  cross join unnest(t.genres) with ordinality as n (slug, rank)
  join genres g on g.slug = n.slug
  where 'genres' = any (t.lists)),
removed as (
  delete from movie_genres have
  where have.movie_id in (select movie_id from wanted)
    and not exists (select from wanted w where (w.movie_id, w.genre_id) = (have.movie_id, have.genre_id))
  returning have.movie_id),
written as (
  insert into movie_genres as have (movie_id, genre_id, rank) select movie_id, genre_id, rank from wanted
  on conflict (movie_id, genre_id) do update set rank = excluded.rank where have.rank <> excluded.rank
  returning have.movie_id)
select movie_id from removed union select movie_id from written
"""
_DISPUTES = """
select t.number, case when t.imdb_id <> m.imdb_id or m.imdb_id is null then t.imdb_id end, m.imdb_id,
  case when t.tmdb_id <> m.tmdb_id or m.tmdb_id is null then t.tmdb_id end, m.tmdb_id
from told_movies t join movies m on m.id = t.movie_id
where t.imdb_id is distinct from m.imdb_id and t.imdb_id is not null
  or t.tmdb_id is distinct from m.tmdb_id and t.tmdb_id is not null
order by t.number
"""
_MOVIE_IDS = "select external_id, movie_id from movie_external_ids where source = %(source)s"


@dataclass(frozen=True, slots=True)
class LoadedMovies:
    """How many rows made a movie, changed one, changed nothing; `bad` holds what was passed over.

    A row whose IMDb or TMDb id is not its movie's is loaded without that id and stands in `bad` too.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: tuple[BadRow, ...] = ()


@dataclass(slots=True)
class _Chunk:
    """What one transaction did; `postponed` are rows for the next one."""

    created: int
    updated: int
    postponed: list[MovieRow]
    disputed: list[BadRow]


def load_movies(
    conn: psycopg.Connection,
    source: str,
    rows: Iterable[MovieRow | BadRow],
    on_progress: Callable[[int], None],
    on_line: Callable[[int], None] = lambda _: None,
) -> LoadedMovies:
    """Creates, completes and corrects movies, one transaction a chunk; the same rows again change nothing.

    Nothing is ever replaced by null; what a source said, only that source corrects. `on_progress` gets the number of rows
    done since the last call, after each commit; `on_line`, within the transaction, a line up to which all is done.
    """
    bad: list[BadRow] = []
    good = _good(rows, bad)
    created = updated = unchanged = reported = 0
    postponed: list[MovieRow] = []
    while chunk := postponed + list(islice(good, _CHUNK - len(postponed))):
        with conn.transaction():
            done = _load_chunk(conn, source, chunk)
            if not done.postponed:
                on_line(chunk[-1].line)
        postponed = done.postponed
        loaded = len(chunk) - len(postponed)
        created += done.created
        updated += done.updated
        unchanged += loaded - done.created - done.updated
        on_progress(loaded + len(bad) - reported)
        bad += done.disputed
        reported = len(bad)
    if len(bad) > reported:
        on_progress(len(bad) - reported)
    return LoadedMovies(created, updated, unchanged, tuple(bad))


def movie_ids(conn: psycopg.Connection, source: str) -> dict[str, UUID]:
    """Our id of each movie by the source's own id."""
    with conn.cursor() as cursor:
        return dict(cursor.execute(_MOVIE_IDS, {"source": source}))


def genre_name(word: str) -> str:
    """One name for a genre that releases spell differently."""
    return _ALIASES.get(word, word)


def genre_slug(name: str) -> str:
    """ "Film-Noir" as "film-noir"."""
    return _NOT_IN_SLUG.sub("-", name.lower()).strip("-")


def _good(rows: Iterable[MovieRow | BadRow], bad: list[BadRow]) -> Iterator[MovieRow]:
    """The rows that can be loaded; the others, and those that repeat an id, go to `bad`."""
    lines: dict[str, int] = {}
    for row in rows:
        if isinstance(row, BadRow):
            bad.append(row)
        elif fault := fault_of(row):
            bad.append(_bad(row, fault))
        elif row.external_id in lines:
            bad.append(_bad(row, f"the movie id stands in line {lines[row.external_id]} already"))
        else:
            lines[row.external_id] = row.line
            yield row


def _load_chunk(conn: psycopg.Connection, source: str, rows: list[MovieRow]) -> _Chunk:
    with conn.cursor(row_factory=scalar_row) as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_TELL)
        _tell(cursor, rows)
        cursor.execute(_FIND, {"source": source})
        later = set(cursor.execute(_POSTPONE))
        created, changed = merge_facts(cursor, source)
        changed |= set(cursor.execute(_ADD_EXTERNAL_IDS, {"source": source}))
        changed |= set(cursor.execute(_SET_GENRES))
        changed |= merge_lists(cursor, source)
    postponed = [rows[number] for number in sorted(later)]
    return _Chunk(len(created), len(changed - created), postponed, _disputes(conn, rows))


def _tell(cursor: psycopg.Cursor[object], rows: list[MovieRow]) -> None:
    """Fills told_movies and adds the genres that are new."""
    names: dict[str, str] = {}
    with cursor.copy(_COPY) as copy:
        for number, row in enumerate(rows):
            genres = {genre_slug(name): name for name in map(genre_name, row.genres)}
            for slug, name in genres.items():
                names.setdefault(slug, name)
            facts = orjson.dumps(facts_of(row)).decode()
            copy.write_row((number, row.external_id, row.imdb_id, row.tmdb_id, list(genres), facts, uuid7()))
    ids = [uuid7() for _ in names]
    cursor.execute(_ADD_GENRES, {"ids": ids, "names": list(names.values()), "slugs": list(names)})


def _disputes(conn: psycopg.Connection, rows: list[MovieRow]) -> list[BadRow]:
    """An id that a row gave and its movie did not get."""
    bad = []
    for number, imdb_id, has_imdb_id, tmdb_id, has_tmdb_id in conn.execute(_DISPUTES):
        for what, told, has in (("IMDb", imdb_id, has_imdb_id), ("TMDb", tmdb_id, has_tmdb_id)):
            if told and has:
                bad.append(_bad(rows[number], f"{what} id {told} left out: the movie is known as {has}"))
            elif told:
                bad.append(_bad(rows[number], f"{what} id {told} left out: it belongs to another movie"))
    return bad


def _bad(row: MovieRow, reason: str) -> BadRow:
    return BadRow(row.file, row.line, reason, printable(f"{row.external_id} {row.title}"))
