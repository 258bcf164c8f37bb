"""One-time tokens that e-mails carry: one lets back in who forgot the password, one proves that an address is theirs.

A token is 256 random bits. Of a person there is one of each kind, the newest, and of that a keyed digest only; it is
good once, until its end, and while the address is the person's that it was made for.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from accounts.attempts import Attempts
from accounts.emails import ADDRESS, EMAIL, email_digest
from accounts.keys import HOUSE, DataKey, Keys
from accounts.names import clean_email, login_key
from accounts.passwords import Passwords, own_names
from database.connect import Pool
from database.ids import uuid7
from events.errors import Rejected
from events.notifications import NotificationKind

TTL = {
    NotificationKind.PASSWORD_RESET: timedelta(hours=1),
    NotificationKind.EMAIL_VERIFICATION: timedelta(days=1),
}
"""How long a token is good, from when its e-mail was made."""
LINK = "link"
"""The purpose of tokens that are sealed, until their e-mail is handed over: nobody but the mail server gets them."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)

# the same for an address that nobody has: it is not looked at whose it is
_ASK_FOR_ADDRESS = "insert into mail_requests (id, kind, email_digest) values (%s, %s, %s)"
_ASK = "insert into mail_requests (id, kind, user_id) values (%s, %s, %s)"
# The address is compared, too: a token that is made at the moment of a change may miss that it is void.
_OWNER = f"""
select u.id, u.username, u.email_sealed
  from mail_tokens t join users u on u.id = t.user_id
 where t.token_digest = %(digest)s and t.expires_at > now() and t.email_digest = {ADDRESS}
   and (u.deactivated_at is null or u.deactivated_by = 'person')"""
_USED = f"""
with person as (
  {_OWNER} for no key update of u
), used as (
  delete from mail_tokens t using person p where t.user_id = p.id and t.token_digest = %(digest)s returning t.user_id
)"""
_RESET = f"""{_USED}, voided as (
  delete from mail_tokens where user_id in (select user_id from used) and token_digest <> %(digest)s
), changed as (
  update users set password_hash = %(hashed)s, email_verified_at = coalesce(email_verified_at, now()), updated_at = now()
   where id in (select user_id from used)
), ended as (
  update sessions set revoked_at = now(), revoked_because = 'password_changed'
   where user_id in (select user_id from used) and revoked_at is null and id is distinct from %(session_id)s::uuid
)
insert into mail_requests (id, kind, user_id) select %(request)s, 'PASSWORD_CHANGED', user_id from used"""
_VERIFY = f"""{_USED}
update users set email_verified_at = now(), updated_at = now() where id in (select user_id from used)"""


class InvalidMailToken(Rejected):
    """This link does not work (any more): only the newest does, once, and for a while. Ask for another."""

    code: ClassVar[str] = "INVALID_MAIL_TOKEN"
    path = ("token",)


class MailNotConfigured(Rejected):
    """This server does not send this e-mail. Ask whoever runs it for help."""

    code: ClassVar[str] = "MAIL_NOT_CONFIGURED"


def new_token() -> str:
    """Return a token: 43 characters that an address takes as they are."""
    return secrets.token_urlsafe(32)


def token_digest(house: DataKey, kind: NotificationKind, token: str) -> bytes:
    """Return what a token of a kind is found by, under the house's key."""
    return house.digest(f"mail token {kind}", token)


async def ask_for_reset(pool: Pool, keys: Keys, attempts: Attempts, *, email: str, address: str) -> None:
    """Ask for the e-mail that lets the owner of an address choose a new password, if there is an account of it.

    Whether there is one changes neither what is done here nor how long it takes. `address` is where the request came
    from. Raises InvalidEmail, TooManyAttempts.
    """
    key = login_key(clean_email(email))
    await attempts.mail(key, address)
    digest = await email_digest(pool, keys, key)
    async with pool.connection() as conn:
        await conn.execute(_ASK_FOR_ADDRESS, (uuid7(), NotificationKind.PASSWORD_RESET, digest))


async def ask_for_mail(pool: Pool, kind: NotificationKind, user_id: UUID) -> None:
    """Ask for an e-mail to a person about their account."""
    async with pool.connection() as conn:
        await conn.execute(_ASK, (uuid7(), kind, user_id))


async def reset_password(
    pool: Pool, keys: Keys, passwords: Passwords, *, token: str, new: str, session_id: UUID | None
) -> None:
    """Give the account that a token lets into another password, and end its sessions but the one given.

    The address is proved by it, every token of the person void, and they are told by e-mail. Raises InvalidMailToken,
    and what `Passwords.hash` raises: the token is good then as before.
    """
    digest = await _digest(pool, keys, NotificationKind.PASSWORD_RESET, token)
    async with pool.connection() as conn:
        owner = await (await conn.execute(_OWNER.encode(), {"digest": digest})).fetchone()
    if owner is None:
        raise InvalidMailToken
    user_id, username, sealed = owner
    (email,) = await keys.open_many(pool, [(user_id, EMAIL, sealed)])
    hashed = await passwords.hash(new, unlike=own_names(username, email))
    values = {"digest": digest, "hashed": hashed, "session_id": session_id, "request": uuid7()}
    async with pool.connection() as conn:
        if (await conn.execute(_RESET.encode(), values)).rowcount != 1:
            raise InvalidMailToken


async def verify_email(pool: Pool, keys: Keys, token: str) -> None:
    """Record that the address that a token was sent to is its person's. Raises InvalidMailToken."""
    digest = await _digest(pool, keys, NotificationKind.EMAIL_VERIFICATION, token)
    async with pool.connection() as conn:
        if (await conn.execute(_VERIFY.encode(), {"digest": digest})).rowcount != 1:
            raise InvalidMailToken


async def _digest(pool: Pool, keys: Keys, kind: NotificationKind, token: str) -> bytes:
    if not _TOKEN.fullmatch(token):
        raise InvalidMailToken
    return token_digest((await keys.get(pool, [HOUSE], make=True))[HOUSE], kind, token)
