"""The quick way in for servers of ASGI: what is known is answered before the application looks at the request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.browsers import SECURITY_HEADERS, shared_with
from app.manner import Manner, apart
from app.quick import Endpoint
from app.settings import Settings


class _Exchange:
    """A request that waits for its response: the status, the headers, the body."""

    is_gone = False

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.response: asyncio.Future[tuple[int, list[tuple[bytes, bytes]], bytes]] = loop.create_future()
        self._work: asyncio.Task[None] | None = None

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something that the request waits for."""
        self._work = asyncio.create_task(work)
        return self._work

    def send(self, response: Response) -> None:
        """Respond."""
        self._tell(response.status_code, response.raw_headers, bytes(response.body))

    def respond(self, status: int, headers: bytes, body: bytes) -> None:
        """Respond; `headers` are whole lines."""
        pairs = (line.split(b": ", 1) for line in headers.split(b"\r\n")[:-1])
        self._tell(status, [(name, value) for name, value in pairs], body)

    def _tell(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        if not self.response.done():
            self.response.set_result((status, headers, body))


class AtOnce:
    """Around an application: answers a `POST` to `path` that came in one piece, where `endpoint` takes it."""

    def __init__(
        self,
        app: ASGIApp,
        path: str,
        endpoint: Callable[[], Endpoint],
        is_named: Callable[[str], bool],
        settings: Settings,
    ) -> None:
        self._app, self._path, self._endpoint, self._is_named = app, path, endpoint, is_named
        self._most_bytes, self._timeout_s = settings.body_bytes, settings.request_timeout_s
        self._shared = shared_with(settings.cors_origins, with_cookies=settings.refresh_cookie)
        self._known: dict[tuple[tuple[bytes, bytes], ...], Manner | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        others, authorization, length = apart(scope["headers"])
        manner = self._manner(others) if 0 <= length <= self._most_bytes else None
        if manner is None:
            await self._app(scope, receive, send)
            return
        first = await self._first(receive)
        if not (isinstance(first, TimeoutError) or first.get("more_body")):
            exchange = _Exchange()
            address = self._endpoint().address(scope)
            if self._endpoint().takes(exchange, manner, address, authorization, first.get("body", b"")):
                status, headers, body = await exchange.response
                shared = self._shared.get(manner.headers.get("origin", ""), ())
                whole = [*SECURITY_HEADERS, *headers, *shared]
                await send({"type": "http.response.start", "status": status, "headers": whole})
                await send({"type": "http.response.body", "body": body})
                return
        await self._app(scope, _again(first, receive), send)

    async def _first(self, receive: Receive) -> Message | TimeoutError:
        """Return what comes first of the body, if it comes in time."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await receive()
        except TimeoutError as late:
            return late

    def _manner(self, others: list[tuple[bytes, bytes]]) -> Manner | None:
        """Return how a request is to be answered; None where it has more to it than a plain client's."""
        key = tuple(others)
        if key in self._known:
            return self._known[key]
        manner = Manner.of(others)
        if manner is not None and not manner.is_plain(self._is_named, self._shared):
            manner = None
        if sum(len(name) + len(value) for name, value in key) < _REMEMBERED:
            if len(self._known) == _MOST:
                self._known.clear()
            self._known[key] = manner
        return manner


_REMEMBERED, _MOST = 1_000, 256
"""Bytes of headers, and how many of such, that are remembered."""


def _again(first: Message | TimeoutError, receive: Receive) -> Receive:
    """Return what receives the same once more, and then what comes."""
    waiting = [first]

    async def received() -> Message:
        message = waiting.pop() if waiting else await receive()
        if isinstance(message, TimeoutError):
            raise message
        return message

    return received
