"""Changes of an account that ask for its password again: other names, another password, and leaving for a while.

Each makes the links void that were sent by e-mail before (see `mail_tokens`); a username does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, LiteralString
from uuid import UUID

from psycopg.errors import UniqueViolation

from accounts.attempts import Attempts
from accounts.emails import EMAIL, email_digest
from accounts.keys import Keys
from accounts.names import clean_email, clean_username, login_key
from accounts.passwords import Passwords, own_names
from accounts.people import EmailTaken, UsernameTaken
from database.connect import Pool
from events.errors import Rejected

_HASH = "select password_hash from users where id = %(id)s"
_NAMES = "select username, email_sealed from users where id = %(id)s"
# asked before, since the database's own error would put the name into the server's log
_EMAIL = """
with changed as (
  update users set email_sealed = %(sealed)s, email_digest = %(digest)s, email_verified_at = null, updated_at = now()
   where id = %(id)s and not exists (select from users o where o.email_digest = %(digest)s and o.id <> %(id)s)
  returning id
), voided as (delete from mail_tokens where user_id in (select id from changed))
select from changed
"""
_USERNAME = """
update users set username = %(username)s, username_key = %(key)s, updated_at = now()
where id = %(id)s and not exists (select from users o where o.username_key = %(key)s and o.id <> %(id)s)
"""
_HASHED = """
with changed as (update users set password_hash = %(hashed)s, updated_at = now() where id = %(id)s returning id),
voided as (delete from mail_tokens where user_id in (select id from changed))
update sessions set revoked_at = now(), revoked_because = 'password_changed'
where user_id = %(id)s and revoked_at is null and id <> %(session_id)s
"""
_DEACTIVATE = """
with changed as (
  update users set deactivated_at = now(), deactivated_by = %(by)s, updated_at = now()
   where id = %(id)s and (deactivated_at is null or %(by)s = 'operator')
  returning id
), voided as (delete from mail_tokens where user_id in (select id from changed))
update sessions set revoked_at = now(), revoked_because = 'deactivated'
where user_id = %(id)s and revoked_at is null
"""
_ACTIVATE = """
update users set deactivated_at = null, deactivated_by = null, updated_at = now()
where id = %(id)s and deactivated_at is not null and (deactivated_by = 'person' or %(by)s = 'operator')
"""

By = Literal["person", "operator"]
"""Who deactivates an account."""


class WrongPassword(Rejected):
    """This is not your password."""

    code: ClassVar[str] = "WRONG_PASSWORD"
    path = ("password",)


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody shows to change an account: its password, and where they are."""

    user_id: UUID
    password: str
    address: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes accounts. Each raises WrongPassword, TooManyAttempts, TooBusy, and changes nothing then."""

    pool: Pool
    keys: Keys
    passwords: Passwords
    attempts: Attempts

    async def email(self, proof: Proof, email: str) -> None:
        """Give the account another e-mail address. Raises InvalidEmail, EmailTaken."""
        email = clean_email(email)
        await self.prove(proof)
        sealed = await self.keys.seal(self.pool, proof.user_id, EMAIL, email)
        digest = await email_digest(self.pool, self.keys, login_key(email))
        if not await _changed(self.pool, _EMAIL, id=proof.user_id, sealed=sealed, digest=digest):
            raise EmailTaken

    async def password(self, proof: Proof, new: str, session_id: UUID) -> None:
        """Give the account another password, and end all of its sessions but this one.

        Raises what `Passwords.hash` raises.
        """
        await self.prove(proof)
        unlike = await self._names(proof.user_id)
        hashed = await self.passwords.hash(new, unlike=unlike)
        await _changed(self.pool, _HASHED, id=proof.user_id, hashed=hashed, session_id=session_id)

    async def deactivate(self, proof: Proof) -> None:
        """Hide the account from others and end its sessions, until the person signs in again."""
        await self.prove(proof)
        await deactivate(self.pool, proof.user_id, "person")

    async def prove(self, proof: Proof) -> None:
        """Raise WrongPassword, TooManyAttempts or TooBusy where the password is not the account's."""
        attempt = await self.attempts.sign_in(str(proof.user_id), proof.address)
        try:
            async with self.pool.connection() as conn:
                row = await (await conn.execute(_HASH, {"id": proof.user_id})).fetchone()
            verified = await self.passwords.verify(proof.password, row[0] if row else None)
        except Exception:
            await attempt.withdraw()
            raise
        if not verified.ok:
            raise WrongPassword
        await attempt.succeed()

    async def _names(self, user_id: UUID) -> list[str]:
        """Return what a password must not be."""
        async with self.pool.connection() as conn:
            row = await (await conn.execute(_NAMES, {"id": user_id})).fetchone()
        username, sealed = row or ("", None)
        (email,) = await self.keys.open_many(self.pool, [(user_id, EMAIL, sealed)])
        return own_names(username, email)


async def change_username(pool: Pool, user_id: UUID, username: str) -> None:
    """Give the account another username. Raises InvalidUsername, UsernameTaken."""
    username = clean_username(username)
    if not await _changed(pool, _USERNAME, id=user_id, username=username, key=login_key(username)):
        raise UsernameTaken


async def deactivate(pool: Pool, user_id: UUID, by: By) -> None:
    """Hide an account from others and end its sessions; whom an operator deactivated does not come back by signing in."""
    await _changed(pool, _DEACTIVATE, id=user_id, by=by)


async def activate(pool: Pool, user_id: UUID, by: By) -> bool:
    """Take a deactivation back, and return whether that was done: a person takes back their own only."""
    return await _changed(pool, _ACTIVATE, id=user_id, by=by)


async def _changed(pool: Pool, sql: LiteralString, **values: Any) -> bool:
    """Return whether the statement changed anything; not where another account got the name a moment before."""
    try:
        async with pool.connection() as conn:
            return (await conn.execute(sql, values)).rowcount > 0
    except UniqueViolation:
        return False
