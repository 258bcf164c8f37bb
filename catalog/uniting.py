"""Two movies that turn out to be one: the ids of others go to the one that stays, which the other leads to from then on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg

from catalog.rows import MovieRow

Conn = psycopg.Connection[Any]
Record = Callable[[Conn, UUID, UUID], None]
"""Given the movie that goes and the one that stays, lets everybody else know, in the same transaction."""

# who is known by a title stays, of two alike the older
_BOTH = """
select m.id from movies m
 where m.tmdb_id = %(tmdb_id)s and (m.imdb_id is null or m.imdb_id = %(imdb_id)s)
    or m.imdb_id = %(imdb_id)s and (m.tmdb_id is null or m.tmdb_id = %(tmdb_id)s)
 order by m.title = '', m.database_id for update"""
_LOCK = "select id, tmdb_id, imdb_id, merged_into from movies where id = any (%s) order by id for update"
_LET_GO = """
update movies set tmdb_id = null, imdb_id = null, merged_into = %(kept)s, updated_at = now() where id = %(gone)s"""
_TAKE = """
update movies set tmdb_id = coalesce(tmdb_id, %(tmdb_id)s), imdb_id = coalesce(imdb_id, %(imdb_id)s), updated_at = now()
 where id = %(kept)s"""
_MOVE = (
    "update movies set merged_into = %(kept)s where merged_into = %(gone)s",
    "update movie_external_ids set movie_id = %(kept)s where movie_id = %(gone)s",
    "delete from movie_refreshes where movie_id = %(gone)s",
    # nobody asks for it again, but its time ends as that of other copies
    "update movie_copies set stale_at = 'infinity', retry_at = null where movie_id = %(gone)s",
)


class CannotMerge(Exception):
    """These are not two movies that can be one; the message says why."""


def unite(conn: Conn, row: MovieRow, record: Record) -> bool:
    """Make one movie of two that have the ids of this one between them; return whether there were two."""
    if row.tmdb_id is None or row.imdb_id is None:
        return False
    with conn.transaction():
        both = conn.execute(_BOTH, {"tmdb_id": row.tmdb_id, "imdb_id": row.imdb_id}).fetchall()
        if len(both) != 2:
            return False
        (kept,), (gone,) = both
        merge(conn, gone, kept, record)
    return True


def merge(conn: Conn, gone: UUID, kept: UUID, record: Record) -> None:
    """Let one movie be another. Raises CannotMerge where each has an id of its own at the same service."""
    with conn.transaction():
        found = {row[0]: row[1:] for row in conn.execute(_LOCK, ([gone, kept],))}
        if len(found) != 2:
            raise CannotMerge("There are no two movies with these ids.")
        (tmdb_id, imdb_id, gone_before), (other_tmdb_id, other_imdb_id, kept_before) = (
            found[gone],
            found[kept],
        )
        if gone_before or kept_before:
            raise CannotMerge("One of them was merged already; name the movie that it became.")
        if (tmdb_id and other_tmdb_id) or (imdb_id and other_imdb_id):
            raise CannotMerge("Each has an id of its own at TMDb, or at IMDb: there they are two movies.")
        given = {"gone": gone, "kept": kept, "tmdb_id": tmdb_id, "imdb_id": imdb_id}
        for statement in (_LET_GO, _TAKE, *_MOVE):
            conn.execute(statement, given)
        record(conn, gone, kept)
