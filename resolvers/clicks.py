"""Clicks on what was recommended: of those alone to whom it was, or anybody could make a movie look wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from events.slates import NotRecommended, RecommendationsServed, click_recommendation
from resolvers.context import Context
from resolvers.ids import bare_uuid, uuid_of
from resolvers.interactions import Input, Payload, record, refused

_movie = uuid_of("Movie")

_WAITS_S = (0.0, 0.15, 0.3, 0.6)
"""What was shown is recorded a moment after the answer."""
_SHOWN = f"""
select exists (select from events e
                where e.user_id = %(viewer)s and e.movie_id is null and e.type = '{RecommendationsServed.type}'
                  and e.data->>'slate_id' = %(slate)s::text and e.data->'movie_ids' ?| %(movies)s::text[])
    or exists (select from user_recommendations r
                where r.user_id = %(viewer)s and r.slate_id = %(slate)s and r.movie_id = any (%(movies)s::uuid[]))"""


async def click(context: Context, given: Input) -> Payload:
    """Record that the movie was opened where it was recommended."""
    slate_id, movie_id = UUID(bare_uuid(given["slateId"])), UUID(_movie(given["movieId"]))
    standing = await context.services.known_movies.standing(movie_id)
    if standing and not await _is_shown(context, slate_id, [movie_id, standing]):
        return refused(NotRecommended(), movie=str(standing))
    return await record(context, "click", given, lambda pair: click_recommendation(pair, slate_id))


async def _is_shown(context: Context, slate_id: UUID, movies: Sequence[UUID]) -> bool:
    viewer = context.require_viewer()
    values = {"viewer": viewer.id, "slate": slate_id, "movies": list(map(str, movies))}
    for wait_s in _WAITS_S:
        await asyncio.sleep(wait_s)
        async with context.acting() as conn:
            (is_shown,) = await (await conn.execute(_SHOWN.encode(), values)).fetchone() or (False,)
        if is_shown:
            return True
    return False
