"""A window of the log in the making: the commands of one transaction, decided one after the other."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from database.ids import uuid7
from database.pipeline import Call, Rows
from events.append import Key, Written, loaded_event, loaded_key
from events.errors import Rejected
from events.facts import Event
from events.log import Recorded, Source
from events.pair import Pair, PairEvent
from events.people import AccountErased, UserErased
from events.texts import Text

_PairKey = tuple[int, int]
"""Numbers, for they are found in a dictionary several times sooner than ids."""

Decide = Callable[[Pair, Sequence[Recorded]], Sequence[PairEvent]]
"""From the pair's state and its history to the facts: pure."""


class IdempotencyKeyReused(Rejected):
    """This idempotency key was used for a different request. Use a new key for a new request."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"
    path = ("idempotencyKey",)


@dataclass(slots=True, kw_only=True, eq=False)
class _Said:
    """What every command has; `request` says what it was, for its idempotency key.

    Of `texts` those are kept that its facts name, with them.
    """

    user_id: UUID
    source: Source = Source.WEB
    causation_id: UUID | None = None
    idempotency_key: str | None = None
    request: str = ""
    texts: Sequence[Text] = ()
    done: asyncio.Future[Sequence[Recorded]] = field(init=False)


@dataclass(slots=True, kw_only=True, eq=False)
class Command(_Said):
    """What a person wants to do with a movie."""

    movie_id: UUID
    decide: Decide

    @property
    def pair(self) -> _PairKey:
        """The consistency boundary: the person and the movie."""
        return self.user_id.int, self.movie_id.int

    @property
    def subjects(self) -> tuple[int, ...]:
        """Whom it locks, as numbers."""
        return (self.user_id.int,)


@dataclass(slots=True, kw_only=True, eq=False)
class ListCommand(_Said):
    """What a person wants to do with a list, which others may change at the same moment; `other_id` is whom it is about.

    `decide` gets the rows that `reads` asks for under the locks: it reads tables that appends fold, so the command is
    the only one of its person's and its list's in a transaction that is about lists.
    """

    list_id: UUID
    reads: Call
    decide: Callable[[Rows], Sequence[Event]]
    other_id: UUID | None = None

    @property
    def subjects(self) -> tuple[int, ...]:
        """Whom and what it locks, as numbers."""
        other = (self.other_id.int,) if self.other_id else ()
        return (self.user_id.int, self.list_id.int, *other)


AnyCommand = Command | ListCommand


class Window:
    """The commands of one transaction, decided one after the other on the state that those before them left."""

    def __init__(self, loaded: list[Rows], read: Mapping[UUID, Rows]) -> None:
        self._read = read
        self._history: defaultdict[_PairKey, list[Recorded]] = defaultdict(list)
        self._erased: set[UUID] = set()
        for event in map(loaded_event, loaded[3]):
            fact = event.fact
            if isinstance(fact, UserErased):
                self._erased.add(fact.user_id)
            elif isinstance(fact, PairEvent):
                self._history[fact.user_id.int, fact.movie_id.int].append(event)
        known, kept = loaded[4:] or ([], [])
        self._first = {event.event_id.int: event for event in map(loaded_event, kept)}
        self._known = {(key.user_id, key.key): key for key in map(loaded_key, known)}
        self._decided: dict[_PairKey, tuple[Pair, Sequence[PairEvent]]] = {}
        self._wrote: list[tuple[AnyCommand, list[Written] | Key | Exception]] = []
        self.events: list[Written] = []
        self.keys: list[Key] = []
        self.texts: list[Text] = []

    def decide(self, command: AnyCommand) -> None:
        """Decide one command; what it raises is its own answer and nobody else's."""
        key = self._known.get((command.user_id, command.idempotency_key or ""))
        try:
            if command.user_id in self._erased:
                raise AccountErased
            if key is not None:
                if key.request != command.request:
                    raise IdempotencyKeyReused
                self._wrote.append((command, key))
                return
            decided = self._of_pair(command) if isinstance(command, Command) else self._of_list(command)
            written = _written(command, decided)
        except Exception as refusal:
            self._wrote.append((command, refusal))
            return
        self.events += written
        if command.texts:
            named = {value for event in written for value in event.fact.data().values()}
            self.texts += [text for text in command.texts if str(text.id) in named]
        self._wrote.append((command, written))
        if command.idempotency_key:
            ids = tuple(event.event_id for event in written)
            kept = Key(command.user_id, command.idempotency_key, command.request, ids)
            self.keys.append(kept)
            self._known[kept.user_id, kept.key] = kept

    def _of_list(self, command: ListCommand) -> Sequence[Event]:
        return command.decide(self._read[command.list_id])

    def _of_pair(self, command: Command) -> Sequence[Event]:
        place = command.pair
        history = self._history[place]
        before = self._decided.get(place)
        blank = Pair(command.user_id, command.movie_id)
        known: tuple[Pair, Sequence[Event]] = before or (blank, [event.fact for event in history])
        pair = known[0].when(known[1])
        decided = command.decide(pair, history)
        self._decided[place] = (pair, decided)
        return decided

    def answers(self, rows: Rows) -> Iterable[tuple[AnyCommand, Sequence[Recorded] | Exception]]:
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


def _written(command: AnyCommand, facts: Sequence[Event]) -> list[Written]:
    """Return the facts with the ids of one command: the first is what it is about, and the cause of the others."""
    written: list[Written] = []
    for fact in facts:
        event_id = uuid7()
        first = written[0].event_id if written else event_id
        cause = first if written else command.causation_id
        written.append(Written(event_id, fact, command.source, first, cause))
    return written


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
