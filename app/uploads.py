"""`POST /imports?name=…`: an export of another service, as the body. What it comes to is asked for with GraphQL."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.auth import Asker, Gate, given_id, new_id
from app.metrics import Metrics
from app.negotiation import JSON
from app.operations import STATUSES, TokenEnded, refused, refused_with
from app.reading import BadRequest, body_of, require_plain
from app.requests import Entry, Requests
from app.responses import json_response
from app.settings import Settings
from resolvers.answers import Answer, refusal_of
from resolvers.errors import (
    Overload,
    RateLimited,
    Refused,
    TooSlow,
    Unauthenticated,
    Unavailable,
    UnreadableExport,
)
from resolvers.imports import upload

PATH = "/imports"
POINT = 1_024
"""Bytes that cost a point of the person's budget."""
AT_ONCE = 8
"""Uploads that are received at the same time: each is in memory until it is read."""
_WAIT_S = 2

_STATUS = {
    **STATUSES,
    UnreadableExport.code: 422,
    Unauthenticated.code: 401,
    Unavailable.code: 503,
    TooSlow.code: 503,
}


class Uploads:
    """The endpoint: an ASGI application for one path."""

    def __init__(self, gate: Gate, settings: Settings, metrics: Metrics) -> None:
        self._gate, self._settings = gate, settings
        self._requests = Requests(metrics, settings.slow_ms)
        self._receiving = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        entry = Entry(given_id(request.headers) or new_id(), "upload", request.method, PATH)
        asker = self._gate.asker(
            self._gate.address(scope), request.headers.get("authorization"), request.headers
        )
        wait_s = None
        try:
            response = await self._respond(request, entry, asker)
        except ClientDisconnect:
            return
        except BadRequest as bad:
            response = self._refused(refused_with(bad.code, str(bad)), bad.status, entry, **bad.headers)
        except Exception as failure:
            refusal = failure if isinstance(failure, Refused) else refusal_of(failure, entry.id)
            wait_s = refusal.retry_after_s if isinstance(refusal, RateLimited) else None
            wait = {"retry-after": str(refusal.retry_after_s)} if refusal.retry_after_s else {}
            response = self._refused(refused(refusal), _STATUS.get(refusal.code, 500), entry, **wait)
        response.raw_headers += self._gate.budgets.headers(asker.bucket, wait_s)
        response.headers["x-request-id"] = entry.id
        response.headers["cache-control"] = "no-store"
        self._requests.ended(entry, response.status_code)
        await response(scope, receive, send)

    async def _respond(self, request: Request, entry: Entry, asker: Asker) -> Response:
        if request.method != "POST":
            raise BadRequest(405, "METHOD_NOT_ALLOWED", "Use POST.", {"allow": "POST"})
        self._gate.admit(asker)
        if asker.viewer is None:
            raise TokenEnded if not asker.is_valid else Unauthenticated
        require_plain(request)
        if self._receiving == AT_ONCE:
            raise Overload(_WAIT_S)
        self._receiving += 1
        try:
            body = await body_of(request, self._settings.import_bytes, self._settings.import_timeout_s)
            self._gate.budgets.spend(asker.bucket, len(body) // POINT)
            context = self._gate.context(asker, entry.id)
            async with asyncio.timeout(self._settings.request_timeout_s):
                key = await upload(context, request.query_params.get("name", ""), body)
        except TimeoutError:
            raise TooSlow from None
        finally:
            self._receiving -= 1
        return json_response(orjson.dumps({"data": {"import": {"id": key}}}), 201, JSON)

    def _refused(self, answer: Answer, status: int, entry: Entry, **headers: str) -> Response:
        self._requests.erred(entry, answer.errors)
        return json_response(answer.body(), status, JSON, **headers)
