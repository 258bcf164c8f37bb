"""What a person changes of their own account, and what an admin grants them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from typing import Any
from uuid import UUID

from accounts.changes import Changes, Proof, change_username
from accounts.devices import Platform, register_device, remove_device
from accounts.names import login_key
from accounts.premium import grant_premium, revoke_premium
from accounts.profiles import InvalidProfile, Privacy, set_privacy, update_profile
from events.errors import Rejected
from events.notifications import NotificationKind
from resolvers.context import Context
from resolvers.ids import text, uuid_of
from resolvers.interactions import Payload, refused
from resolvers.mailed import mail_where_set_up

Input = Mapping[str, Any]

_device = uuid_of("Device")
_user = uuid_of("User")
_CAPITAL = re.compile("[A-Z]")


def username_key(value: Any) -> str:
    """Return what a username is found by, in PostgreSQL's text."""
    return login_key(text(value))


async def _done(context: Context, change: Awaitable[None], *, at: str = "") -> Payload:
    """Wait for a change of the viewer's account; `at` is the input field that a refusal is about, if not its own."""
    viewer = str(context.require_viewer().id)
    try:
        await change
    except Rejected as rejection:
        if at and rejection.path == ("password",) and rejection.code != "WRONG_PASSWORD":
            rejection.path = (at,)
        return refused(rejection, viewer=viewer)
    return {"errors": "[]", "viewer": viewer}


async def _mailed(context: Context, change: Awaitable[None], kind: NotificationKind) -> None:
    """Wait for a change of the viewer's account, and let them be told of it by e-mail."""
    await change
    await mail_where_set_up(context, kind, context.require_viewer().id)


def changes_of(context: Context) -> Changes:
    """Return what changes accounts."""
    services = context.services
    return Changes(context.pool, services.keys, services.passwords, services.attempts)


def proof_of(context: Context, given: Input) -> Proof:
    """Return what the viewer shows of themself. Raises Unauthenticated."""
    return Proof(context.require_viewer().id, given["password"], context.address)


async def change_profile(context: Context, given: Input) -> Payload:
    """Change what a person says of themself; every value that is refused is named."""
    viewer = context.require_viewer()
    changes = {_CAPITAL.sub(lambda c: "_" + c[0].lower(), name): value for name, value in given.items()}
    try:
        await update_profile(context.pool, context.services.keys, viewer.id, changes)
    except InvalidProfile as invalid:
        return refused(*invalid.rejections, viewer=str(viewer.id))
    except Rejected as rejection:
        return refused(rejection, viewer=str(viewer.id))
    return {"errors": "[]", "viewer": str(viewer.id)}


async def change_email(context: Context, given: Input) -> Payload:
    """Take another e-mail address."""
    change = changes_of(context).email(proof_of(context, given), given["email"])
    return await _done(context, _mailed(context, change, NotificationKind.EMAIL_VERIFICATION))


async def change_name(context: Context, given: Input) -> Payload:
    """Take another username."""
    viewer = context.require_viewer()
    return await _done(context, change_username(context.pool, viewer.id, given["username"]))


async def change_password(context: Context, given: Input) -> Payload:
    """Take another password; other sessions end."""
    session_id = context.require_viewer().session_id
    change = changes_of(context).password(proof_of(context, given), given["newPassword"], session_id)
    mailed = _mailed(context, change, NotificationKind.PASSWORD_CHANGED)
    return await _done(context, mailed, at="newPassword")


async def deactivate_account(context: Context, given: Input) -> Payload:
    """Hide the account, and end its sessions."""
    return await _done(context, changes_of(context).deactivate(proof_of(context, given)))


async def choose_privacy(context: Context, given: Input) -> Payload:
    """Choose to whom to be shown."""
    viewer = context.require_viewer()
    return await _done(context, set_privacy(context.pool, viewer.id, Privacy(given["privacy"])))


async def add_device(context: Context, given: Input) -> Payload:
    """Register a device of the viewer's."""
    viewer, platform = context.require_viewer(), Platform(given["platform"])
    try:
        added = await register_device(
            context.pool, context.services.keys, viewer.id, platform, given["token"]
        )
    except Rejected as rejection:
        return refused(rejection, viewer=str(viewer.id), device=None)
    return {"errors": "[]", "viewer": str(viewer.id), "device": str(added) if added else None}


async def forget_device(context: Context, given: Input) -> Payload:
    """Remove a device of the viewer's."""
    viewer = context.require_viewer()
    return await _done(context, remove_device(context.pool, viewer.id, UUID(_device(given["deviceId"]))))


async def make_premium(context: Context, given: Input) -> Payload:
    """Grant premium (admins)."""
    user_id = UUID(_user(given["userId"]))
    return await _done(context, grant_premium(context.services.pool, user_id, given.get("until")))


async def end_premium(context: Context, given: Input) -> Payload:
    """End premium (admins)."""
    return await _done(context, revoke_premium(context.services.pool, UUID(_user(given["userId"]))))
