"""The queue of movies to be fetched: what people ask for comes first, and one process at a time works on a movie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import psycopg

Conn = psycopg.Connection[Any]
Mode = Literal["reference", "cache", "catalogue"]

CLAIMED_S = 300
"""For how long one process has a movie to itself; if it dies, another takes it over then."""

_ASK = """
insert into movie_refreshes (movie_id)
select m.id from movies m left join movie_copies c on c.movie_id = m.id and c.source = 'tmdb'
 where (m.id = any (%(ids)s::uuid[]) or m.tmdb_id = any (%(tmdb_ids)s::integer[]) or m.imdb_id = any (%(imdb_ids)s::text[])
    or m.database_id = any (%(numbers)s::integer[]))
   and (m.tmdb_id is not null or m.imdb_id is not null)
   and (c.movie_id is null or c.due_at <= now())
on conflict do nothing"""
_ASK_AGAIN = """
insert into movie_refreshes (movie_id) select id from movies
 where id = %(id)s and (tmdb_id is not null or imdb_id is not null) on conflict do nothing"""
_EXPIRE = "update movie_copies set stale_at = least(stale_at, now()), retry_at = null where movie_id = %(id)s"
_ASK_FOR_STALE = """
insert into movie_refreshes (movie_id, asked_at)
select movie_id, 'infinity' from movie_copies where source = 'tmdb' and due_at <= now()
 order by due_at limit %(most)s on conflict do nothing"""
_ASK_FOR_NEW = """
insert into movie_refreshes (movie_id, asked_at)
select id, 'infinity' from movies m
 where (tmdb_id is not null or imdb_id is not null)
   and not exists (select from movie_copies c where c.movie_id = m.id and c.source = 'tmdb')
 order by database_id limit %(most)s on conflict do nothing"""
_ASK_FOR_UNRATED = """
insert into movie_refreshes (movie_id, asked_at)
select m.id, 'infinity' from movies m join movie_copies t on t.movie_id = m.id and t.source = 'tmdb'
  left join movie_copies o on o.movie_id = m.id and o.source = 'omdb'
 where m.imdb_id is not null and (o.movie_id is null or o.due_at <= now())
 order by o.due_at nulls first limit %(most)s on conflict do nothing"""
_CLAIM = """
update movie_refreshes set claimed_until = now() + make_interval(secs => %(claimed)s)
 where movie_id in (select movie_id from movie_refreshes where claimed_until <= now()
                     order by asked_at limit %(most)s for update skip locked)
returning movie_id"""
_DONE = "delete from movie_refreshes where movie_id = any (%s)"
_RELEASE = "update movie_refreshes set claimed_until = '-infinity' where movie_id = any (%s)"


def asking(asked: dict[str, list[str]]) -> tuple[str, dict[str, list[str]]]:
    """Return the statement and values that queue movies whose copy is stale or missing.

    They are told by any of their ids: `ids`, `tmdb_ids`, `imdb_ids`, `numbers`.
    """
    return _ASK, {name: asked.get(name, []) for name in ("ids", "tmdb_ids", "imdb_ids", "numbers")}


def asking_again(movie_id: UUID) -> tuple[tuple[str, str], dict[str, UUID]]:
    """Return the statements and their values that queue a movie however new its copy is."""
    return (_EXPIRE, _ASK_AGAIN), {"id": movie_id}


def ask_for_due(conn: Conn, mode: Mode, most: int, *, rated: bool) -> None:
    """Queue some copies that are stale, and in the mode `catalogue` movies without one; behind what people ask for.

    With `rated` also copies that lack what OMDb says.
    """
    if rated:
        conn.execute(_ASK_FOR_UNRATED, {"most": most})
    if mode == "catalogue":
        conn.execute(_ASK_FOR_NEW, {"most": most})
    conn.execute(_ASK_FOR_STALE, {"most": most})


def claim(conn: Conn, most: int) -> list[UUID]:
    """Return movies of the queue that nobody works on; for CLAIMED_S they are the caller's."""
    return [row[0] for row in conn.execute(_CLAIM, {"claimed": CLAIMED_S, "most": most})]


def done(conn: Conn, movie_ids: Sequence[UUID]) -> None:
    """Take movies out of the queue."""
    conn.execute(_DONE, (list(movie_ids),))


def release(conn: Conn, movie_ids: Sequence[UUID]) -> None:
    """Give movies of the queue back."""
    conn.execute(_RELEASE, (list(movie_ids),))
