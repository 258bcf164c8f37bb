"""Helpers for the Python specification of a fold: what `evolve` says a history comes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from events.facts import Event
from events.log import Recorded
from events.pair import Pair, PairEvent
from events.people import UserErased


def erased(log: Sequence[Recorded]) -> set[UUID]:
    """Return the people whom the log says to have been erased."""
    return {event.fact.user_id for event in log if isinstance(event.fact, UserErased)}


def pairs(log: Sequence[Recorded], kinds: tuple[type[Event], ...]) -> Iterable[tuple[Pair, list[Recorded]]]:
    """Yield each pair's state, and its events of these kinds by position (at least one), erased people left out."""
    gone = erased(log)
    histories: defaultdict[tuple[UUID, UUID], list[Recorded]] = defaultdict(list)
    for event in sorted(log, key=lambda event: event.position):
        if isinstance(event.fact, PairEvent) and event.fact.user_id not in gone:
            histories[event.fact.user_id, event.fact.movie_id].append(event)
    for key, history in histories.items():
        if own := [event for event in history if isinstance(event.fact, kinds)]:
            yield Pair(*key).when(event.fact for event in history), own
