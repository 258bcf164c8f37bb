"""The refresh token as a cookie: out of the reach of scripts, and of no use to pages of other sites."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import cookie_parser
from starlette.responses import Response

from app.browsers import is_from_ours
from resolvers.jar import Jar

NAME = "__Secure-projectionist-refresh"
"""Browsers take a cookie of such a name from HTTPS only; `__Host-` would send it to every path of the host."""


def jar_of(headers: Mapping[str, str], origins: Collection[str]) -> Jar:
    """Return what a request brought, empty where a page of another site may have sent it."""
    is_ours = is_from_ours(headers, origins)
    sent = cookie_parser(headers.get("cookie", "")) if is_ours else {}
    return Jar(sent.get(NAME) or None, is_ours)


def put(jar: Jar, response: Response, path: str) -> None:
    """Have a response set or clear the cookie, where what is in the jar has changed."""
    if not jar.is_changed:
        return
    kept: dict[str, Any] = {"path": path, "secure": True, "httponly": True, "samesite": "strict"}
    if jar.token is None or jar.expires_at is None:
        response.delete_cookie(NAME, **kept)
    else:
        left_s = int((jar.expires_at - datetime.now(UTC)).total_seconds())
        response.set_cookie(NAME, jar.token, max_age=left_s, **kept)
