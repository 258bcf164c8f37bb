"""`POST /imports?name=…`: an export of another service, as the body. What it comes to is asked for with GraphQL."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.auth import Asker, Gate
from app.files import FileEndpoint
from app.metrics import Metrics
from app.negotiation import JSON
from app.operations import TokenEnded
from app.reading import BadRequest, body_of, require_plain
from app.requests import Entry
from app.responses import json_response
from app.settings import Settings
from resolvers.errors import Overload, TooSlow, Unauthenticated
from resolvers.imports import upload

PATH = "/imports"
POINT = 1_024
"""Bytes that cost a point of the person's budget."""
AT_ONCE = 8
"""Uploads that are received at the same time: each is in memory until it is read."""
_WAIT_S = 2


class Uploads(FileEndpoint):
    """The endpoint."""

    kind: ClassVar[str] = "upload"
    path: ClassVar[str] = PATH

    def __init__(self, gate: Gate, settings: Settings, metrics: Metrics) -> None:
        super().__init__(gate, settings, metrics)
        self._receiving = 0

    async def respond(self, request: Request, entry: Entry, asker: Asker) -> Response:
        """Keep a preview of the body. Raises Unauthenticated, UnreadableExport, Overload, TooSlow."""
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
