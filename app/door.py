"""The quick way in: a plain `POST /graphql` that comes in one piece is answered without ASGI in between.

All else goes uvicorn's own way, and everything works the same without this class, only slower. It leans on how
uvicorn's protocol class works inside; `tests/app/test_door.py` says on what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.browsers import SECURITY_HEADERS
from app.manner import Header, Manner, apart
from app.quick import Endpoint
from app.reading import Posted


class _Exchange:
    """One request and its answer: to the protocol it is a cycle of ASGI."""

    __slots__ = (
        "authorization",
        "body",
        "disconnected",
        "door",
        "keep_alive",
        "manner",
        "more_body",
        "response_complete",
        "shared",
    )

    message_event: ClassVar = asyncio.Event()  # uvicorn sets it, and nobody waits for it

    def __init__(self, door: Door, manner: Manner, authorization: str | None, *, keep_alive: bool) -> None:
        self.door, self.manner, self.authorization, self.keep_alive = door, manner, authorization, keep_alive
        self.shared = door.shared_lines
        self.body = b""
        self.more_body = True
        self.disconnected = False
        self.response_complete = False

    @property
    def is_gone(self) -> bool:
        """Whether nobody waits any more."""
        return self.disconnected or self.response_complete

    def posted(self) -> Posted:
        """Return the whole request."""
        headers = {**self.manner.headers, "content-length": str(len(self.body))}
        if self.authorization is not None:
            headers["authorization"] = self.authorization
        return Posted(headers, bytes(self.body))

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something that the server waits for before it ends."""
        tasks = self.door.tasks
        task = self.door.loop.create_task(work)
        task.add_done_callback(tasks.discard)
        tasks.add(task)
        return task

    def send(self, response: Response) -> None:
        """Send a response."""
        self.respond(response.status_code, _lines(response.raw_headers), bytes(response.body))

    def respond(self, status: int, headers: bytes, body: bytes) -> None:
        """Send a response; `headers` are whole lines."""
        self.response_complete = True
        if self.disconnected:
            return
        door = self.door
        closing = b"" if self.keep_alive else b"connection: close\r\n"
        lines = (_SECURITY, door.default_lines(), headers, self.shared, closing)
        door.transport.write(b"".join((STATUS_LINE[status], *lines, b"\r\n", body)))
        if closing:
            door.transport.close()
        door.on_response_complete()


class Door(HttpToolsProtocol):
    """One connection; `path`, `endpoint`, `most_bytes`, `shared`, `is_named` are of the classes that `door` makes."""

    path: bytes
    endpoint: Callable[[], Endpoint]
    most_bytes: int
    shared: Mapping[str, bytes]
    is_named: Callable[[str], bool]
    cycle: Any
    manner: Manner | None = None
    _given: Sequence[Header] = ()
    """The headers that these, and the address, were read from."""
    shared_lines = b""
    """What lets the page that asks read the answers."""

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
        if type(exchange) is _Exchange and exchange.more_body and not self.transport.is_closing():
            self.cycle = None
            super().on_headers_complete()
            self.cycle.body += exchange.body

    def on_message_complete(self) -> None:
        """Begin to answer."""
        exchange = self.cycle
        if type(exchange) is not _Exchange:
            super().on_message_complete()
        elif not exchange.response_complete:
            exchange.more_body = False
            given = (exchange.manner, self._address, exchange.authorization, exchange.body)
            if not self.endpoint().takes(exchange, *given):
                exchange.run(self._answer(exchange))

    def default_lines(self) -> bytes:
        """Return the headers that uvicorn gives all responses."""
        return _default_lines(tuple(self.server_state.default_headers))

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
        others, authorization, length = apart(self.headers)
        if not 0 <= length <= self.most_bytes:
            return None
        if others != self._given:
            self._given, self._address = others, self.endpoint().address(self.scope)
            manner = Manner.of(others)
            is_plain = manner is not None and manner.is_plain(self.is_named, self.shared)
            self.manner = manner if is_plain else None
            self.shared_lines = self.shared.get(manner.headers.get("origin", ""), b"") if manner else b""
        if self.manner is None:
            return None
        return _Exchange(self, self.manner, authorization, keep_alive=parser.should_keep_alive())

    async def _answer(self, exchange: _Exchange) -> None:
        scope = self.scope
        scope["method"], scope["path"] = "POST", self.path.decode()
        exchange.send(await self.endpoint().post(scope, exchange.posted()))


@lru_cache(maxsize=2)
def _default_lines(headers: tuple[Header, ...]) -> bytes:
    """They change with the clock."""
    return _lines(headers)


def _lines(headers: Iterable[Header]) -> bytes:
    return b"".join(b"%s: %s\r\n" % header for header in headers)


def door(
    path: str,
    endpoint: Callable[[], Endpoint],
    *,
    most_bytes: int,
    shared: Mapping[str, Sequence[Header]],
    is_named: Callable[[str], bool],
) -> type[Door]:
    """Return the protocol class that `uvicorn.Config` takes as `http`; `shared` as `shared_with` returns it."""
    members = {
        "path": path.encode(),
        "endpoint": staticmethod(endpoint),
        "most_bytes": most_bytes,
        "shared": {origin: _lines(headers) for origin, headers in shared.items()},
        "is_named": staticmethod(is_named),
    }
    return type("Door", (Door,), members)


_SECURITY = _lines(SECURITY_HEADERS)
