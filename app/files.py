"""Endpoints of files, beside `/graphql`: admitted, counted and refused in the same way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.auth import Asker, Gate, given_id, new_id
from app.metrics import Metrics
from app.negotiation import JSON
from app.operations import STATUSES, refused, refused_with
from app.reading import BadRequest
from app.requests import Entry, Requests
from app.responses import json_response
from app.settings import Settings
from resolvers.answers import Answer, refusal_of
from resolvers.errors import RateLimited, Refused, TooSlow, Unauthenticated, Unavailable, UnreadableExport

_STATUS = {
    **STATUSES,
    UnreadableExport.code: 422,
    Unauthenticated.code: 401,
    Unavailable.code: 503,
    TooSlow.code: 503,
}


class FileEndpoint(ABC):
    """An ASGI application for one path: `kind` and `path` are what it is called in the log of requests."""

    kind: ClassVar[str]
    path: ClassVar[str]

    def __init__(self, gate: Gate, settings: Settings, metrics: Metrics) -> None:
        self._gate, self._settings = gate, settings
        self._requests = Requests(metrics, settings.slow_ms)

    @abstractmethod
    async def respond(self, request: Request, entry: Entry, asker: Asker) -> Response:
        """Answer a request. Raises BadRequest, and what a resolver raises."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        entry = Entry(given_id(request.headers) or new_id(), self.kind, request.method, self.path)
        asker = self._gate.asker(
            self._gate.address(scope), request.headers.get("authorization"), request.headers
        )
        wait_s = None
        try:
            response = await self.respond(request, entry, asker)
        except ClientDisconnect:
            return
        except BadRequest as bad:
            response = self._refused(refused_with(bad.code, str(bad)), bad.status, entry, bad.headers)
        except Exception as failure:
            refusal = failure if isinstance(failure, Refused) else refusal_of(failure, entry.id)
            wait_s = refusal.retry_after_s if isinstance(refusal, RateLimited) else None
            wait = {"retry-after": str(refusal.retry_after_s)} if refusal.retry_after_s else {}
            response = self._refused(refused(refusal), _STATUS.get(refusal.code, 500), entry, wait)
        response.raw_headers += self._gate.budgets.headers(asker.bucket, wait_s)
        response.headers["x-request-id"] = entry.id
        response.headers["cache-control"] = "no-store"
        self._requests.ended(entry, response.status_code)
        await response(scope, receive, send)

    def _refused(self, answer: Answer, status: int, entry: Entry, headers: Mapping[str, str]) -> Response:
        self._requests.erred(entry, answer.errors)
        return json_response(answer.body(), status, JSON, **headers)
