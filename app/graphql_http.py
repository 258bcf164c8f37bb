"""GraphQL over HTTP: what is asked, in which form it is answered, and with which status."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from app.auth import ANYBODY, Gate
from app.metrics import Metrics
from app.negotiation import EVENT_STREAM, GRAPHQL_JSON, HTML, JSON, accepted_of, is_json
from app.requests import Asked, Entry, Requests
from app.settings import Settings
from resolvers.answers import Answer, error_of, refusal_of
from resolvers.context import Context
from resolvers.documents import Operation
from resolvers.engine import Engine
from resolvers.errors import TooSlow, Unauthenticated

HEARTBEAT_S = 12.0


class BadRequest(Exception):
    """The HTTP request is not a GraphQL request; `status` and `code` say what is wrong with it."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}


class GraphQLHTTP:
    """The endpoint: an ASGI application for one path."""

    def __init__(
        self, engine: Engine, gate: Gate, settings: Settings, metrics: Metrics, page: str | None
    ) -> None:
        self._engine, self._gate, self._settings, self._metrics, self._page = (
            engine,
            gate,
            settings,
            metrics,
            page,
        )
        self._requests = Requests(metrics, settings.slow_ms)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        entry = Entry(self._gate.request_id(request.headers), "http", request.method, scope["path"])
        try:
            response = await self._respond(request, entry)
        except BadRequest as bad:
            response = self._refused(request, entry, bad)
        except ClientDisconnect:
            return
        except Exception as failure:
            refusal = refusal_of(failure, entry.id)
            response = self._refused(request, entry, BadRequest(500, refusal.code, refusal.message))
        response.headers["x-request-id"] = entry.id
        response.headers.setdefault("cache-control", "no-store")
        if not isinstance(response, _EventStream):
            entry.bytes = len(response.body)
            self._requests.ended(entry, response.status_code)
        await response(scope, receive, send)

    async def _respond(self, request: Request, entry: Entry) -> Response:
        if request.method not in ("GET", "POST"):
            raise BadRequest(405, "METHOD_NOT_ALLOWED", "Use GET or POST.", {"allow": "GET, POST"})
        is_page = request.method == "GET" and "query" not in request.query_params
        accepted = accepted_of(request.headers.get("accept", ""), HTML if is_page else None)
        context = self._gate.context(request.headers, entry.id)
        may_introspect = self._gate.may_introspect(context.viewer if context else None)
        if accepted == HTML:
            if self._page is None or not may_introspect:
                raise BadRequest(404, "NOT_FOUND", "There is no page here; send a GraphQL request.")
            return HTMLResponse(self._page)
        if accepted is None:
            raise BadRequest(406, "NOT_ACCEPTABLE", f"Accept {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}.")
        if accepted == EVENT_STREAM:
            entry.transport = "sse"
        asked = await self._asked(request)
        entry.name, entry.started = asked.name, time.perf_counter()  # a slow upload is no slow operation
        prepared = self._engine.prepare(
            asked.query, asked.name, asked.variables, may_introspect=may_introspect
        )
        if isinstance(prepared, Answer):
            return self._answer(prepared, accepted, entry)
        entry.runs(prepared)
        return await self._run(request, prepared, context, accepted, entry)

    async def _run(
        self, request: Request, operation: Operation, context: Context | None, accepted: str, entry: Entry
    ) -> Response:
        kind = operation.node.operation
        if request.method == "GET" and kind is OperationType.MUTATION:
            raise BadRequest(405, "METHOD_NOT_ALLOWED", "Mutations go by POST.", {"allow": "POST"})
        if kind is OperationType.SUBSCRIPTION and accepted != EVENT_STREAM:
            message = f"Subscriptions go over a WebSocket, or with Accept: {EVENT_STREAM}."
            raise BadRequest(406 if accepted == GRAPHQL_JSON else 400, "SUBSCRIPTION_TRANSPORT", message)
        if context is None and not ANYBODY.covers(operation):
            response = self._answer(_unauthenticated(), accepted, entry)
            response.status_code = 401 if accepted == GRAPHQL_JSON else 200
            return response
        context = context or self._gate.of(None, entry.id)
        if accepted == EVENT_STREAM:
            return _EventStream(self._stream(operation, context, entry))
        try:
            async with asyncio.timeout(self._settings.request_timeout_s):
                answer = await self._engine.run(operation, context)
        except TimeoutError:
            answer = Answer(b"null", [error_of(TooSlow(), ())], operation.extensions)
        return self._answer(answer, accepted, entry)

    async def _stream(
        self, operation: Operation, context: Context, entry: Entry
    ) -> AsyncGenerator[bytes, None]:
        """Server-sent events, one connection an operation: `next` for each answer, then `complete`."""
        self._metrics.subscriptions.inc()
        try:
            async with (
                aclosing(self._engine.stream(operation, context)) as answers,
                aclosing(_with_heartbeat(answers, HEARTBEAT_S)) as beats,
            ):
                async for answer in beats:
                    yield b":\n\n" if answer is None else self._event(answer, entry)
            yield b"event: complete\ndata:\n\n"
        finally:
            self._metrics.subscriptions.dec()
            self._requests.ended(entry, 200)

    def _event(self, answer: Answer, entry: Entry) -> bytes:
        self._requests.erred(entry, answer.errors)
        event = b"event: next\ndata: " + answer.body() + b"\n\n"
        entry.bytes += len(event)
        return event

    def _answer(self, answer: Answer, accepted: str, entry: Entry) -> Response:
        kind = entry.kind or "invalid"
        self._metrics.seconds.labels(kind).observe(time.perf_counter() - entry.started)
        self._metrics.requests.labels(kind, "error" if answer.errors else "ok").inc()
        if accepted == EVENT_STREAM:
            return Response(
                self._event(answer, entry) + b"event: complete\ndata:\n\n", media_type=EVENT_STREAM
            )
        self._requests.erred(entry, answer.errors)
        media_type = GRAPHQL_JSON if accepted == GRAPHQL_JSON else JSON
        status = 400 if answer.data is None and accepted == GRAPHQL_JSON else 200
        return Response(answer.body(), status, media_type=f"{media_type}; charset=utf-8")

    def _refused(self, request: Request, entry: Entry, bad: BadRequest) -> Response:
        answer = Answer(None, [{"message": str(bad), "extensions": {"code": bad.code}}])
        self._requests.erred(entry, answer.errors)
        kind = GRAPHQL_JSON if accepted_of(request.headers.get("accept", "")) == GRAPHQL_JSON else JSON
        return Response(answer.body(), bad.status, headers=bad.headers, media_type=f"{kind}; charset=utf-8")

    # --- what is asked ---

    async def _asked(self, request: Request) -> Asked:
        if request.method == "GET":
            given: dict[str, Any] = dict(request.query_params)
            for name in ("variables", "extensions"):
                if given.get(name):
                    given[name] = self._json(given[name].encode(), f"`{name}`")
                else:
                    given.pop(name, None)
        else:
            if not is_json(request.headers.get("content-type", "")):
                raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", f"Send Content-Type: {JSON}, in UTF-8.")
            given = self._json(await self._body(request), "The body")
        return self._checked(given)

    def _checked(self, given: Any) -> Asked:
        if not isinstance(given, dict):
            raise BadRequest(400, "BAD_REQUEST", "The body must be a JSON object with `query`.")
        query, name = given.get("query"), given.get("operationName")
        variables, extensions = given.get("variables"), given.get("extensions")
        if not isinstance(query, str) or not query.strip():
            raise BadRequest(400, "BAD_REQUEST", "`query` must be a text: the GraphQL document.")
        if len(query.encode(errors="replace")) > self._settings.document_bytes:
            raise BadRequest(
                413, "DOCUMENT_TOO_LARGE", f"A document has at most {self._settings.document_bytes} bytes."
            )
        if name is not None and not isinstance(name, str):
            raise BadRequest(400, "BAD_REQUEST", "`operationName` must be a text or null.")
        for field, value in (("variables", variables), ("extensions", extensions)):
            if value is not None and not isinstance(value, dict):
                raise BadRequest(400, "BAD_REQUEST", f"`{field}` must be an object or null.")
        return Asked(query, name or None, variables or {})

    async def _body(self, request: Request) -> bytes:
        most = self._settings.body_bytes
        length = request.headers.get("content-length", "")
        too_large = BadRequest(
            413, "BODY_TOO_LARGE", f"A body has at most {most} bytes.", {"connection": "close"}
        )
        if length.isdigit() and int(length) > most:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self._settings.request_timeout_s):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > most:
                        raise too_large
        except TimeoutError:
            raise BadRequest(
                408, "BODY_TIMEOUT", "The body came too slowly.", {"connection": "close"}
            ) from None
        return bytes(body)

    def _json(self, text: bytes, what: str) -> Any:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise BadRequest(400, "BAD_JSON", f"{what} is not JSON in UTF-8.") from None
        if _deeper_than(value, self._settings.json_depth):
            raise BadRequest(400, "BAD_JSON", f"{what} is nested deeper than {self._settings.json_depth}.")
        return value


class _EventStream(StreamingResponse):
    """Server-sent events that end on our side, too, as soon as the client has gone."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, media_type=EVENT_STREAM, headers={"x-accel-buffering": "no"})
        self._events = events

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (
                outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ()
            )
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _unauthenticated() -> Answer:
    message = "Your access token is not valid (any more): refresh the session, or sign in again."
    return Answer(None, [{"message": message, "extensions": {"code": Unauthenticated.code}}])


async def _with_heartbeat(
    answers: AsyncGenerator[Answer, None], every_s: float
) -> AsyncGenerator[Answer | None, None]:
    """Yield the answers, and None whenever none came for a while, so that nobody in between closes the connection."""
    following = asyncio.ensure_future(anext(answers, None))
    try:
        while True:
            done, _ = await asyncio.wait([following], timeout=every_s)
            if not done:
                yield None
                continue
            answer = following.result()
            if answer is None:
                return
            yield answer
            following = asyncio.ensure_future(anext(answers, None))
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
