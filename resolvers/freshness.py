"""What people ask for of movies from outside services: a new copy, or a movie by its id elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

import psycopg

from catalog.refreshes import asking, asking_again
from catalog.stubs import IMDB_ID, minting_imdb, minting_tmdb
from events.errors import Rejected
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.ids import imdb_id, uuid_of
from resolvers.interactions import Payload, UnknownMovie, refused, require_movie

_movie_uuid = uuid_of("Movie")


class CannotRefresh(Rejected):
    """Nothing is fetched for this movie: it has no id of TMDb or IMDb, or this server fetches nothing."""

    code: ClassVar[str] = "CANNOT_REFRESH"
    path = ("movieId",)


async def refresh(context: Context, given: Mapping[str, Any]) -> Payload:
    """Queue a movie, however new its copy is. Raises Unauthenticated, BadId, TooManyAttempts."""
    viewer = context.require_viewer()
    movie_id = UUID(_movie_uuid(given["movieId"]))
    try:
        movie_id = await require_movie(context, movie_id)
        if context.services.asked_movies is None:
            raise CannotRefresh
        await context.services.attempts.refresh_movie(viewer.key)
        async with context.services.system.connection() as conn:
            (expire, ask), values = asking_again(movie_id)
            if not await _has_ids(conn, movie_id):
                raise CannotRefresh
            await conn.execute(expire, values)
            await conn.execute(ask, values)
    except Rejected as rejection:
        return refused(rejection, movie=None if isinstance(rejection, UnknownMovie) else str(movie_id))
    return {"errors": "[]", "movie": str(movie_id)}


async def _has_ids(conn: psycopg.AsyncConnection[Any], movie_id: UUID) -> bool:
    query = "select coalesce(tmdb_id::text, imdb_id) is not null from movies where id = %s"
    (found,) = await (await conn.execute(query, (movie_id,))).fetchone() or (False,)
    return bool(found)


async def add(context: Context, given: Mapping[str, Any]) -> Payload:
    """Return the movie with an id of others, made if nobody used the id before. Raises Unauthenticated, BadInput."""
    viewer = context.require_viewer()
    statement, values = _minting(given)
    await context.services.attempts.refresh_movie(viewer.key)
    async with context.services.system.connection() as conn:
        found = None
        while found is None:
            _, found = await (await conn.execute(statement, values)).fetchone() or (None, None)
        if context.services.asked_movies is not None:
            await conn.execute(*asking({"ids": [str(found)]}))
    return {"errors": "[]", "movie": str(found)}


def _minting(given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    tmdb_id, imdb = given.get("tmdbId"), given.get("imdbId")
    if tmdb_id is not None:
        if tmdb_id < 1:
            raise BadInput("An id of TMDb is a whole number above 0.")
        return minting_tmdb([tmdb_id])
    key = imdb_id(imdb)
    if not IMDB_ID.match(key):
        raise BadInput("An id of IMDb is like tt0137523.")
    return minting_imdb([key])
