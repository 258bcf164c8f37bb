"""GraphQL over HTTP: in which form a request is answered, and with which status."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response

from app import graphiql
from app.asked import Asked
from app.auth import ANYBODY, Asker, Gate, given_id, new_id
from app.browsers import was_meant
from app.budgets import Bucket
from app.cookies import jar_of, put
from app.documents import FOR_OPERATORS, Documents
from app.metrics import Metrics
from app.negotiation import EVENT_STREAM, GRAPHQL_JSON, HTML, JSON, accepted_of, json_accepted_of
from app.operations import TokenEnded, ends_at, refused, refused_with, run
from app.parts import FORMS, InParts
from app.quick import Quick
from app.reading import BadRequest, Posted, is_page, read
from app.requests import Entry, Requests
from app.responses import json_response, response_of
from app.settings import Settings
from app.streams import FRAMINGS, Framing, Stream, with_heartbeat
from resolvers.answers import Answer, refusal_of
from resolvers.documents import Operation
from resolvers.engine import Engine
from resolvers.errors import Overload, RateLimited, TooCostly
from resolvers.jar import CrossSiteRequest
from resolvers.parts import Part, parts_of
from resolvers.reader import Reader

_NO_STREAM = f"Subscriptions go over a WebSocket, or with Accept: {EVENT_STREAM}."
_NOT_MEANT = "Nothing shows that a page of this site sent this: send `X-Requested-With: fetch`, or use POST."


class GraphQLHTTP:
    """The endpoint: an ASGI application for one path."""

    def __init__(
        self,
        engine: Engine,
        reader: Reader,
        documents: Documents,
        gate: Gate,
        settings: Settings,
        metrics: Metrics,
        page: str | None,
    ) -> None:
        self._engine, self._documents, self._gate = engine, documents, gate
        self._settings, self._metrics, self._page = settings, metrics, page
        self._policy = graphiql.policy(page) if page else ""
        self._requests = Requests(metrics, settings.slow_ms)
        quick = Quick(engine, reader, documents, gate, settings, metrics, self._requests, self._failed)
        self.address, self.takes = gate.address, quick.takes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            response = await self._answered(scope, Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def post(self, scope: Any, posted: Posted) -> Response:
        """Answer a POST that did not come by ASGI; never a stream, and no exception."""
        return await self._answered(scope, posted)

    async def _answered(self, scope: Any, request: Request | Posted) -> Response:
        entry = Entry(given_id(request.headers) or new_id(), "http", request.method, scope["path"])
        cookies = self._settings.refresh_cookie
        jar = jar_of(request.headers, self._settings.cors_origins) if cookies else None
        headers = request.headers
        asker = self._gate.asker(self._gate.address(scope), headers.get("authorization"), headers, jar)
        wait_s = None
        try:
            self._gate.admit(asker)
            response = await self._respond(request, entry, asker)
        except BadRequest as bad:
            response = self._refused(request, entry, bad)
        except RateLimited as refusal:
            wait_s = refusal.retry_after_s
            response = self._too_early(request, entry, refused(refusal))
        except Overload as refusal:
            response = self._too_early(request, entry, refused(refusal))
        except ClientDisconnect:
            raise
        except Exception as failure:
            unexpected = refusal_of(failure, entry.id)
            response = self._refused(request, entry, BadRequest(500, unexpected.code, unexpected.message))
        if jar:
            put(jar, response, scope["path"])
        return self._ended(response, entry, asker.bucket, wait_s)

    def _ended(self, response: Response, entry: Entry, bucket: Bucket, wait_s: int | None = None) -> Response:
        """Return the response with what all of them say; it is logged, but for one that only begins."""
        response.raw_headers += self._gate.budgets.headers(bucket, wait_s)
        response.headers["x-request-id"] = entry.id
        response.headers.setdefault("cache-control", "no-store")
        if not isinstance(response, Stream):
            entry.bytes = len(response.body)
            self._requests.ended(entry, response.status_code)
        return response

    def _failed(self, answer: Answer, entry: Entry, bucket: Bucket, accepted: str) -> Response:
        self._count(answer, entry)
        return self._ended(response_of(answer, accepted), entry, bucket)

    async def _respond(self, request: Request | Posted, entry: Entry, asker: Asker) -> Response:
        if request.method not in ("GET", "POST"):
            raise BadRequest(405, "METHOD_NOT_ALLOWED", "Use GET or POST.", {"allow": "GET, POST"})
        accepted = accepted_of(request.headers.get("accept", ""), is_page=is_page(request))
        if accepted == HTML:
            if self._page is None or not await self._gate.may_see_page(asker):
                raise BadRequest(404, "NOT_FOUND", "There is no page here; send a GraphQL request.")
            return HTMLResponse(self._page, headers={"content-security-policy": self._policy})
        if accepted is None:
            raise BadRequest(406, "NOT_ACCEPTABLE", f"Accept {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}.")
        if request.method == "GET" and not was_meant(request.headers, self._settings.cors_origins):
            raise BadRequest(403, CrossSiteRequest.code, _NOT_MEANT)
        kind = accepted
        if kind in FORMS:  # of queries that have parts; all else is plain JSON
            accepted = json_accepted_of(request.headers.get("accept", ""))
        framing = FRAMINGS.get(accepted)
        if framing is not None:
            entry.transport = framing.name
        asked = await read(request, self._settings)
        entry.started = time.perf_counter()  # a slow upload is no slow operation
        if isinstance(asked, list):
            if framing is not None:
                raise BadRequest(406, "NOT_ACCEPTABLE", f"A batch is answered as {JSON}.")
            return await self._batch(asked, asker, accepted, entry)
        operation = await self._documents.prepare(asked, asker.viewer, entry)
        if isinstance(operation, Operation):
            _require_way(operation, request.method, accepted, framing)
            parts = parts_of(operation, self._engine.schema, self._engine.limits) if kind in FORMS else ()
            self._gate.budgets.spend(asker.bucket, operation.cost - 1)
            if parts:
                return await self._in_parts(operation, parts, asker, kind, accepted, entry)
        if framing is not None:
            keeps_itself = replace(asker, jar=None)  # the head goes out before anything has run
            bodies = self._bodies(operation, keeps_itself, entry)
            return Stream(self._stream(bodies, framing, entry, ends_at(asker.viewer)), framing)
        answer = await self._answer(operation, asker, entry, self._deadline())
        response = response_of(answer, accepted)
        if request.method == "GET" and answer.max_age_s and "authorization" not in request.headers:
            response.headers["cache-control"] = f"public, max-age={answer.max_age_s}"
            response.headers["vary"] = "Accept, Authorization"
        return response

    # --- answers ---

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._settings.request_timeout_s

    async def _answer(
        self, operation: Operation | Answer, asker: Asker, entry: Entry, deadline: float
    ) -> Answer:
        """Return the answer to a query or mutation, counted."""
        if isinstance(operation, Answer):
            may_have_role = not asker.is_valid and operation.errors[0]["extensions"]["code"] in FOR_OPERATORS
            answer = refused(TokenEnded()) if may_have_role else operation
        elif not asker.is_valid and not ANYBODY.covers(operation):
            answer = refused(TokenEnded())
        else:
            answer = await run(self._engine, operation, self._gate.context(asker, entry.id), deadline)
        self._count(answer, entry)
        return answer

    def _count(self, answer: Answer, entry: Entry) -> None:
        kind = entry.kind or "invalid"
        self._metrics.answered(kind, time.perf_counter() - entry.started, has_errors=bool(answer.errors))
        self._requests.erred(entry, answer.errors)

    async def _batch(self, asked: Sequence[Asked], asker: Asker, accepted: str, entry: Entry) -> Response:
        """Answer several operations in their order: queries together, or, with a mutation among them, one by one."""
        entries = [replace(entry, transport="batch", codes=set()) for _ in asked]
        pairs = zip(asked, entries, strict=True)
        operations = [_in_batch(await self._documents.prepare(one, asker.viewer, its)) for one, its in pairs]
        cost = sum(operation.cost for operation in operations if isinstance(operation, Operation))
        if cost > (most := self._engine.limits.cost):
            raise BadRequest(400, TooCostly.code, f"The operations cost {cost} together; {most} is the most.")
        self._gate.budgets.spend(asker.bucket, cost - 1)
        deadline = self._deadline()

        async def answered(operation: Operation | Answer, its: Entry) -> bytes:
            body = (await self._answer(operation, asker, its, deadline)).body()
            its.bytes = len(body)
            self._requests.ended(its, 200)
            return body

        running = zip(operations, entries, strict=True)
        if any(its.kind == "mutation" for its in entries):
            bodies = [await answered(*pair) for pair in running]
        else:
            bodies = await asyncio.gather(*(answered(*pair) for pair in running))
        return json_response(b"[" + b",".join(bodies) + b"]", 200, accepted)

    async def _in_parts(
        self,
        operation: Operation,
        parts: Sequence[Part],
        asker: Asker,
        kind: str,
        accepted: str,
        entry: Entry,
    ) -> Response:
        """Answer a query in parts; in plain JSON where nothing follows the first."""
        context, deadline = self._gate.context(asker, entry.id), self._deadline()

        async def answered(part: Part) -> Answer:
            answer = await run(self._engine, part.of(operation), context, deadline)
            self._requests.erred(entry, answer.errors)
            return answer

        first = await self._answer(parts[0].of(operation), asker, entry, deadline)
        response = InParts(parts, first, FORMS[kind])
        if not response.begun:
            return response_of(first, accepted)
        framing = FRAMINGS[kind]
        entry.transport = framing.name
        return Stream(self._stream(response.bodies(answered), framing, entry), framing)

    async def _stream(
        self,
        bodies: AsyncGenerator[bytes, None],
        framing: Framing,
        entry: Entry,
        ends_at: float | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Yield the frames of a stream, one connection an operation: one for each body, then the end."""
        self._metrics.subscriptions.inc()
        try:
            async with aclosing(bodies), aclosing(with_heartbeat(bodies, ends_at)) as beats:
                yield framing.first
                async for body in beats:
                    if body is None:
                        yield framing.quiet
                        continue
                    frame = framing.before + body + framing.after
                    entry.bytes += len(frame)
                    yield frame
            yield framing.last
        finally:
            self._metrics.subscriptions.dec()
            self._requests.ended(entry, 200)

    async def _bodies(
        self, operation: Operation | Answer, asker: Asker, entry: Entry
    ) -> AsyncGenerator[bytes, None]:
        if isinstance(operation, Answer) or operation.node.operation is not OperationType.SUBSCRIPTION:
            yield (await self._answer(operation, asker, entry, self._deadline())).body()
        elif not asker.is_valid:
            yield (await self._answer(refused(TokenEnded()), asker, entry, self._deadline())).body()
        else:
            context = self._gate.context(asker, entry.id)
            async with aclosing(self._engine.subscribe(operation, context)) as answers:
                async for answer in answers:
                    self._requests.erred(entry, answer.errors)
                    yield answer.body()

    def _too_early(self, request: Request | Posted, entry: Entry, answer: Answer) -> Response:
        self._count(answer, entry)
        return response_of(answer, json_accepted_of(request.headers.get("accept", "")))

    def _refused(self, request: Request | Posted, entry: Entry, bad: BadRequest) -> Response:
        answer = refused_with(bad.code, str(bad))
        self._requests.erred(entry, answer.errors)
        accepted = json_accepted_of(request.headers.get("accept", ""))
        return json_response(answer.body(), bad.status, accepted, **bad.headers)


def _require_way(operation: Operation, method: str, accepted: str, framing: Framing | None) -> None:
    """Raise BadRequest where an operation of this kind cannot go this way."""
    kind = operation.node.operation
    if method == "GET" and kind is OperationType.MUTATION:
        raise BadRequest(405, "METHOD_NOT_ALLOWED", "Mutations go by POST.", {"allow": "POST"})
    if kind is OperationType.SUBSCRIPTION and framing is None:
        raise BadRequest(406 if accepted == GRAPHQL_JSON else 400, "SUBSCRIPTION_TRANSPORT", _NO_STREAM)


def _in_batch(operation: Operation | Answer) -> Operation | Answer:
    if isinstance(operation, Operation) and operation.node.operation is OperationType.SUBSCRIPTION:
        return refused_with("SUBSCRIPTION_TRANSPORT", _NO_STREAM)
    return operation
