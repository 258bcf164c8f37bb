"""Signing up, in and out, and the chain of refresh tokens that keeps a person signed in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from psycopg.rows import args_row

from accounts.attempts import Attempts
from accounts.changes import activate
from accounts.emails import email_digest
from accounts.keys import Keys
from accounts.names import login_key
from accounts.passwords import Passwords
from accounts.people import User, as_user, create_user
from accounts.tokens import RefreshToken, Tokens
from database.connect import Pool
from database.ids import uuid7
from events.errors import Rejected


class InvalidCredentials(Rejected):
    """There is no account with this e-mail address or username and this password."""

    code: ClassVar[str] = "INVALID_CREDENTIALS"


class AccountDeactivated(Rejected):
    """An operator deactivated this account. Ask them to activate it again."""

    code: ClassVar[str] = "ACCOUNT_DEACTIVATED"


class InvalidRefreshToken(Rejected):
    """This session is over. Sign in again."""

    code: ClassVar[str] = "INVALID_REFRESH_TOKEN"
    path = ("refreshToken",)


@dataclass(frozen=True, slots=True)
class Session:
    """What the client keeps: `expires_at` is the access token's end, by when it must have been refreshed."""

    id: UUID
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person and the session just opened or refreshed."""

    user: User
    session: Session


async def sign_up(
    pool: Pool,
    keys: Keys,
    passwords: Passwords,
    tokens: Tokens,
    *,
    email: str,
    username: str | None = None,
    password: str,
) -> SignedIn:
    """Create an account and open its first session. Raises what `create_user` raises."""
    user = await create_user(pool, keys, passwords, email=email, username=username, password=password)
    return SignedIn(user, await _open(pool, tokens, user))


_CREDENTIALS = """
select password_hash, id, database_id, username, roles, created_at, deactivated_at
from users where email_digest = %(digest)s or username_key = %(key)s
"""

_UPGRADE = """
update users set password_hash = %(upgraded)s, updated_at = now()
where id = %(id)s and password_hash = %(password_hash)s
"""


async def sign_in(
    pool: Pool,
    keys: Keys,
    passwords: Passwords,
    tokens: Tokens,
    attempts: Attempts,
    *,
    login: str,
    password: str,
    address: str,
) -> SignedIn:
    """Open a session for an e-mail address or username and its password; an older kind of hash is upgraded.

    An account that is unknown, deactivated or without a password takes the time of one with a wrong password. Who
    deactivated their account themself has it back. `address` is where the request came from. Raises
    InvalidCredentials, AccountDeactivated only for the right password, TooManyAttempts before the password is looked
    at, TooBusy.
    """
    key = login_key(login)
    # by what was typed: one count for both names of an account would tell strangers that they belong together
    attempt = await attempts.sign_in(key, address)
    try:
        names = {"key": key, "digest": await email_digest(pool, keys, key)}
        async with pool.connection() as conn, conn.cursor(row_factory=args_row(_as_credentials)) as cursor:
            await cursor.execute(_CREDENTIALS, names)
            password_hash, user = await cursor.fetchone() or (None, None)
        verified = await passwords.verify(password, password_hash)
    except Exception:
        await attempt.withdraw()
        raise
    if user is None or not verified.ok:
        raise InvalidCredentials
    await attempt.succeed()
    if user.deactivated_at:
        if not await activate(pool, user.id, "person"):
            raise AccountDeactivated
        user = replace(user, deactivated_at=None)
    if verified.upgraded:
        values = {"id": user.id, "password_hash": password_hash, "upgraded": verified.upgraded}
        async with pool.connection() as conn:
            await conn.execute(_UPGRADE, values)
    return SignedIn(user, await _open(pool, tokens, user))


_OPEN = """
with outlived as (delete from sessions where user_id = %(user_id)s and expires_at <= now()),
stamped as (update users set last_signed_in_at = now() where id = %(user_id)s)
insert into sessions (id, user_id, token_digest, expires_at)
select %(id)s, id, %(digest)s, now() + %(ttl)s
from users where id = %(user_id)s and deactivated_at is null
returning expires_at
"""


async def _open(pool: Pool, tokens: Tokens, user: User) -> Session:
    token = RefreshToken.new(uuid7())
    values = {"id": token.session_id, "user_id": user.id, "digest": token.digest, "ttl": tokens.refresh_ttl}
    async with pool.connection() as conn:
        opened = await (await conn.execute(_OPEN, values)).fetchone()
    if opened is None:  # erased or deactivated a moment ago
        raise InvalidCredentials
    return _session(tokens, user, token, opened[0])


_ROTATE = """
update sessions set
  token_digest = %(next)s,
  refreshed_at = now(),
  expires_at = now() + %(ttl)s,
  revoked_at = case when users.deactivated_at is not null or token_digest <> %(presented)s then now() end,
  revoked_because = case
    when users.deactivated_at is not null then 'deactivated'
    when token_digest <> %(presented)s then 'reused'
  end
