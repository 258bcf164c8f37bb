"""What goes by e-mail: the way back in for who forgot the password, and the proof that an address is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from accounts.mail_tokens import (
    MailNotConfigured,
    ask_for_mail,
    ask_for_reset,
    reset_password,
    verify_email,
)
from events.errors import Rejected
from events.notifications import NotificationKind
from resolvers.context import Context
from resolvers.interactions import Payload, refused

Input = Mapping[str, Any]

_DONE: Payload = {"errors": "[]"}


async def mail_where_set_up(context: Context, kind: NotificationKind, user_id: UUID) -> None:
    """Ask for an e-mail to a person, where this kind goes out."""
    if kind in context.services.mailed:
        await ask_for_mail(context.services.pool, kind, user_id)


async def request_password_reset(context: Context, given: Input) -> Payload:
    """Ask for the e-mail that lets somebody choose a new password; the answer is the same for every address."""
    services = context.services
    if NotificationKind.PASSWORD_RESET not in services.mailed:
        return refused(MailNotConfigured())
    try:
        await ask_for_reset(
            services.pool, services.keys, services.attempts, email=given["email"], address=context.address
        )
    except Rejected as rejection:
        return refused(rejection)
    return _DONE


async def choose_password(context: Context, given: Input) -> Payload:
    """Choose a new password with the token of an e-mail, whoever is signed in."""
    services, viewer = context.services, context.viewer
    try:
        await reset_password(
            services.pool,
            services.keys,
            services.passwords,
            token=given["token"],
            new=given["newPassword"],
            session_id=viewer.session_id if viewer else None,
        )
    except Rejected as rejection:
        if rejection.path == ("password",):
            rejection.path = ("newPassword",)
        return refused(rejection)
    return _DONE


async def request_verification(context: Context, _: Input) -> Payload:
    """Ask for the e-mail that proves the viewer's address."""
    viewer, services = context.require_viewer(), context.services
    if NotificationKind.EMAIL_VERIFICATION not in services.mailed:
        return refused(MailNotConfigured())
    await services.attempts.mail(viewer.key, context.address)
    await ask_for_mail(context.pool, NotificationKind.EMAIL_VERIFICATION, viewer.id)
    return _DONE


async def prove_address(context: Context, given: Input) -> Payload:
    """Prove an address with the token of an e-mail, whoever is signed in."""
    try:
        await verify_email(context.services.pool, context.services.keys, given["token"])
    except Rejected as rejection:
        return refused(rejection)
    return _DONE
