"""Operations of which all is known — who asks, the document, its plan — are answered at once.

A query takes no task: one call comes with the request, and one with the rows. What is not known or not right goes the way
of all requests, which has the words for it: nothing is counted or spent before it is certain that there is no need.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from graphql import OperationType
from starlette.responses import Response

from app.asked import Malformed, asked_of, json_of
from app.auth import Gate, new_id
from app.budgets import Bucket
from app.documents import Documents
from app.manner import Manner
from app.metrics import Metrics
from app.reading import Posted
from app.requests import Entry, Requests
from app.settings import Settings
from resolvers.answers import Answer, error_of, refusal_of
from resolvers.context import Context
from resolvers.documents import Operation
from resolvers.engine import Engine
from resolvers.errors import Overload, RateLimited, TooSlow
from resolvers.plan import Bound, Plan
from resolvers.reader import Reader

_SWEEP_S = 0.5
_HEADERS = (
    b"content-length: %d\r\ncontent-type: %s; charset=utf-8\r\n%s"
    b"x-request-id: %s\r\ncache-control: no-store\r\n"
)

Refuse = Callable[[Answer, Entry, Bucket, str], Response]
"""Makes the response of an answer with errors, in a media type, and counts it."""


class Connection(Protocol):
    """Who waits for a response."""

    @property
    def is_gone(self) -> bool:
        """Whether nobody waits any more."""

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something that the server waits for before it ends."""

    def respond(self, status: int, headers: bytes, body: bytes) -> None:
        """Send it; `headers` are whole lines. Raises nothing."""

    def send(self, response: Response) -> None:
        """Send it. Raises nothing."""


class Endpoint(Protocol):
    """What answers POSTs that do not come by ASGI."""

    def address(self, scope: Any) -> str:
        """Return where a request comes from."""

    def takes(
        self, connection: Connection, manner: Manner, address: str, authorization: str | None, body: bytes
    ) -> bool:
        """Begin to answer at once, or return False with nothing done."""

    def post(self, scope: Any, posted: Posted) -> Awaitable[Response]:
        """Answer; never a stream. Raises nothing."""


class Quick:
    """Answers POSTs at once where it can."""

    def __init__(
        self,
        engine: Engine,
        reader: Reader,
        documents: Documents,
        gate: Gate,
        settings: Settings,
        metrics: Metrics,
        requests: Requests,
        refuse: Refuse,
    ) -> None:
        self._engine, self._reader, self._documents, self._gate = engine, reader, documents, gate
        self.metrics, self.requests, self.refuse = metrics, requests, refuse
        self.budgets = gate.budgets
        self._settings, self._timeout_s = settings, settings.request_timeout_s
        self.waiting: set[Waiting] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    def takes(
        self, connection: Connection, manner: Manner, address: str, authorization: str | None, body: bytes
    ) -> bool:
        """Begin to answer, or return False with nothing done."""
        try:
            return self._begin(connection, manner, address, authorization, body)
        except Exception:  # before anything was done: the way of all requests meets it, too
            return False

    def _begin(
        self, connection: Connection, manner: Manner, address: str, authorization: str | None, body: bytes
    ) -> bool:
        accepted = manner.accepted
        if accepted is None:
            return False
        try:
            asked = asked_of(json_of(body, "", self._settings.json_depth))
        except Malformed:
            return False
        query = self._documents.known(asked)
        if query is None:
            return False
        asker = self._gate.asker(address, authorization, manner.headers)
        if not asker.is_valid:
            return False
        viewer = asker.viewer
        operation = self._engine.known(
            query, asked.name, asked.variables, may_introspect=self._gate.may_introspect(viewer)
        )
        if operation is None or operation.node.operation is OperationType.SUBSCRIPTION:
            return False
        is_query = operation.node.operation is OperationType.QUERY
        if not is_query and self._settings.refresh_cookie:  # its answer may set one
            return False
        bound = self._engine.bound(operation, viewer) if is_query else None
        if is_query and bound is None:
            return False
        try:
            self._gate.admit(asker, max(1, operation.cost))
        except (Overload, RateLimited):
            return False
        waiting = Waiting(self, connection, accepted, manner.request_id, asker.bucket, operation)
        self.waiting.add(waiting)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep)
        try:
            if bound is None:
                context = self._gate.context(asker, waiting.id)
                waiting.task = connection.run(self._mutate(operation, context, waiting))
            else:
                waiting.bound = bound
                person = viewer.key if viewer and bound.plan.is_personal else None
                self._reader.submit(bound.plan, bound.values, waiting, person=person)
        except Exception as failure:
            waiting.set_exception(failure)
        return True

    def spliced(self, plan: Plan, data: bytes) -> bytes | None:
        """Return the data with the movies that are kept; None where one is not."""
        assert self._engine.fragments is not None
        found = self._engine.fragments.spliced(plan.selections, data)
        return found if isinstance(found, bytes) else None

    async def fill(self, plan: Plan, data: bytes, waiting: Waiting) -> None:
        """Go on with rows that lack movies which are not kept."""
        assert self._engine.fragments is not None
        try:
            whole = await self._engine.fragments.filled(self._reader, plan.selections, data)
        except Exception as failure:
            waiting.set_exception(failure)
        else:
            waiting.tell_data(whole)

    def shown(self, bound: Bound) -> None:
        """Say that a query was answered."""
        bound.plan.tell_shown(bound.asked, self._engine.on_slate)

    async def _mutate(self, operation: Operation, context: Context, waiting: Waiting) -> None:
        waiting.tell(await self._engine.run(operation, context))

    def _sweep(self) -> None:
        """Tell those who wait for too long."""
        late = time.perf_counter() - self._timeout_s
        for waiting in [waiting for waiting in self.waiting if waiting.started < late]:
            if waiting.task is not None:
                waiting.task.cancel()
            waiting.set_exception(TooSlow())
        self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep) if self.waiting else None


