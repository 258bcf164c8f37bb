"""Viewings in a person's diary: put on another day, or taken out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from database.ids import uuid7
from events.pair import Pair, PairEvent
from events.viewing import FIRST_FILM, NoViewing, change_viewing, retract_watch
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.ids import integer, uuid_of
from resolvers.interactions import Input, Payload, latest_day, record, refused

_OWN = "select movie_id, watched_on from diary where user_id = %s and viewing_id = %s and is_active"
_viewing = uuid_of("Viewing")

Decide = Callable[[Pair, date, UUID], Sequence[PairEvent]]


async def change(context: Context, given: Input) -> Payload:
    """Put a viewing on another day."""
    day, latest, new_id = given["watchedOn"], latest_day(), uuid7()

    def decide(pair: Pair, watched_on: date, viewing_id: UUID) -> Sequence[PairEvent]:
        return change_viewing(pair, watched_on, viewing_id, day, latest, new_id)

    return await _record(context, "change_viewing", given, decide)


async def delete(context: Context, given: Input) -> Payload:
    """Take a viewing out."""
    return await _record(context, "delete_viewing", given, retract_watch)


async def _record(context: Context, name: str, given: Input, decide: Decide) -> Payload:
    viewer = context.require_viewer()
    viewing_id = UUID(_viewing(given["viewingId"]))
    async with context.acting() as conn:
        own = await (await conn.execute(_OWN, (viewer.id, viewing_id))).fetchone()
    if own is None:
        return refused(NoViewing())
    movie_id, watched_on = own
    return await record(
        context, name, given, lambda pair: decide(pair, watched_on, viewing_id), movie_id=movie_id
    )


def year(value: Any) -> str:
    """Return a year in which there was a film to see. Raises BadInput."""
    if not FIRST_FILM.year <= value < date.max.year:
        raise BadInput(f"A year is a number from {FIRST_FILM.year} to {date.max.year - 1}.")
    return integer(value)


def month(value: Any) -> str:
    """Return the number of a month. Raises BadInput."""
    if not 1 <= value <= 12:
        raise BadInput("A month is a number from 1 to 12.")
    return integer(value)
