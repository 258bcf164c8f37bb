"""People's accounts: who there is, how they are called, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, LiteralString
from uuid import UUID

from psycopg.rows import args_row, scalar_row

from accounts.emails import EMAIL, email_digest
from accounts.keys import Keys
from accounts.names import clean_email, clean_username, generated_username, login_key
from accounts.passwords import Passwords
from database.connect import Pool
from database.ids import uuid7
from events.errors import Rejected


class Role(StrEnum):
    """What an account may do; everybody is a person."""

    PERSON = "person"
    ANALYST = "analyst"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """An account, without its secrets; what is personal stays out of its repr, and so out of logs."""

    id: UUID
    database_id: int
    username: str = field(repr=False)
    roles: frozenset[Role]
    created_at: datetime
    deactivated_at: datetime | None


class EmailTaken(Rejected):
    """There is an account with this e-mail address already. Sign in, or use another address."""

    code: ClassVar[str] = "EMAIL_TAKEN"
    path = ("email",)


class UsernameTaken(Rejected):
    """Somebody has this username already. Choose another."""

    code: ClassVar[str] = "USERNAME_TAKEN"
    path = ("username",)


_CREATE = """
with made as (
  insert into users (id, email_sealed, email_digest, username, username_key, password_hash, roles,
    privacy)
  values (%(id)s, %(sealed)s, %(digest)s, %(username)s, %(username_key)s, %(password_hash)s, %(roles)s,
    'FOLLOWERS')
  on conflict do nothing
  returning id, database_id, username, roles, created_at, deactivated_at
), keyed as (
  insert into user_keys (user_id, wrapped, master_key_id) select id, %(wrapped)s, %(master_key_id)s from made
)
select * from made
"""

_IS_EMAIL_TAKEN = "select exists (select from users where email_digest = %(digest)s)"


async def create_user(
    pool: Pool,
    keys: Keys,
    passwords: Passwords,
    *,
    email: str,
    username: str | None = None,
    password: str,
    roles: Iterable[Role] = (),
) -> User:
    """Create an account; without a username it gets a generated one, and every account gets the role PERSON.

    Raises InvalidEmail, InvalidUsername, EmailTaken, UsernameTaken, what `Passwords.hash` raises.
    """
    email = clean_email(email)
    chosen = clean_username(username) if username is not None else None
    unlike = (email, email.partition("@")[0], chosen or email)
    user_id = uuid7()
    data_key, key_row = keys.mint(user_id)
    row = {
        **key_row,
        "id": user_id,
        "sealed": data_key.seal(EMAIL, email),
        "digest": await email_digest(pool, keys, login_key(email)),
        "password_hash": await passwords.hash(password, unlike=unlike),
        "roles": sorted({Role.PERSON, *roles}),
    }
    while True:
        name = chosen or generated_username()
        names = {"username": name, "username_key": login_key(name)}
        # "on conflict do nothing", since the database's own error would put values into the server's log
        if user := await _one_user(pool, _CREATE, row | names):
            keys.keep(user_id, data_key)
            return user
        await _refuse_taken(pool, row["digest"], is_chosen=chosen is not None)


async def _refuse_taken(pool: Pool, digest: object, *, is_chosen: bool) -> None:
    """Say which of the two names another account has; a generated username is simply tried again."""
    async with pool.connection() as conn, conn.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(_IS_EMAIL_TAKEN, {"digest": digest})
        if await cursor.fetchone():
            raise EmailTaken
    if is_chosen:
        raise UsernameTaken


_FIND = """
select id, database_id, username, roles, created_at, deactivated_at
from users where id = %(id)s
"""


async def find(pool: Pool, user_id: UUID) -> User | None:
    """Return the account with this id."""
    return await _one_user(pool, _FIND, {"id": user_id})


_FIND_BY_LOGIN = """
select id, database_id, username, roles, created_at, deactivated_at
from users where email_digest = %(digest)s or username_key = %(key)s
"""


async def find_by_login(pool: Pool, keys: Keys, login: str) -> User | None:
    """Return the account with this e-mail address or username, ignoring case."""
    key = login_key(login)
    values = {"key": key, "digest": await email_digest(pool, keys, key)}
    return await _one_user(pool, _FIND_BY_LOGIN, values)


_GRANT_ROLE = """
update users set roles = array_append(array_remove(roles, %(role)s::text), %(role)s::text), updated_at = now()
where id = %(id)s
returning id, database_id, username, roles, created_at, deactivated_at
"""


async def grant_role(pool: Pool, user_id: UUID, role: Role) -> User | None:
    """Give a role; given twice, it is had once. Access tokens show it from the next refresh on."""
    return await _one_user(pool, _GRANT_ROLE, {"id": user_id, "role": role})


_REVOKE_ROLE = """
update users set roles = array_remove(roles, %(role)s::text), updated_at = now()
where id = %(id)s
returning id, database_id, username, roles, created_at, deactivated_at
"""


async def revoke_role(pool: Pool, user_id: UUID, role: Role) -> User | None:
    """Take a role back; access tokens signed before show it until they end. Raises ValueError for PERSON."""
    if role is Role.PERSON:
        raise ValueError("Everybody is a person: this role cannot be taken back.")
    return await _one_user(pool, _REVOKE_ROLE, {"id": user_id, "role": role})


def as_user(
    id: UUID,  # noqa: A002
    database_id: int,
    username: str,
    roles: list[str],
    created_at: datetime,
    deactivated_at: datetime | None,
) -> User:
    """Return the account that a row is, columns in the order of User's fields."""
    return User(id, database_id, username, frozenset(map(Role, roles)), created_at, deactivated_at)


async def _one_user(pool: Pool, sql: LiteralString, values: dict[str, Any]) -> User | None:
    async with pool.connection() as conn, conn.cursor(row_factory=args_row(as_user)) as cursor:
        await cursor.execute(sql, values)
        return await cursor.fetchone()
