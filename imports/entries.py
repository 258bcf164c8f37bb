"""The entries of an import: what is left to take, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg

from catalog.refreshes import asking
from database.acting import act_for
from events.pair import Reaction
from imports.deciding import Outcome
from imports.matching import add_stubs, match
from imports.told import Film, Kind, Told

Conn = psycopg.Connection[tuple[Any, ...]]

_NEXT = """
select number, movie_id, kind, title, release_year, imdb_id, tmdb_id, said_at, key, half_stars, scale, reaction, watched_on
  from import_entries where import_id = %(import_id)s and number > %(done)s order by number limit %(limit)s"""
_TELL = """
update import_entries e set outcome = told.outcome, is_recorded = told.is_recorded
  from unnest(%(numbers)s::integer[], %(outcomes)s::text[], %(recorded)s::boolean[])
       as told (number, outcome, is_recorded)
 where e.import_id = %(import_id)s and e.number = told.number"""
_TO_MAKE = """
select distinct title, release_year, imdb_id, tmdb_id from import_entries
 where import_id = %s and movie_id is null and outcome = 'NEW'"""
_MADE = """
update import_entries e set movie_id = made.movie_id
  from unnest(%(imdb_ids)s::text[], %(tmdb_ids)s::integer[], %(movie_ids)s::uuid[]) as made (imdb_id, tmdb_id, movie_id)
 where e.import_id = %(import_id)s and e.movie_id is null and e.outcome = 'NEW'
   and concat_ws(' ', e.imdb_id, e.tmdb_id) = concat_ws(' ', made.imdb_id, made.tmdb_id)"""
_RECORDED = """
select distinct movie_id from import_entries
 where import_id = %s and is_recorded and movie_id is not null limit %s"""
_FORGET = "update import_entries set is_recorded = false where import_id = %s and movie_id = any (%s)"
_COUNTS = """
select kind, outcome, count(*) from import_entries where import_id = %s group by kind, outcome order by kind, outcome"""


def counts(conn: Conn, import_id: UUID) -> list[tuple[str, str, int]]:
    """Return how many entries there are of each kind and outcome."""
    return [(kind, outcome, count) for kind, outcome, count in conn.execute(_COUNTS, (import_id,))]


def next_entries(conn: Conn, import_id: UUID, done: int, limit: int) -> list[tuple[int, UUID | None, Told]]:
    """Return the number, movie and words of each entry above `done`."""
    rows = conn.execute(_NEXT, {"import_id": import_id, "done": done, "limit": limit}).fetchall()
    return [(number, movie_id, _told(rest)) for number, movie_id, *rest in rows]


def _told(row: Sequence[Any]) -> Told:
    kind, title, year, imdb_id, tmdb_id, at, key, half_stars, scale, reaction, watched_on = row
    return Told(
        kind=Kind(kind),
        film=Film(title, year, imdb_id, tmdb_id),
        at=at,
        key=key,
        half_stars=half_stars,
        scale=scale,
        reaction=Reaction(reaction) if reaction else None,
        watched_on=watched_on,
    )


def tell(conn: Conn, import_id: UUID, became: Sequence[tuple[int, Outcome, bool]]) -> None:
    """Keep what became of entries: the number, the outcome, whether it counts as imported from now on."""
    numbers, outcomes, recorded = ([each[i] for each in became] for i in range(3))
    conn.execute(
        _TELL, {"import_id": import_id, "numbers": numbers, "outcomes": outcomes, "recorded": recorded}
    )


def make_movies(conn: Conn, user_id: UUID, import_id: UUID) -> None:
    """Make the movies that a person's entries name by ids that the catalogue lacks, and have them fetched.

    `conn` is in no transaction.
    """
    with conn.transaction():
        act_for(conn, user_id)
        films = [Film(*row) for row in conn.execute(_TO_MAKE, (import_id,)).fetchall()]
    if not films:
        return
    add_stubs(conn, films)
    made = [(film, found.movie_id) for film, found in zip(films, match(conn, films), strict=True)]
    known = [(film, movie_id) for film, movie_id in made if movie_id]
    conn.execute(*asking({"ids": [str(movie_id) for _, movie_id in known]}))
    values = {
        "import_id": import_id,
        "imdb_ids": [film.imdb_id for film, _ in known],
        "tmdb_ids": [film.tmdb_id for film, _ in known],
        "movie_ids": [movie_id for _, movie_id in known],
    }
    with conn.transaction():
        act_for(conn, user_id)
        conn.execute(_MADE, values)


def recorded_movies(conn: Conn, import_id: UUID, limit: int) -> list[UUID]:
    """Return movies of which the import has recorded something that was not taken back."""
    return [movie_id for (movie_id,) in conn.execute(_RECORDED, (import_id, limit))]


def forget(conn: Conn, import_id: UUID, movie_ids: Sequence[UUID]) -> None:
    """Keep that nothing of these movies counts as imported any more."""
    conn.execute(_FORGET, (import_id, list(movie_ids)))
