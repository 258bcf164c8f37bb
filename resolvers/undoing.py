"""Taking actions back: about a movie as its pair's log allows, about people and lists where nothing came after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import decode
from events.follows import FollowEvent
from events.list_items import ListItemEvent, NotInList
from events.lists import UnknownList
from events.log import Recorded
from events.pair import Pair, PairEvent
from events.undo import CannotUndo, undo, undo_in_list
from events.watchlist import OnRate, unless_kept
from events.window import Command, Decide, ListCommand
from projections.list_states import list_state, reading
from resolvers import follows
from resolvers.context import Context
from resolvers.ids import position_of
from resolvers.interactions import (
    Input,
    Payload,
    decided,
    idempotency_key_of,
    refused,
    request_of,
    source_of,
)


class MovieMerged(Rejected):
    """This movie turned out to be another one, which has what you said of it. Change it there."""

    code: ClassVar[str] = "MOVIE_MERGED"
    path = ("eventId",)


class UnknownEvent(Rejected):
    """There is no such action of yours."""

    code: ClassVar[str] = "UNKNOWN_EVENT"
    path = ("eventId",)


_OWN = """
select h.movie_id, h.event_id, e.type, e.schema_version, e.data
  from history h join events e using (position) where h.position = %s and h.user_id = %s"""


async def take_back(context: Context, given: Input) -> Payload:
    """Undo an action of one's own by appending what compensates for it."""
    viewer = context.require_viewer()
    position = int(position_of(given["eventId"]))
    async with context.acting() as conn:
        own = await (await conn.execute(_OWN, (position, viewer.id))).fetchone()
    if own is None:
        return refused(UnknownEvent())
    movie_id, event_id, name, version, data = own
    if movie_id is None:
        fact = decode(name, version, viewer.id, None, data)
        if isinstance(fact, FollowEvent):
            return await follows.take_back(context, given, fact, position)
        if isinstance(fact, ListItemEvent) and await _is_merged(context, fact.listed_id):
            return refused(MovieMerged(), movie=str(fact.listed_id))
        if isinstance(fact, ListItemEvent):
            return await _in_list(context, given, fact, event_id, position)
        return refused(CannotUndo())
    if await _is_merged(context, movie_id):
        return refused(MovieMerged(), movie=str(movie_id))
    command = Command(
        user_id=viewer.id,
        movie_id=movie_id,
        decide=_undo(event_id, context.services.on_rate),
        source=source_of(given),
        causation_id=event_id,
        idempotency_key=idempotency_key_of(given),
        request=request_of("undo", given),
    )
    try:
        return decided(await context.services.handler.handle(command), movie_id)
    except Rejected as rejection:
        return refused(rejection, movie=str(movie_id))


async def _is_merged(context: Context, movie_id: UUID) -> bool:
    return await context.services.known_movies.standing(movie_id) not in (movie_id, None)


_BEFORE = """
select movie_id from list_items where list_id = %s and is_active and rank < %s order by rank desc limit 1"""


async def _in_list(
    context: Context, given: Input, fact: ListItemEvent, event_id: UUID, position: int
) -> Payload:
    async with context.acting() as conn:
        found = await (await conn.execute(_BEFORE, (fact.list_id, fact.rank))).fetchone()
    viewer, after = context.require_viewer().id, found[0] if found else None
    command = ListCommand(
        user_id=viewer,
        list_id=fact.list_id,
        reads=reading(viewer, fact.list_id, movie_id=fact.listed_id, anchor_id=after),
        decide=lambda rows: undo_in_list(list_state(viewer, fact.list_id, rows), fact, position, after),
        source=source_of(given),
        causation_id=event_id,
        idempotency_key=idempotency_key_of(given),
        request=request_of("undo", given),
    )
    try:
        return decided(await context.services.handler.handle(command), fact.listed_id)
    except (NotInList, UnknownList):  # the list is gone, or what stood before it is, at this moment
        return refused(CannotUndo(), movie=str(fact.listed_id))
    except Rejected as rejection:
        return refused(rejection, movie=str(fact.listed_id))


def _undo(event_id: UUID, on_rate: OnRate) -> Decide:
    def decide(pair: Pair, history: Sequence[Recorded]) -> Sequence[PairEvent]:
        original = next((event for event in history if event.event_id == event_id), None)
        if original is None:
            raise CannotUndo
        caused = [event for event in history if event.causation_id == event_id]
        # an undo names the event as its cause, too, but in a command of its own
        if any(event.correlation_id != original.correlation_id for event in caused):
            raise CannotUndo
        later = [event for event in history if event.position > original.position and event not in caused]
        facts = [original.fact, *(event.fact for event in caused)]
        return unless_kept(undo(pair, facts, [event.fact for event in later]), on_rate)

    return decide
