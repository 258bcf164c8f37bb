"""Runs plans over shared connections: requests for the same plan that wait together leave as one statement."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from database.errors import StatementFailed
from database.pipeline import Lane, Value
from resolvers.plan import Plan

MOST = 16
"""Requests that leave as one statement at most."""
SLOW_S = 0.02
"""A plan that takes longer than this goes its own way, so that it does not hold the others back."""


@dataclass(slots=True)
class _Request:
    values: Sequence[Value]
    done: asyncio.Future[bytes]


class Reader:
    """Gives each plan's waiting requests a place in a connection as soon as there is one."""

    def __init__(self, quick: Sequence[Lane], slow: Sequence[Lane], *, in_flight: int = 2) -> None:
        self._quick = deque(lane for _ in range(in_flight) for lane in quick)
        self._slow = deque(slow)
        self._ready: deque[Plan] = deque()
        self._ready_slow: deque[Plan] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_batch: list[Callable[[int, float], None]] = []
        """Called after each statement with the number of requests in it and its seconds."""

    async def read(self, plan: Plan, values: Sequence[Value]) -> bytes:
        """Return the JSON text. Raises StatementFailed, DatabaseUnavailable."""
        request = _Request(values, asyncio.get_running_loop().create_future())
        plan.waiting.append(request)
        if len(plan.waiting) == 1:
            (self._ready_slow if plan.seconds > SLOW_S else self._ready).append(plan)
        self._start()
        return await request.done

    def _start(self) -> None:
        for ready, lanes in ((self._ready, self._quick), (self._ready_slow, self._slow)):
            while ready and lanes:
                plan, lane = ready.popleft(), lanes.popleft()
                most = MOST if plan.many is not None and plan.seconds <= SLOW_S else 1
                batch, plan.waiting = plan.waiting[:most], plan.waiting[most:]
                if plan.waiting:
                    ready.append(plan)
                task = asyncio.create_task(self._run(plan, batch, lane, lanes))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _run(self, plan: Plan, batch: list[_Request], lane: Lane, home: deque[Lane]) -> None:
        started = time.perf_counter()
        try:
            if len(batch) > 1:
                await self._together(plan, batch, lane)
            else:
                await self._alone(plan, batch[0], lane)
        finally:
            home.append(lane)
            took = time.perf_counter() - started
            plan.seconds += 0.1 * (took / len(batch) - plan.seconds)
            for tell in self.on_batch:
                tell(len(batch), took)
            self._start()

    async def _together(self, plan: Plan, batch: list[_Request], lane: Lane) -> None:
        assert plan.many is not None
        arrays = [_array([request.values[i] for request in batch]) for i in range(len(plan.parameters))]
        try:
            (rows,) = await lane.run([(plan.many, arrays)])
        except StatementFailed:
            for request in batch:  # one of them is at fault: it fails alone
                await self._alone(plan, request, lane)
            return
        except Exception as failure:
            for request in batch:
                _fail(request, failure)
            return
        for number, text in rows:
            request = batch[int(number or 0) - 1]
            if not request.done.done():
                request.done.set_result(text or b"null")

    async def _alone(self, plan: Plan, request: _Request, lane: Lane) -> None:
        if request.done.done():
            return
        assert plan.one is not None
        try:
            (rows,) = await lane.run([(plan.one, request.values)])
            if not request.done.done():
                request.done.set_result(rows[0][0] or b"null")
        except Exception as failure:
            _fail(request, failure)


def _fail(request: _Request, failure: Exception) -> None:
    if not request.done.done():
        request.done.set_exception(failure)


def _array(values: list[Value]) -> bytes:
    items = (
        b"NULL" if v is None else b'"' + v.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
        for v in values
    )
    return b"{" + b",".join(items) + b"}"
