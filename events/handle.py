"""The only writer of the log: decides commands and appends what they say, many waiting commands in one transaction.

What queued while the previous commit was in flight is decided, appended with one statement, folded inline and committed
once; nobody waits for a timer. The person is the lock: two commands of one person never decide on the same old state,
whichever process they are in, and the positions of one person's events are in the order they were decided.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence

from database.backlog import Backlog
from database.errors import DatabaseUnavailable, StatementFailed
from database.pipeline import Call, Lane, Rows, Statement
from events.append import append_calls, load_calls
from events.errors import Conflict
from events.log import Recorded
from events.window import AnyCommand, Command, ListCommand, Window

FoldInline = Callable[[frozenset[str]], str]
"""Given the types of a window, the common table expressions that fold it, over the relation `batch`."""

MOST = 128
"""Commands that share a transaction at most."""
SHARE = 8
"""Commands that a connection takes even where that leaves nothing for the others: a batch has its own cost."""
TRIES = 3
_AGAIN = {"40001", "40P01", "55P03"}
"""Serialization failure, deadlock, lock timeout: another writer was first."""

_ROLLBACK: list[Call] = [(Statement("rollback"), ())]


class Handler:
    """Decides and appends the commands of one server process, over connections of its own.

    Each has a batch of its own in flight, and takes its share of what waits: PostgreSQL works while another decides.
    """

    def __init__(
        self, lanes: Sequence[Lane], fold_inline: FoldInline, *, most_wait_s: float = math.inf
    ) -> None:
        self._backlog = Backlog(len(lanes), most_wait_s)
        self._idle = deque(lanes)
        self._lanes = len(lanes)
        self._fold_inline = fold_inline
        self._queue: deque[AnyCommand] = deque()
        self._busy: set[int] = set()
        """People and lists with a command in flight: the next one waits, so that commands keep their order."""
        self._in_flight = 0
        self._is_starting = False
        self._writing: set[asyncio.Task[None]] = set()
        self.on_append: list[Callable[[int, int], None]] = []
        """Called after each commit with the number of commands and of events in it."""

    async def handle(self, command: AnyCommand) -> Sequence[Recorded]:
        """Return what the command recorded, committed and folded; empty when it changed nothing.

        Raises the command's Rejected, Conflict after three tries, DatabaseUnavailable, StatementFailed, Overloaded.
        """
        self._backlog.join()
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
        while self._idle and self._queue and len(self._queue) >= min(self._in_flight, MOST):
            batch = self._take()
            if not batch:
                return
            self._in_flight += len(batch)
            writing = asyncio.create_task(self._write(self._idle.popleft(), batch))
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)

    async def _write(self, lane: Lane, batch: list[AnyCommand]) -> None:
        started = time.perf_counter()
        try:
            await self._append(lane, batch)
            self._backlog.served(len(batch), time.perf_counter() - started)
        except DatabaseUnavailable as failure:
            for command in batch:
                _answer(command, failure)
        except Exception:
            for command in batch:
                await self._alone(lane, command)
        finally:
            self._in_flight -= len(batch)
            for command in batch:
                self._busy.difference_update(command.subjects)
            self._idle.append(lane)
            self._start_soon()

    def _take(self) -> list[AnyCommand]:
        """Take a share of what waits, in order; not the commands of people who have one in flight.

        Commands about lists read what was committed, so one of a person's and of a list's is taken at most.
        """
        share = max(SHARE, -(-(len(self._queue) + self._in_flight) // self._lanes))
        taken: list[AnyCommand] = []
        passed: list[AnyCommand] = []
        held: set[int] = set()
        alone: set[int] = set()
        waited = len(self._queue)
        while self._queue and len(taken) < min(share, MOST):
            command = self._queue.popleft()
            if command.done.done():
                continue
            is_alone = isinstance(command, ListCommand)
            waits_for = (self._busy, held, alone) if is_alone else (self._busy, held)
            if all(others.isdisjoint(command.subjects) for others in waits_for):
                taken.append(command)
                alone.update(command.subjects if is_alone else ())
            else:
                passed.append(command)
                held.update(command.subjects)
        for command in taken:
            self._busy.update(command.subjects)
        self._queue.extendleft(reversed(passed))
        self._backlog.leave(waited - len(self._queue))
        return taken

    async def _alone(self, lane: Lane, command: AnyCommand) -> None:
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

    async def _append(self, lane: Lane, batch: list[AnyCommand]) -> None:
        keys = [
            (c.user_id, c.movie_id if isinstance(c, Command) else None, c.idempotency_key)
            for c in batch
            if c.idempotency_key
        ]
        pairs = {c.pair: (c.user_id, c.movie_id) for c in batch if isinstance(c, Command)}
        lists = [command for command in batch if isinstance(command, ListCommand)]
        subjects = {subject for command in batch for subject in command.subjects}
        calls = load_calls({c.user_id for c in batch}, subjects, pairs.values(), keys)
        try:
            loaded = await lane.run([*calls, *(command.reads for command in lists)])
            session = lane.session
            read = loaded[len(calls) :]
            window = Window(
                loaded[: len(calls)], {c.list_id: rows for c, rows in zip(lists, read, strict=True)}
            )
            for command in batch:
                window.decide(command)
            rows: list[Rows] = []
            if window.events or window.keys:
                folds = self._fold_inline(frozenset(event.fact.type for event in window.events))
                calls = append_calls(folds, window.events, window.keys, window.texts)
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


def _answer(command: AnyCommand, answer: Sequence[Recorded] | Exception) -> None:
    if command.done.done():
        return
    if isinstance(answer, Exception):
        command.done.set_exception(answer)
    else:
        command.done.set_result(answer)
