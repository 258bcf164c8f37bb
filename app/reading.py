"""Reads what an HTTP request asks for, within the limits of a body."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.requests import Request

from app.asked import Asked, Malformed, asked_of, json_of
from app.negotiation import JSON, is_json
from app.settings import Settings

BATCH = 10
"""Operations that one body may have."""
_DOCUMENT = frozenset({"query", "documentId", "id", "extensions"})
"""What a document may be given by: an address with none of them asks for nothing."""


class BadRequest(Exception):
    """The HTTP request is not a GraphQL request; `status` and `code` say what is wrong with it."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}


@dataclass(frozen=True, slots=True)
class Posted:
    """A POST to the endpoint whose body has come; its headers by their names in lower case."""

    headers: Mapping[str, str]
    body: bytes
    method: ClassVar[str] = "POST"


def is_page(request: Request | Posted) -> bool:
    """Whether somebody opens the address in a browser: nothing is asked for."""
    return (
        isinstance(request, Request)
        and request.method == "GET"
        and _DOCUMENT.isdisjoint(request.query_params)
    )


async def read(request: Request | Posted, settings: Settings) -> Asked | list[Asked]:
    """Return the operation that a request asks for, or the operations of a batch. Raises BadRequest."""
    if isinstance(request, Request) and request.method == "GET":
        return _checked(_parameters(request, settings))
    if not is_json(request.headers.get("content-type", "")):
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", f"Send Content-Type: {JSON}, in UTF-8.")
    require_plain(request)
    if isinstance(request, Posted):
        body = request.body
    else:
        body = await body_of(request, settings.body_bytes, settings.request_timeout_s)
    given = _json(body, "The body", settings)
    if not isinstance(given, list):
        return _checked(given)
    if not given:
        raise BadRequest(400, "BAD_REQUEST", "A batch has one operation at least.")
    if len(given) > BATCH:
        raise BadRequest(400, "BATCH_TOO_LARGE", f"A batch has at most {BATCH} operations.")
    return [_checked(one) for one in given]


def _parameters(request: Request, settings: Settings) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in given:
            raise BadRequest(400, "BAD_REQUEST", "Give each parameter of the address once.")
        given[name] = value
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = _json(given[name].encode(), f"`{name}`", settings)
        else:
            given.pop(name, None)
    return given


def _checked(given: Any) -> Asked:
    try:
        asked = asked_of(given)
    except Malformed as malformed:
        raise BadRequest(400, "BAD_REQUEST", str(malformed)) from None
    if asked.query is not None and not asked.query.strip():
        raise BadRequest(400, "BAD_REQUEST", "`query` must be a text: the GraphQL document.")
    return asked


def require_plain(request: Request | Posted) -> None:
    """Raise BadRequest where the body is compressed."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        message = "Send the body as it is, without a Content-Encoding."
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", message, {"accept-encoding": "identity"})


async def body_of(request: Request, most: int, timeout_s: float) -> bytes:
    """Return the body, `most` bytes at most. Raises BadRequest, ClientDisconnect."""
    length = request.headers.get("content-length", "")
    too_large = BadRequest(
        413, "BODY_TOO_LARGE", f"A body has at most {most} bytes.", {"connection": "close"}
    )
    if length.isdigit() and int(length) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_large
    except TimeoutError:
        raise BadRequest(408, "BODY_TIMEOUT", "The body came too slowly.", {"connection": "close"}) from None
    return bytes(body)


def _json(text: bytes, what: str, settings: Settings) -> Any:
    try:
        return json_of(text, what, settings.json_depth)
    except Malformed as malformed:
        raise BadRequest(400, "BAD_JSON", str(malformed)) from None
