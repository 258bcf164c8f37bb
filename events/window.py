"""A window of the log in the making: the commands of one transaction, decided one after the other."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from database.ids import uuid7
from database.pipeline import Rows
from events.append import Key, Written, loaded_event, loaded_key
from events.errors import Rejected
from events.facts import Event
from events.log import Recorded, Source
from events.pair import Pair, PairEvent

_PairKey = tuple[int, int]
"""Numbers, for they are found in a dictionary several times sooner than ids."""

Decide = Callable[[Pair, Sequence[Recorded]], Sequence[PairEvent]]
"""From the pair's state and its history to the facts: pure."""


class IdempotencyKeyReused(Rejected):
    """This idempotency key was used for a different request. Use a new key for a new request."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"
    path = ("idempotencyKey",)


@dataclass(slots=True, kw_only=True, eq=False)
class Command:
    """What a person wants to do with a movie; `request` says what it was, for its idempotency key."""

    user_id: UUID
    movie_id: UUID
    decide: Decide
    source: Source = Source.WEB
    causation_id: UUID | None = None
    idempotency_key: str | None = None
    request: str = ""
    done: asyncio.Future[Sequence[Recorded]] = field(init=False)

    @property
    def pair(self) -> _PairKey:
        """The consistency boundary: the person and the movie."""
        return self.user_id.int, self.movie_id.int


class Window:
    """The commands of one transaction, decided one after the other on the state that those before them left."""

    def __init__(self, loaded: list[Rows]) -> None:
        self._history: defaultdict[_PairKey, list[Recorded]] = defaultdict(list)
        for event in map(loaded_event, loaded[2]):
            fact = event.fact
            if isinstance(fact, PairEvent):
                self._history[fact.user_id.int, fact.movie_id.int].append(event)
        known, kept = loaded[3:] or ([], [])
        self._first = {event.event_id.int: event for event in map(loaded_event, kept)}
        self._known = {(key.user_id, key.key): key for key in map(loaded_key, known)}
        self._decided: dict[_PairKey, tuple[Pair, Sequence[PairEvent]]] = {}
        self._wrote: list[tuple[Command, list[Written] | Key | Exception]] = []
        self.events: list[Written] = []
        self.keys: list[Key] = []

    def decide(self, command: Command) -> None:
        """Decide one command; what it raises is its own answer and nobody else's."""
        key = self._known.get((command.user_id, command.idempotency_key or ""))
        try:
            if key is not None:
                if key.request != command.request:
                    raise IdempotencyKeyReused
                self._wrote.append((command, key))
                return
            written = self._facts(command)
        except Exception as refusal:
            self._wrote.append((command, refusal))
            return
        self.events += written
        self._wrote.append((command, written))
        if command.idempotency_key:
            ids = tuple(event.event_id for event in written)
            kept = Key(command.user_id, command.idempotency_key, command.request, ids)
            self.keys.append(kept)
            self._known[kept.user_id, kept.key] = kept

    def _facts(self, command: Command) -> list[Written]:
        place = command.pair
        history = self._history[place]
        before = self._decided.get(place)
        blank = Pair(command.user_id, command.movie_id)
        known: tuple[Pair, Sequence[Event]] = before or (blank, [event.fact for event in history])
        pair = known[0].when(known[1])
        decided = command.decide(pair, history)
        self._decided[place] = (pair, decided)
        written: list[Written] = []
        for fact in decided:
            event_id = uuid7()
            first = written[0].event_id if written else event_id
            cause = first if written else command.causation_id
            written.append(Written(event_id, fact, command.source, first, cause))
        return written

    def answers(self, rows: Rows) -> Iterable[tuple[Command, Sequence[Recorded] | Exception]]:
        """Yield each command with what the log now holds of it; `rows` are what the append returned."""
        recorded = {
            event.event_id.int: _recorded(event, row) for event, row in zip(self.events, rows, strict=True)
        }
        recorded |= self._first
        for command, wrote in self._wrote:
            if isinstance(wrote, Key):
                yield command, [recorded[i.int] for i in wrote.event_ids if i.int in recorded]
            elif isinstance(wrote, Exception):
                yield command, wrote
            else:
                yield command, [recorded[event.event_id.int] for event in wrote]


def _recorded(event: Written, row: Sequence[bytes | None]) -> Recorded:
    position, occurred, written = ((value or b"").decode() for value in row)
    return Recorded(
        position=int(position),
        event_id=event.event_id,
        fact=event.fact,
        source=Source(event.source),
        occurred_at=datetime.fromisoformat(occurred),
        recorded_at=datetime.fromisoformat(written),
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
    )
