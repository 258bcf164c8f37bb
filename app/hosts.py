"""By which names this server may be asked.

A page can have its own site's name lead to this machine (DNS rebinding). To the browser the two are one site then, and
nothing else keeps the page from reading; but `Host` still says the page's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth import given_id, new_id
from app.negotiation import JSON, remembered
from app.operations import refused
from app.settings import Settings
from resolvers.errors import Refused

ANY = "*"
LOOPBACK = ("localhost", "*.localhost", "127.0.0.1", "[::1]")
"""Names that no site can have."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]@/:\s]+)(?::\d*)?", re.ASCII)


class HostNotAllowed(Refused):
    """This server is not asked by this name: use its own. Its operator can allow others: PROJECTIONIST_ALLOWED_HOSTS."""

    code = "HOST_NOT_ALLOWED"


def allowed_by(settings: Settings) -> Collection[str]:
    """Return the names that the operator allows, by default those that fit where the server listens.

    In production a proxy on the same machine may pass any name on. The name that links in messages have is one of them.
    """
    public = (urlsplit(settings.public_url).hostname or "",) if settings.public_url else ()
    if settings.allowed_hosts:
        return (*settings.allowed_hosts, *public)
    return (ANY,) if settings.production or not _is_loopback(settings.host) else (*LOOPBACK, *public)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def named_by(allowed: Collection[str]) -> Callable[[str], bool]:
    """Return what says whether a Host header names one of these hosts, with whatever port.

    `*.example.org` is every name below it, `*` any name at all.
    """
    if ANY in allowed:
        return lambda _: True
    names = frozenset(allowed)
    below = tuple(name[1:] for name in allowed if name.startswith("*."))

    @remembered
    def is_named(header: str) -> bool:
        match = _HOST.fullmatch(header.lower())
        return match is not None and (match[1] in names or match[1].endswith(below))

    return is_named


class Hosts:
    """Lets requests and sockets through that ask by an allowed name."""

    def __init__(self, app: ASGIApp, is_named: Callable[[str], bool]) -> None:
        self._app, self._is_named = app, is_named

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.getlist("host")
        if self._is_named(given[0] if len(given) == 1 else ""):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # before it was accepted: the client reads a 403
        else:
            said = {"x-request-id": given_id(headers) or new_id(), "cache-control": "no-store"}
            await Response(refused(HostNotAllowed()).body(), 400, said, JSON)(scope, receive, send)
