"""Which movie of the catalogue an export means: by IMDb id, by TMDb id, else by title and year."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

import psycopg

from catalog.movies import load_movies
from catalog.rows import MovieRow
from imports.told import Film

Conn = psycopg.Connection[tuple[Any, ...]]

CANDIDATES = 10
"""Movies that are named where several may be meant."""

_TOLD = """
told as (
  select * from unnest(%(numbers)s::integer[], %(imdb_ids)s::text[], %(tmdb_ids)s::integer[], %(titles)s::text[],
                       %(years)s::integer[]) as film (n, imdb_id, tmdb_id, title, year)
)"""
# A movie that has the TMDb id but another IMDb id is another movie.
_BY_ID = f"""
with {_TOLD}
select told.n, coalesce(by_imdb.id, by_tmdb.id)
  from told
  left join movies by_imdb on by_imdb.imdb_id = told.imdb_id
  left join movies by_tmdb on by_tmdb.tmdb_id = told.tmdb_id
                          and (by_tmdb.imdb_id is null or told.imdb_id is null or by_tmdb.imdb_id = told.imdb_id)
 where coalesce(by_imdb.id, by_tmdb.id) is not null"""
# Services date a movie by its first showing or by its release, so a year more or less is the same movie.
_BY_TITLE = f"""
with {_TOLD}
select told.n, found.id, found.is_exact
  from told cross join lateral (
    select m.id, m.release_year is not distinct from told.year as is_exact
      from movies m
     where m.id in (select id from movies where title_key(title) = title_key(told.title)
                    union select id from movies where title_key(original_title) = title_key(told.title))
       and m.merged_into is null
       and (told.year is null or m.release_year between told.year - 1 and told.year + 1)
       and (m.imdb_id is null or told.imdb_id is null)
       and (m.tmdb_id is null or told.tmdb_id is null)
     order by is_exact desc, m.release_year, m.id limit {CANDIDATES}) as found
 order by told.n, found.is_exact desc"""


@dataclass(frozen=True, slots=True)
class Match:
    """The movie that is meant, or the `candidates` where several may be; nothing where there is none."""

    movie_id: UUID | None = None
    candidates: tuple[UUID, ...] = ()


def match(conn: Conn, films: Sequence[Film]) -> list[Match]:
    """Return the match of each movie, in their order."""
    found: dict[int, Match] = {}
    for number, movie_id in conn.execute(_BY_ID, _told(films, range(len(films)))):
        found[number] = Match(movie_id)
    left = [number for number in range(len(films)) if number not in found]
    rows = conn.execute(_BY_TITLE, _told(films, left)).fetchall()
    for number, group in groupby(rows, key=lambda row: row[0]):
        found[number] = _settled([(movie_id, is_exact) for _, movie_id, is_exact in group])
    return [found.get(number, Match()) for number in range(len(films))]


def _told(films: Sequence[Film], numbers: Sequence[int]) -> dict[str, Any]:
    chosen = [films[number] for number in numbers]
    return {
        "numbers": list(numbers),
        "imdb_ids": [film.imdb_id for film in chosen],
        "tmdb_ids": [film.tmdb_id for film in chosen],
        "titles": [film.title for film in chosen],
        "years": [film.year for film in chosen],
    }


def _settled(rows: list[tuple[UUID, bool]]) -> Match:
    """Movies of the very year go before those of the year before and after."""
    exact = [movie_id for movie_id, is_exact in rows if is_exact]
    meant = exact or [movie_id for movie_id, _ in rows]
    return Match(meant[0]) if len(meant) == 1 else Match(candidates=tuple(meant))


def add_stubs(conn: Conn, films: Sequence[Film]) -> None:
    """Make stubs of movies that the catalogue lacks: what others see is nothing that a stranger wrote.

    `conn` is in no transaction.
    """
    by_source: tuple[tuple[str, Callable[[Film], str | None]], ...] = (
        ("imdb", lambda film: film.imdb_id),
        ("tmdb", lambda film: None if film.imdb_id or not film.tmdb_id else str(film.tmdb_id)),
    )
    for source, id_of in by_source:
        rows: dict[str, MovieRow] = {}
        for film in films:
            if key := id_of(film):
                rows[key] = MovieRow(key, "", imdb_id=film.imdb_id, tmdb_id=film.tmdb_id)
        load_movies(conn, source, rows.values(), lambda _: None)
