"""GraphQL over HTTP: what is asked, in which form it is answered, and with which status."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from app.auth import ANYBODY, Asker, Gate
from app.budgets import cost_of
from app.metrics import Metrics
from app.negotiation import EVENT_STREAM, GRAPHQL_JSON, HTML, JSON, accepted_of, is_json
from app.operations import TokenEnded, ends_at, refused, run, stream, too_early
from app.requests import Asked, Entry, Requests
from app.settings import Settings
from resolvers.answers import Answer, refusal_of
from resolvers.context import Context
from resolvers.documents import Operation
from resolvers.engine import Engine
from resolvers.errors import RateLimited

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
        asker = self._gate.asker(scope, request.headers.get("authorization"))
        wait_s = None
        try:
            self._gate.budgets.spend(asker.bucket, 1)  # whatever comes of it
            response = await self._respond(request, entry, asker)
        except BadRequest as bad:
            response = self._refused(request, entry, bad)
        except RateLimited as refusal:
            wait_s = refusal.retry_after_s
            response = self._answer(refused(refusal), _json_of(request), entry)
        except ClientDisconnect:
            return
        except Exception as failure:
            unexpected = refusal_of(failure, entry.id)
            response = self._refused(request, entry, BadRequest(500, unexpected.code, unexpected.message))
        response.raw_headers += self._gate.budgets.headers(asker.bucket, wait_s)
        response.headers["x-request-id"] = entry.id
        response.headers.setdefault("cache-control", "no-store")
        if not isinstance(response, _EventStream):
            entry.bytes = len(response.body)
            self._requests.ended(entry, response.status_code)
        await response(scope, receive, send)

    async def _respond(self, request: Request, entry: Entry, asker: Asker) -> Response:
        if request.method not in ("GET", "POST"):
            raise BadRequest(405, "METHOD_NOT_ALLOWED", "Use GET or POST.", {"allow": "GET, POST"})
        is_page = request.method == "GET" and "query" not in request.query_params
        accepted = accepted_of(request.headers.get("accept", ""), HTML if is_page else None)
        if accepted == HTML:
            if self._page is None:
                raise BadRequest(404, "NOT_FOUND", "There is no page here; send a GraphQL request.")
            return HTMLResponse(self._page)
        if accepted is None:
            raise BadRequest(406, "NOT_ACCEPTABLE", f"Accept {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}.")
        if accepted == EVENT_STREAM:
            entry.transport = "sse"
        asked = await self._asked(request)
        entry.name, entry.started = asked.name, time.perf_counter()  # a slow upload is no slow operation
        prepared = self._engine.prepare(asked.query, asked.name, asked.variables)
        if isinstance(prepared, Answer):
            return self._answer(prepared, accepted, entry)
        entry.runs(prepared)
        self._gate.budgets.spend(asker.bucket, cost_of(prepared) - 1)
        return await self._run(request, prepared, accepted, entry, asker)

    async def _run(
        self, request: Request, operation: Operation, accepted: str, entry: Entry, asker: Asker
    ) -> Response:
        kind = operation.node.operation
        if request.method == "GET" and kind is OperationType.MUTATION:
            raise BadRequest(405, "METHOD_NOT_ALLOWED", "Mutations go by POST.", {"allow": "POST"})
        if kind is OperationType.SUBSCRIPTION and accepted != EVENT_STREAM:
            message = f"Subscriptions go over a WebSocket, or with Accept: {EVENT_STREAM}."
            raise BadRequest(406 if accepted == GRAPHQL_JSON else 400, "SUBSCRIPTION_TRANSPORT", message)
        if not asker.is_valid and not ANYBODY.covers(operation):
            response = self._answer(refused(TokenEnded()), accepted, entry)
            response.status_code = 401 if accepted == GRAPHQL_JSON else 200
            return response
        context = self._gate.context(asker, entry.id)
        if accepted == EVENT_STREAM:
            return _EventStream(self._stream(operation, context, entry))
        answer = await run(self._engine, operation, context, self._settings.request_timeout_s)
        return self._answer(answer, accepted, entry)

    async def _stream(
        self, operation: Operation, context: Context, entry: Entry
    ) -> AsyncGenerator[bytes, None]:
        """Server-sent events, one connection an operation: `next` for each answer, then `complete`."""
        self._metrics.subscriptions.inc()
        timeout_s = self._settings.request_timeout_s
        try:
            async with (
                aclosing(stream(self._engine, operation, context, timeout_s)) as answers,
                aclosing(_with_heartbeat(answers, HEARTBEAT_S, ends_at(context.viewer))) as beats,
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
        status, headers = (400 if answer.data is None and accepted == GRAPHQL_JSON else 200), None
        if early := too_early(answer):
            status, headers = early[0], {"retry-after": str(early[1])}
        return Response(answer.body(), status, headers, media_type=f"{media_type}; charset=utf-8")

    def _refused(self, request: Request, entry: Entry, bad: BadRequest) -> Response:
        answer = Answer(None, [{"message": str(bad), "extensions": {"code": bad.code}}])
        self._requests.erred(entry, answer.errors)
        media_type = f"{_json_of(request)}; charset=utf-8"
        return Response(answer.body(), bad.status, headers=bad.headers, media_type=media_type)

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


def _json_of(request: Request) -> str:
    """Return the form of JSON in which a request is refused."""
    accept = request.headers.get("accept", "")
    return GRAPHQL_JSON if accepted_of(accept) == GRAPHQL_JSON else JSON


async def _with_heartbeat(
    answers: AsyncGenerator[Answer, None], every_s: float, ends_at: float | None
) -> AsyncGenerator[Answer | None, None]:
    """Yield the answers, and None whenever none came for a while, so that nobody in between closes the connection.

    At `ends_at`, when the access token ends, the last answer says so.
    """
    now = asyncio.get_running_loop().time
    following = asyncio.ensure_future(anext(answers, None))
    try:
        while True:
            left = math.inf if ends_at is None else ends_at - now()
            if left <= 0:
                yield refused(TokenEnded())
                return
            done, _ = await asyncio.wait([following], timeout=min(every_s, left))
            if not done:
                if left > every_s:
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
