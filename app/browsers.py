"""What browsers need, and what keeps pages of other sites out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
_PREFLIGHT_S = 3_600
_EXPOSED = ("x-request-id", "ratelimit", "ratelimit-policy", "retry-after")
_FORCES_PREFLIGHT = (
    "x-requested-with",
    "apollo-require-preflight",
    "graphql-require-preflight",
    "x-apollo-operation-name",
)
_SIMPLE = frozenset({"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
"""Content types that a page may send to any site."""


def was_meant(headers: Mapping[str, str], origins: Collection[str]) -> bool:
    """Whether a request without a body was sent by one of our pages, or by no page at all.

    A page of any site can have a browser send a GET: by an image, a link, a form, an EventSource, or `fetch` with an
    `Accept` of its choice. Other headers make the browser ask us first. Of what it sends by itself, `Sec-Fetch-Site`
    says where the page is from; over plain HTTP it is left out, and then only `Origin` or `Referer` may.
    """
    if any(name in headers for name in _FORCES_PREFLIGHT):
        return True
    if headers.get("content-type", "").partition(";")[0].strip().lower() not in _SIMPLE:
        return True
    return is_from_ours(headers, origins)


def is_from_ours(headers: Mapping[str, str], origins: Collection[str]) -> bool:
    """Whether what browsers say by themselves shows that no page of another site sent this."""
    source = headers.get("origin") or headers.get("referer")
    if source is not None and is_ours(source, headers, origins):
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    is_browser = headers.get("user-agent", "").startswith("Mozilla/")
    return "origin" not in headers and not is_browser


def is_ours(source: str, headers: Mapping[str, str], origins: Collection[str]) -> bool:
    """Whether a page at this address is of the site that was asked, or of one that the operator lists."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    return bool(parts.netloc) and (
        parts.netloc == headers.get("host") or f"{parts.scheme}://{parts.netloc}" in origins
    )


def shared_with(origins: Collection[str], *, with_cookies: bool) -> dict[str, list[tuple[bytes, bytes]]]:
    """Return by the site of a page the headers that let it read an answer: what `with_cors` adds."""
    cookies = [(b"access-control-allow-credentials", b"true")] if with_cookies else []
    exposed = (b"access-control-expose-headers", ", ".join(_EXPOSED).encode())
    return {
        origin: [
            *cookies,
            exposed,
            (b"access-control-allow-origin", origin.encode()),
            (b"vary", b"Origin"),
        ]
        for origin in origins
    }


def with_cors(app: ASGIApp, origins: Collection[str], *, with_cookies: bool) -> Any:
    """Return the application, open to the pages of these sites, with or without their cookies."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_credentials=with_cookies,
        allow_methods=("GET", "POST"),
        allow_headers=("*",),
        expose_headers=_EXPOSED,
        max_age=_PREFLIGHT_S,
    )


class SecurityHeaders:
    """Adds to every answer what tells browsers to be strict."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SECURITY_HEADERS]
            await send(message)

        await self._app(scope, receive, strict)
