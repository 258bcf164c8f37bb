"""Taking actions back: about a movie as its pair's log allows, about people and lists where nothing came after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import decode
from events.follows import FollowEvent
from events.list_items import ListItemEvent, ListItemMoved, ListItemRemoved
from events.lists import ListEvent, UnknownList
from events.log import Recorded
from events.pair import Pair, PairEvent
from events.undo import CannotUndo, undo, undo_in_list
from events.watchlist import OnRate, unless_kept
from events.window import Command, Decide, ListCommand
from projections.list_states import list_state, reading_at
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
    return {"list": None, **await _taken_back(context, given)}


async def _taken_back(context: Context, given: Input) -> Payload:
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
        if isinstance(fact, ListEvent):
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


async def _in_list(context: Context, given: Input, fact: ListEvent, event_id: UUID, position: int) -> Payload:
    viewer, list_id = context.require_viewer().id, fact.list_id
    movie_id = fact.listed_id if isinstance(fact, ListItemEvent) else None
    command = ListCommand(
        user_id=viewer,
        list_id=list_id,
        reads=reading_at(viewer, list_id, movie_id, _rank_before(fact)),
        decide=lambda rows: undo_in_list(list_state(viewer, list_id, rows), fact, position),
        source=source_of(given),
        causation_id=event_id,
        idempotency_key=idempotency_key_of(given),
        request=request_of("undo", given),
    )
    about = {"movie": str(movie_id) if movie_id else None, "list": str(list_id)}
    try:
        return {**decided(await context.services.handler.handle(command), movie_id), **about}
    except UnknownList:  # it is gone, or not one's to work on any more
        return refused(CannotUndo(), **about)
    except Rejected as rejection:
        return refused(rejection, **about)


def _rank_before(fact: ListEvent) -> str | None:
    """Return the rank that a movie had before the fact, where it says so."""
    match fact:
        case ListItemMoved():
            return fact.previous_rank
        case ListItemRemoved():
            return fact.rank
        case _:
            return None


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
