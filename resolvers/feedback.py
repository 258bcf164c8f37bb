"""What people say of having been recommended a movie."""

from __future__ import annotations

from uuid import UUID

from events.errors import Rejected
from events.feedback import give_feedback
from events.pair import Feedback
from events.texts import TextKind, written
from resolvers.context import Context
from resolvers.ids import bare_uuid, text, uuid_of
from resolvers.interactions import Input, MissingValue, Payload, record, refused

_movie = uuid_of("Movie")


async def give(context: Context, given: Input) -> Payload:
    """Say what one thinks of a recommended movie, with a comment perhaps; null takes it back."""
    viewer = context.require_viewer()
    said = given.get("type")
    slate_id = None if given.get("slateId") is None else UUID(bare_uuid(given["slateId"]))
    try:
        if "type" not in given:
            raise MissingValue(path=("type",))
        texts = (
            [written(viewer.id, TextKind.NOTE, text(given["comment"]), path="comment")]
            if said is not None and given.get("comment") is not None
            else []
        )
    except Rejected as rejection:
        return refused(rejection, movie=_movie(given["movieId"]))
    text_id = texts[0].id if texts else None
    feedback = None if said is None else Feedback(said)
    return await record(
        context,
        "give_feedback",
        given,
        lambda pair: give_feedback(pair, feedback, text_id, slate_id),
        texts=texts,
    )
