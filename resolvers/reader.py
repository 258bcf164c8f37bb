"""Runs plans over shared connections: requests for the same plan that wait together leave as one statement."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from database.acting import acting_for
from database.backlog import Backlog, Overloaded
from database.errors import StatementFailed
from database.pipeline import Call, Lane, Rows, Statement, Value

MOST = 16
"""Requests that leave as one statement at most."""
SLOW_S = 0.02
"""A plan that takes longer than this goes its own way, so that it does not hold the others back."""
QUICK_S = 0.5
"""How long a statement may keep a quick lane; what is not done by then begins again on a slow one."""
STUCK_S = 0.05
"""Nobody is sent after a statement that takes longer than this."""
_CANCELED = "57014"


@dataclass(slots=True)
class Readable:
    """A statement that returns one text: for one request (None: there is nothing to read), and for many (None: never).

    That for many may be a function that makes it: it is called when requests wait together for the first time.
    """

    one: Statement | None
    many: Statement | Callable[[], Statement] | None
    reads_log: bool = field(default=False, kw_only=True)
    """Whether it is only for people who may read the log."""
    seconds: float = field(default=0.0, kw_only=True)
    """How long one takes, a moving average."""
    waiting: list[_Request] = field(default_factory=list, kw_only=True)
    """Requests that wait for their turn."""


class Waiter(Protocol):
    """Who waits for a JSON text: a future, or whatever else has these of its methods, which raise nothing."""

    def done(self) -> bool:
        """Whether nobody waits any more."""

    def set_result(self, result: bytes, /) -> None:
        """Take the text."""

    def set_exception(self, exception: BaseException, /) -> None:
        """Take why there is none."""


@dataclass(slots=True)
class _Request:
    values: Sequence[Value]
    waiter: Waiter
    person: bytes | None
    may_refuse: bool


@dataclass(frozen=True, slots=True)
class _Turn:
    """Requests for one plan that have the lane, and where it goes back to."""

    plan: Readable
    batch: list[_Request]
    lane: Lane
    home: deque[Lane]
    backlog: Backlog

    def calls(self) -> list[Call]:
        """Return the statement that answers them, the last one, and before it whom it acts for."""
        people = {request.person for request in self.batch if request.person is not None}
        if not people:
            return [self._call()]
        return [acting_for(people, reads_log=self.plan.reads_log), self._call()]

    def _call(self) -> Call:
        first = self.batch[0].values
        if len(self.batch) == 1:
            assert self.plan.one is not None
            return self.plan.one, first
        many = self.plan.many
        assert many is not None
        if not isinstance(many, Statement):
            many = self.plan.many = many()
        return many, [_array([r.values[i] for r in self.batch]) for i in range(len(first))]

    def tell(self, rows: Rows) -> None:
        """Give each request its text."""
        if len(self.batch) == 1:
            _tell(self.batch[0], rows[0][0])
        else:
            for number, text in rows:
                _tell(self.batch[int(number or 0) - 1], text)


class Reader:
    """Gives each plan's waiting requests a place in a connection as soon as there is one.

    The sessions of `quick` lanes stop statements after QUICK_S, those of `slow` ones when the operator wants.
    """

    def __init__(
        self,
        quick: Sequence[Lane],
        slow: Sequence[Lane],
        *,
        in_flight: int = 2,
        most_wait_s: float = math.inf,
    ) -> None:
        self._quick_lanes = frozenset(quick)
        self._quick = deque(lane for _ in range(in_flight) for lane in quick)
        self._slow = deque(slow)
        self._ready: deque[Readable] = deque()
        self._ready_slow: deque[tuple[Readable, _Request]] = deque()
        self._backlog = Backlog(len(quick), most_wait_s)
        self._backlog_slow = Backlog(len(slow), most_wait_s)
        self._in_flight: Counter[Lane] = Counter()
        self._since: dict[Lane, float] = {}
        """When each lane that is busy began with the statement that it is at."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_batch: list[Callable[[int, float], None]] = []
        """Called after each statement with the number of requests in it and its seconds."""

    async def read(
        self, plan: Readable, values: Sequence[Value], *, person: str | None = None, may_refuse: bool = True
    ) -> bytes:
        """Return the JSON text, as far as this person may see it, None for a stranger.

        Raises StatementFailed, DatabaseUnavailable, and Overloaded if it may.
        """
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.submit(plan, values, future, person=person, may_refuse=may_refuse)
        return await future

    def submit(
        self,
        plan: Readable,
        values: Sequence[Value],
        waiter: Waiter,
        *,
        person: str | None = None,
        may_refuse: bool = True,
    ) -> None:
        """Tell the JSON text to a waiter, or what `read` raises. Raises Overloaded if it may."""
        request = _Request(values, waiter, person.encode() if person else None, may_refuse)
        if plan.seconds > SLOW_S:
            self._wait_slow(plan, request)
        else:
            self._backlog.join(may_refuse=may_refuse)
            plan.waiting.append(request)
            if len(plan.waiting) == 1:
                self._ready.append(plan)
        self._start()

    def _wait_slow(self, plan: Readable, request: _Request) -> None:
        self._backlog_slow.join(may_refuse=request.may_refuse)
        self._ready_slow.append((plan, request))

    def _start(self) -> None:
        while self._ready and self._quick and (lane := self._free_lane()):
            plan = self._ready.popleft()
            most = MOST if plan.many is not None else 1
            taken, plan.waiting = plan.waiting[:most], plan.waiting[most:]
            if plan.waiting:
                self._ready.append(plan)
            self._backlog.leave(len(taken))
            self._begin(plan, taken, lane, self._quick, self._backlog)
        while self._ready_slow and self._slow:
            plan, request = self._ready_slow.popleft()
            self._backlog_slow.leave(1)
            self._begin(plan, [request], self._slow.popleft(), self._slow, self._backlog_slow)

    def _free_lane(self) -> Lane | None:
        """Take a quick lane: an idle one, else one that no statement keeps for long."""
        now = time.perf_counter()
        lane = max(self._quick, key=lambda lane: self._since.get(lane, math.inf))
        if now - self._since.get(lane, now) > STUCK_S:
            return None
        self._quick.remove(lane)
        return lane

    def _begin(
        self, plan: Readable, taken: list[_Request], lane: Lane, home: deque[Lane], backlog: Backlog
    ) -> None:
        batch = [request for request in taken if not request.waiter.done()]  # the others gave up
        if not batch:
            home.append(lane)
            return
        self._in_flight[lane] += 1
        self._since.setdefault(lane, time.perf_counter())
        turn = _Turn(plan, batch, lane, home, backlog)
        if lane.is_up:
            lane.send(turn.calls()).add_done_callback(partial(self._answered, turn))
        else:
            self._go_on(self._wait(turn))

    def _answered(self, turn: _Turn, answer: asyncio.Future[list[Rows]]) -> None:
        failure = answer.exception()
        if failure is None:
            turn.tell(answer.result()[-1])
            self._end(turn)
        else:
            self._go_on(self._failed(turn, failure))

    async def _wait(self, turn: _Turn) -> None:
        """Run a turn whose lane has no connection at the moment."""
        try:
            rows = (await turn.lane.run(turn.calls()))[-1]
        except Exception as failure:
            await self._failed(turn, failure)
        else:
            turn.tell(rows)
            self._end(turn)

    async def _failed(self, turn: _Turn, failure: BaseException) -> None:
        """Tell why there are no rows; where requests went together, one of them is at fault, and fails alone."""
        try:
            if isinstance(failure, StatementFailed) and failure.sqlstate == _CANCELED:
                if turn.lane in self._quick_lanes:
                    self._move(turn.plan, turn.batch)
                    return
            elif isinstance(failure, StatementFailed) and len(turn.batch) > 1:
                for request in turn.batch:
                    await self._alone(turn, request)
                return
            for request in turn.batch:
                _fail(request, failure)
        finally:
            self._end(turn)

    async def _alone(self, turn: _Turn, request: _Request) -> None:
        one = _Turn(turn.plan, [request], turn.lane, turn.home, turn.backlog)
        if request.waiter.done():
            return
        try:
            one.tell((await turn.lane.run(one.calls()))[-1])
        except StatementFailed as failure:
            if failure.sqlstate == _CANCELED and turn.lane in self._quick_lanes:
                self._move(turn.plan, [request])
            else:
                _fail(request, failure)
        except Exception as failure:
            _fail(request, failure)

    def _end(self, turn: _Turn) -> None:
        """Give the lane back, and note how long it took."""
        lane = turn.lane
        turn.home.append(lane)
        now = time.perf_counter()
        took = now - self._since.pop(lane)
        self._in_flight[lane] -= 1
        if self._in_flight[lane]:
            self._since[lane] = now
        if lane.is_up:  # an outage says nothing about how long a plan takes
            turn.backlog.served(len(turn.batch), took)
            turn.plan.seconds += 0.1 * (took / len(turn.batch) - turn.plan.seconds)
        for tell in self.on_batch:
            tell(len(turn.batch), took)
        self._start()

    def _go_on(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _move(self, plan: Readable, batch: list[_Request]) -> None:
        """Begin again on slow lanes, one by one: whoever is at fault holds up nobody else."""
        plan.seconds = max(plan.seconds, QUICK_S)
        for request in batch:
            try:
                self._wait_slow(plan, request)
            except Overloaded as failure:
                _fail(request, failure)


def _tell(request: _Request, text: Value) -> None:
    if not request.waiter.done():
        request.waiter.set_result(text or b"null")


def _fail(request: _Request, failure: BaseException) -> None:
    if not request.waiter.done():
        request.waiter.set_exception(failure)


def _array(values: list[Value]) -> bytes:
    items = (
        b"NULL" if v is None else b'"' + v.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
        for v in values
    )
    return b"{" + b",".join(items) + b"}"
