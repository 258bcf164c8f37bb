"""The quick way in: a plain `POST /graphql` that comes in one piece is answered without ASGI in between.

All else goes uvicorn's own way, and everything works the same without this class, only slower. It leans on how
uvicorn's protocol class works inside; `tests/app/test_door.py` says on what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.browsers import SECURITY_HEADERS
from app.reading import Posted

Post = Callable[[Any, Posted], Awaitable[Response]]
"""Answers a POST, given its ASGI scope; raises nothing."""

_STREAMED = ("text/event-stream", "multipart/")
_SECURITY = b"".join(b"%s: %s\r\n" % header for header in SECURITY_HEADERS)


class _Exchange:
    """One request and its answer: to the protocol it is a cycle of ASGI."""

    __slots__ = ("body", "disconnected", "headers", "keep_alive", "more_body", "response_complete")

    message_event: ClassVar = asyncio.Event()  # uvicorn sets it, and nobody waits for it

    def __init__(self, headers: dict[str, str], *, keep_alive: bool) -> None:
        self.headers = headers
        self.keep_alive = keep_alive
        self.body = bytearray()
        self.more_body = True
        self.disconnected = False
        self.response_complete = False


class Door(HttpToolsProtocol):
    """One connection; `path`, `post`, `most_bytes`, `has_cors` and `is_named` are of the classes that `door` makes."""

    path: bytes
    post: Post
    most_bytes: int
    has_cors: bool
    is_named: Callable[[str], bool]
    cycle: Any

    def on_headers_complete(self) -> None:
        """Take a request, or leave it to uvicorn."""
        exchange = self._exchange()
        if exchange is None:
            super().on_headers_complete()
        else:
            self.cycle = exchange

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what did not come in one piece goes uvicorn's way."""
        super().data_received(data)
        exchange = self.cycle
        if isinstance(exchange, _Exchange) and exchange.more_body and not self.transport.is_closing():
            self.cycle = None
            super().on_headers_complete()
            self.cycle.body += exchange.body

    def on_message_complete(self) -> None:
        """Begin to answer."""
        super().on_message_complete()
        exchange = self.cycle
        if isinstance(exchange, _Exchange) and not exchange.response_complete:
            task = self.loop.create_task(self._answer(exchange))
            task.add_done_callback(self.tasks.discard)
            self.tasks.add(task)

    def _exchange(self) -> _Exchange | None:
        """Return the request, None where it is not of the plain kind."""
        parser = self.parser
        if (
            self.url != self.path
            or parser.get_method() != b"POST"
            or parser.get_http_version() != "1.1"
            or parser.should_upgrade()
            or self.expect_100_continue
            or self.flow.write_paused
            or not (self.cycle is None or self.cycle.response_complete)
        ):
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.headers}
        if (
            len(headers) != len(self.headers)
            or not 0 <= _length(headers) <= self.most_bytes
            or not self.is_named(headers.get("host", ""))
            or (self.has_cors and "origin" in headers)
            or any(kind in headers.get("accept", "").lower() for kind in _STREAMED)
        ):
            return None
        return _Exchange(headers, keep_alive=parser.should_keep_alive())

    async def _answer(self, exchange: _Exchange) -> None:
        scope = self.scope
        scope["method"], scope["path"] = "POST", self.path.decode()
        response = await type(self).post(scope, Posted(exchange.headers, bytes(exchange.body)))
        exchange.response_complete = True
        if exchange.disconnected:
            return
        head = [STATUS_LINE[response.status_code], _SECURITY]
        for name, value in (*self.server_state.default_headers, *response.raw_headers):
            head += (name, b": ", value, b"\r\n")
        if not exchange.keep_alive:
            head.append(b"connection: close\r\n")
        self.transport.write(b"".join((*head, b"\r\n", response.body)))
        if not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()


def _length(headers: dict[str, str]) -> int:
    """Return the length that the headers tell, -1 where they do not."""
    length = headers.get("content-length", "")
    return int(length) if length.isdigit() and len(length) < 10 else -1


def door(
    path: str, post: Post, *, most_bytes: int, has_cors: bool, is_named: Callable[[str], bool]
) -> type[Door]:
    """Return the protocol class that `uvicorn.Config` takes as `http`."""
    members = {
        "path": path.encode(),
        "post": staticmethod(post),
        "most_bytes": most_bytes,
        "has_cors": has_cors,
        "is_named": staticmethod(is_named),
    }
    return type("Door", (Door,), members)
