"""Two movies that turn out to be one: the ids of a stub that nobody used go to the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg

from catalog.rows import MovieRow

Conn = psycopg.Connection[Any]
IsUsed = Callable[[Conn, UUID], bool]
"""Whether anybody said anything about a movie."""

_BOTH = """
select m.id, m.title = '' from movies m
 where m.tmdb_id = %(tmdb_id)s and (m.imdb_id is null or m.imdb_id = %(imdb_id)s)
    or m.imdb_id = %(imdb_id)s and (m.tmdb_id is null or m.tmdb_id = %(tmdb_id)s)
 order by m.database_id for update"""
_LET_GO = "update movies set tmdb_id = null, imdb_id = null, updated_at = now() where id = %(gone)s"
_TAKE = """
update movies set tmdb_id = %(tmdb_id)s, imdb_id = coalesce(imdb_id, %(imdb_id)s), updated_at = now() where id = %(kept)s"""
_MOVE = "update movie_external_ids set movie_id = %(kept)s where movie_id = %(gone)s"
_FORGET = (
    "delete from movie_copies where movie_id = %(gone)s",
    "delete from movie_refreshes where movie_id = %(gone)s",
)


def unite(conn: Conn, row: MovieRow, is_used: IsUsed) -> bool:
    """Make one movie of two that have the ids of this one between them; return whether there were two.

    Of two stubs the older stays, unless the younger alone is used. Where both are used nothing is done: what people said
    of either is not moved. The other stays as a movie without ids, since somebody may have its id.
    """
    if row.tmdb_id is None or row.imdb_id is None:
        return False
    ids = {"tmdb_id": row.tmdb_id, "imdb_id": row.imdb_id}
    with conn.transaction():
        both = conn.execute(_BOTH, ids).fetchall()
        if len(both) != 2:
            return False
        gone = next((each for each, is_stub in reversed(both) if is_stub and not is_used(conn, each)), None)
        if gone is None:
            return False
        given = ids | {"gone": gone, "kept": next(each for each, _ in both if each != gone)}
        for statement in (_LET_GO, _TAKE, _MOVE, *_FORGET):
            conn.execute(statement, given)
    return True