from users
where users.id = sessions.user_id and sessions.id = %(id)s and revoked_at is null and expires_at > now()
returning revoked_at is null, expires_at,
  users.id, database_id, username, roles, users.created_at, deactivated_at
"""


async def refresh(pool: Pool, tokens: Tokens, refresh_token: str) -> SignedIn:
    """Exchange the current refresh token of a live session for the next one, with the roles of this moment.

    Any other token that names the session means that two parties hold its chain, and nobody can tell which
    of them is the thief: the session ends for both. There is no period of grace. Of two requests with one
    token at the same moment the row's lock lets one win, and the other ends the session, the winner's new
    token with it; so a client must not send the same token twice, and signs in again when an answer got
    lost. Raises InvalidRefreshToken.
    """
    presented = RefreshToken.parse(refresh_token)
    if presented is None:
        raise InvalidRefreshToken
    token = RefreshToken.new(presented.session_id)
    values = {
        "id": presented.session_id,
        "presented": presented.digest,
        "next": token.digest,
        "ttl": tokens.refresh_ttl,
    }
    async with pool.connection() as conn, conn.cursor(row_factory=args_row(_as_rotated)) as cursor:
        await cursor.execute(_ROTATE, values)
        rotated = await cursor.fetchone()
    # refused here and not above: the end of the session must be committed
    if rotated is None or not rotated.is_current:
        raise InvalidRefreshToken
    return SignedIn(rotated.user, _session(tokens, rotated.user, token, rotated.expires_at))


_ROLES = """
select roles from sessions join users on users.id = user_id
where sessions.id = %(id)s and token_digest = %(digest)s and revoked_at is null and expires_at > now()
  and deactivated_at is null
"""


async def roles_of(pool: Pool, refresh_token: str) -> frozenset[str]:
    """Return the roles of whom a refresh token belongs to, which it may still be used for; none where it is not current."""
    token = RefreshToken.parse(refresh_token)
    if token is None:
        return frozenset()
    async with pool.connection() as conn:
        found = await (
            await conn.execute(_ROLES, {"id": token.session_id, "digest": token.digest})
        ).fetchone()
    return frozenset(found[0]) if found else frozenset()


_SIGN_OUT = """
update sessions set revoked_at = now(), revoked_because = 'signed_out'
where id = %(id)s and revoked_at is null
"""


async def sign_out(pool: Pool, session: UUID | str) -> None:
    """End a session, given its id or any of its refresh tokens; one that is over or never was is no error.

    Its last access token is good until its own end, some minutes later.
    """
    if isinstance(session, str):
        token = RefreshToken.parse(session)
        if token is None:
            return
        session = token.session_id
    async with pool.connection() as conn:
        await conn.execute(_SIGN_OUT, {"id": session})


@dataclass(frozen=True, slots=True)
class _Rotated:
    is_current: bool
    expires_at: datetime
    user: User


def _as_credentials(password_hash: str | None, *user: Any) -> tuple[str | None, User]:
    return password_hash, as_user(*user)


def _as_rotated(is_current: bool, expires_at: datetime, *user: Any) -> _Rotated:
    return _Rotated(is_current, expires_at, as_user(*user))


def _session(tokens: Tokens, user: User, token: RefreshToken, refresh_expires_at: datetime) -> Session:
    access = tokens.sign_access(user.id, token.session_id, user.roles)
    return Session(token.session_id, access.text, token.text, access.expires_at, refresh_expires_at)