class Waiting:
    """A request whose answer is on its way: of a query, the reader tells it the rows."""

    __slots__ = (
        "_accepted",
        "_bucket",
        "_connection",
        "_operation",
        "_quick",
        "bound",
        "id",
        "started",
        "task",
    )

    def __init__(
        self,
        quick: Quick,
        connection: Connection,
        accepted: str,
        request_id: str | None,
        bucket: Bucket,
        operation: Operation,
    ) -> None:
        self._quick, self._connection, self._accepted = quick, connection, accepted
        self.id, self._bucket, self._operation = request_id or new_id(), bucket, operation
        self.started = time.perf_counter()
        self.task: asyncio.Task[None] | None = None
        self.bound: Bound | None = None

    def done(self) -> bool:
        """Whether nobody waits any more."""
        return self not in self._quick.waiting or self._connection.is_gone

    def set_result(self, result: bytes, /) -> None:
        """Respond with the rows."""
        try:
            found: bytes | None = result
            plan = self.bound.plan if self.bound is not None else None
            if plan is not None and plan.selections:
                found = self._quick.spliced(plan, result)
            if found is None:
                assert plan is not None
                self.task = self._connection.run(self._quick.fill(plan, result, self))
            else:
                self.tell_data(found)
        except Exception as failure:  # others wait for rows of the same statement
            self.set_exception(failure)

    def tell_data(self, result: bytes) -> None:
        """Respond with the whole data."""
        self.tell(Answer(result, [], self._operation.extensions))
        if self.bound is not None:
            self._quick.shown(self.bound)

    def set_exception(self, exception: BaseException, /) -> None:
        """Respond with what was wrong."""
        refusal = refusal_of(exception, self.id)
        self.tell(Answer(b"null", [error_of(refusal, ())], self._operation.extensions))

    def tell(self, answer: Answer) -> None:
        """Respond."""
        quick = self._quick
        quick.waiting.discard(self)
        if answer.errors:
            self._connection.send(quick.refuse(answer, self._entry(), self._bucket, self._accepted))
            return
        body = answer.body()
        seconds = time.perf_counter() - self.started
        quick.metrics.answered(self._operation.node.operation.value, seconds, has_errors=False)
        if quick.requests.is_logged(seconds):
            quick.requests.ended(self._entry(len(body)), 200)
        spent = b"".join(b"%s: %s\r\n" % header for header in quick.budgets.headers(self._bucket))
        told = (len(body), self._accepted.encode(), spent, self.id.encode())
        self._connection.respond(200, _HEADERS % told, body)

    def _entry(self, size: int = 0) -> Entry:
        entry = Entry(self.id, "http", "POST", "/graphql", self.started, bytes=size)
        entry.runs(self._operation)
        return entry
