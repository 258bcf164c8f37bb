"""The only writer of the log: decides commands and appends what they say, many waiting commands in one transaction.

What queued while the previous commit was in flight is decided, appended with one statement, folded inline and committed
once; nobody waits for a timer. The person is the lock: two commands of one person never decide on the same old state,
whichever process they are in, and the positions of one person's events are in the order they were decided.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from database.errors import DatabaseUnavailable, StatementFailed
from database.ids import uuid7
from database.pipeline import Call, Lane, Rows, Statement
from events.append import Key, Written, append_calls, load_calls, loaded_event, loaded_key
from events.errors import Conflict, Rejected
from events.facts import Event
from events.log import Recorded, Source
from events.pair import Pair, PairEvent

_PairKey = tuple[int, int]
"""Numbers, for they are found in a dictionary several times sooner than ids."""

Decide = Callable[[Pair, Sequence[Recorded]], Sequence[PairEvent]]
"""From the pair's state and its history to the facts: pure."""

FoldInline = Callable[[frozenset[str]], str]
"""Given the types of a window, the common table expressions that fold it, over the relation `batch`."""

SHARE = 8
"""Commands that a connection takes even where that leaves nothing for the others: a batch has its own cost."""
TRIES = 3
_AGAIN = {"40001", "40P01", "55P03"}
"""Serialization failure, deadlock, lock timeout: another writer was first."""

_ROLLBACK: list[Call] = [(Statement("rollback"), ())]


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


class Handler:
    """Decides and appends the commands of one server process, over connections of its own.

    Each connection has a batch of its own in flight, and takes no more than its share of what waits: so while one
    batch is decided, PostgreSQL works on another.
    """

    def __init__(self, lanes: Sequence[Lane], fold_inline: FoldInline, *, most: int = 128) -> None:
        self._idle = deque(lanes)
        self._lanes = len(lanes)
        self._fold_inline = fold_inline
        self._most = most
        self._queue: deque[Command] = deque()
        self._busy: set[int] = set()
        """People with a command in flight: their next one waits, so that commands keep their order."""
        self._in_flight = 0
        self._is_starting = False
        self._writing: set[asyncio.Task[None]] = set()
        self.on_append: list[Callable[[int, int], None]] = []
        """Called after each commit with the number of commands and of events in it."""

    async def handle(self, command: Command) -> Sequence[Recorded]:
        """Return what the command recorded, committed and folded; empty when it changed nothing.

        Raises the command's Rejected, Conflict after three tries, DatabaseUnavailable, StatementFailed.
        """
        command.done = asyncio.get_running_loop().create_future()
        self._queue.append(command)
        self._start_soon()
        return await command.done

    async def drain(self) -> None:
        """Wait until every command that was taken is answered."""
        while self._queue or self._writing:
            await asyncio.wait(self._writing) if self._writing else await asyncio.sleep(0)

    def _start_soon(self) -> None:
        """Start after all who ask in this turn of the loop have asked."""
        if self._idle and not self._is_starting:
            self._is_starting = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        """Give idle connections what waits, unless it is so little that it does better to wait for what is in flight."""
        self._is_starting = False
        while self._idle and self._queue and len(self._queue) >= min(self._in_flight, self._most):
            batch = self._take()
            if not batch:
                return
            self._in_flight += len(batch)
            writing = asyncio.create_task(self._write(self._idle.popleft(), batch))
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)

    async def _write(self, lane: Lane, batch: list[Command]) -> None:
        try:
            await self._append(lane, batch)
        except DatabaseUnavailable as failure:
            for command in batch:
                _answer(command, failure)
        except Exception:
            for command in batch:
                await self._alone(lane, command)
        finally:
            self._in_flight -= len(batch)
            self._busy.difference_update(command.user_id.int for command in batch)
            self._idle.append(lane)
            self._start_soon()

    def _take(self) -> list[Command]:
        """Take a share of what waits, in order; not the commands of people who have one in flight."""
        share = max(SHARE, -(-(len(self._queue) + self._in_flight) // self._lanes))
        taken: list[Command] = []
        passed: list[Command] = []
        while self._queue and len(taken) < min(share, self._most):
            command = self._queue.popleft()
            if command.done.done():
                continue
            if command.user_id.int in self._busy:
                passed.append(command)
            else:
                taken.append(command)
        self._busy.update(command.user_id.int for command in taken)
        self._queue.extendleft(reversed(passed))
        return taken

    async def _alone(self, lane: Lane, command: Command) -> None:
        """A bad command fails alone, and one that another writer beat is tried again."""
        for attempt in range(1, TRIES + 1):
            if command.done.done():
                return None
            try:
                return await self._append(lane, [command])
            except StatementFailed as failure:
                if failure.sqlstate not in _AGAIN:
                    return _answer(command, failure)
                if attempt == TRIES:
                    return _answer(command, Conflict("other writers were first, three times"))
            except Exception as failure:
                return _answer(command, failure)
        return None

    async def _append(self, lane: Lane, batch: list[Command]) -> None:
        keys = [(c.user_id, c.movie_id, c.idempotency_key) for c in batch if c.idempotency_key]
        pairs = {command.pair: (command.user_id, command.movie_id) for command in batch}
        try:
            loaded = await lane.run(load_calls(pairs.values(), keys))
            session = lane.session
            window = _Window(loaded)
            for command in batch:
                window.decide(command)
            rows: list[Rows] = []
            if window.events or window.keys:
                folds = self._fold_inline(frozenset(event.fact.type for event in window.events))
                calls = append_calls(folds, window.events, window.keys)
                rows = await lane.run(calls, session=session)
            else:
                await lane.run(_ROLLBACK)
        except DatabaseUnavailable:
            raise
        except Exception:
            await lane.run(_ROLLBACK)
            raise
        for command, answer in window.answers(rows[0] if window.events else []):
            _answer(command, answer)
        for tell in self.on_append:
            tell(len(batch), len(window.events))


def _answer(command: Command, answer: Sequence[Recorded] | Exception) -> None:
    if command.done.done():
        return
    if isinstance(answer, Exception):
        command.done.set_exception(answer)
    else:
        command.done.set_result(answer)


class _Window:
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
        known: tuple[Pair, Sequence[Event]] = before or (
            Pair(command.user_id, command.movie_id),
            [event.fact for event in history],
        )
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
