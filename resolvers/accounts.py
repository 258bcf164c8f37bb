"""Accounts: signing up, in and out, and staying signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.sessions import InvalidRefreshToken, SignedIn, refresh, sign_in, sign_out, sign_up
from events.errors import Rejected
from events.notifications import NotificationKind
from resolvers.activity import identify
from resolvers.context import Context, Viewer
from resolvers.interactions import Payload, refused
from resolvers.mailed import mail_where_set_up

Input = Mapping[str, Any]

_NO_SESSION = {"access_token": None, "refresh_token": None, "expires_at": None, "viewer": None}


async def _entered(context: Context, signed_in: SignedIn) -> Payload:
    """Let somebody in who was a visitor until now."""
    await identify(context, signed_in.user.id)
    return _signed_in(context, signed_in)


def _signed_in(context: Context, signed_in: SignedIn) -> Payload:
    """From here on the request acts as this person: the payload's `viewer` is theirs in every field."""
    session, user = signed_in.session, signed_in.user
    context.viewer = Viewer(user.id, session.id, frozenset(user.roles))
    if context.jar:
        context.jar.keep(session.refresh_token, session.refresh_expires_at)
    return {
        "errors": "[]",
        "access_token": session.access_token,
        "refresh_token": None if context.jar else session.refresh_token,
        "expires_at": session.expires_at.isoformat(),
        "viewer": str(user.id),
    }


def _refused(rejection: Rejected) -> Payload:
    return {**_NO_SESSION, **refused(rejection)}


def _token(context: Context, given: Input) -> str | None:
    """Return the refresh token that a client gives, or else keeps in a cookie."""
    token: str | None = given.get("refreshToken")
    return context.jar.token if token is None and context.jar else token


def _require_ours(context: Context) -> None:
    if context.jar:
        context.jar.require_ours()


async def sign_up_(context: Context, given: Input) -> Payload:
    """Create an account and sign in to it."""
    _require_ours(context)
    services = context.services
    await services.attempts.sign_up(context.address)
    try:
        signed_in = await sign_up(
            services.pool,
            services.keys,
            services.passwords,
            services.tokens,
            email=given["email"],
            username=given.get("username"),
            password=given["password"],
        )
        await mail_where_set_up(context, NotificationKind.EMAIL_VERIFICATION, signed_in.user.id)
        return await _entered(context, signed_in)
    except Rejected as rejection:
        return _refused(rejection)


async def sign_in_(context: Context, given: Input) -> Payload:
    """Open a session with a login and a password."""
    _require_ours(context)
    services = context.services
    try:
        login, password = given["login"], given["password"]
        return await _entered(
            context,
            await sign_in(
                services.pool,
                services.keys,
                services.passwords,
                services.tokens,
                services.attempts,
                login=login,
                password=password,
                address=context.address,
            ),
        )
    except Rejected as rejection:
        return _refused(rejection)


async def refresh_session(context: Context, given: Input) -> Payload:
    """Exchange a refresh token for a new pair of tokens."""
    _require_ours(context)
    services, token = context.services, _token(context, given)
    if token is None:
        return _refused(InvalidRefreshToken())
    await services.attempts.refresh(context.address)
    try:
        return _signed_in(context, await refresh(services.pool, services.tokens, refresh_token=token))
    except Rejected as rejection:
        return _refused(rejection)


async def sign_out_(context: Context, given: Input) -> Payload:
    """End the session of the refresh token that is given, or else those of the request's cookie and access token."""
    _require_ours(context)
    token = _token(context, given)
    if token is not None:
        await sign_out(context.services.pool, token)
    if given.get("refreshToken") is None and (token is None or context.viewer):
        await sign_out(context.pool, context.require_viewer().session_id)
    if context.jar:
        context.jar.keep(None)
    return {"errors": "[]"}
