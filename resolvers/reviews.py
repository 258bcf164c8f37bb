"""What people write about movies."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from database.ids import uuid7
from events.errors import Rejected
from events.pair import Audience
from events.reviews import delete_review, write_review
from events.texts import Text, TextKind, written
from resolvers.context import Context
from resolvers.ids import text, uuid_of
from resolvers.interactions import Input, Payload, half_stars_of, record, refused

_movie = uuid_of("Movie")
_PRIVACY = "select privacy from users where id = %s"


async def write(context: Context, given: Input) -> Payload:
    """Write a review of a movie, or change what is given of it."""
    viewer = context.require_viewer()
    texts: list[Text] = []
    changes: dict[str, Any] = {}
    try:
        if given.get("text") is not None:
            texts.append(written(viewer.id, TextKind.REVIEW, text(given["text"]), path="text"))
            changes["text_id"] = texts[0].id
        if given.get("hasSpoilers") is not None:
            changes["has_spoilers"] = given["hasSpoilers"]
        if given.get("audience") is not None:
            changes["audience"] = Audience(given["audience"])
        if "stars" in given:
            changes["half_stars"] = None if given["stars"] is None else half_stars_of(given["stars"])
    except Rejected as rejection:
        return refused(rejection, movie=_movie(given["movieId"]))
    review_id = uuid7()
    audience = changes.get("audience") or await _usual(context, viewer.id)
    return await record(
        context,
        "write_review",
        given,
        lambda pair: write_review(pair, review_id, changes, audience),
        texts=texts,
    )


async def _usual(context: Context, user_id: UUID) -> Audience:
    """Return to whom a person shows what they do."""
    async with context.acting() as conn:
        (privacy,) = await (await conn.execute(_PRIVACY, (user_id,))).fetchone() or (Audience.PRIVATE,)
    return Audience(privacy)


async def delete(context: Context, given: Input) -> Payload:
    """Take a review back."""
    return await record(context, "delete_review", given, delete_review)
