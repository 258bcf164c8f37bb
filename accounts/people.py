"""People's accounts: who there is, how they are called, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, LiteralString
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import args_row, scalar_row
from psycopg_pool import AsyncConnectionPool

from accounts.names import clean_email, clean_username, generated_username, login_key
from accounts.passwords import Passwords
from database.ids import uuid7
from events.errors import Rejected

Pool = AsyncConnectionPool[AsyncConnection[Any]]


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
    email: str | None = field(repr=False)
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
insert into users (id, email, email_key, username, username_key, password_hash, roles)
values (%(id)s, %(email)s, %(email_key)s, %(username)s, %(username_key)s, %(password_hash)s, %(roles)s)
on conflict do nothing
returning id, database_id, username, email, roles, created_at, deactivated_at
"""

_IS_EMAIL_TAKEN = "select exists (select from users where email_key = %(email_key)s)"


async def create_user(
    pool: Pool,
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
    row = {
        "email": email,
        "email_key": login_key(email),
        "password_hash": await passwords.hash(password, unlike=unlike),
        "roles": sorted({Role.PERSON, *roles}),
    }
    while True:
        name = chosen or generated_username()
        names = {"id": uuid7(), "username": name, "username_key": login_key(name)}
        # "on conflict do nothing", since the database's own error would put the address into the server's log
        if user := await _one_user(pool, _CREATE, row | names):
            return user
        await _refuse_taken(pool, row["email_key"], is_chosen=chosen is not None)


async def _refuse_taken(pool: Pool, email_key: object, *, is_chosen: bool) -> None:
    """Say which of the two names another account has; a generated username is simply tried again."""
    async with pool.connection() as conn, conn.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(_IS_EMAIL_TAKEN, {"email_key": email_key})
        if await cursor.fetchone():
            raise EmailTaken
    if is_chosen:
        raise UsernameTaken


_FIND = """
select id, database_id, username, email, roles, created_at, deactivated_at
from users where id = %(id)s
"""


async def find(pool: Pool, user_id: UUID) -> User | None:
    """Return the account with this id."""
    return await _one_user(pool, _FIND, {"id": user_id})


_FIND_BY_LOGIN = """
select id, database_id, username, email, roles, created_at, deactivated_at
from users where email_key = %(key)s or username_key = %(key)s
"""


async def find_by_login(pool: Pool, login: str) -> User | None:
    """Return the account with this e-mail address or username, ignoring case."""
    return await _one_user(pool, _FIND_BY_LOGIN, {"key": login_key(login)})


_GRANT_ROLE = """
update users set roles = array_append(array_remove(roles, %(role)s::text), %(role)s::text), updated_at = now()
where id = %(id)s
returning id, database_id, username, email, roles, created_at, deactivated_at
"""


async def grant_role(pool: Pool, user_id: UUID, role: Role) -> User | None:
    """Give a role; given twice, it is had once. Access tokens show it from the next refresh on."""
    return await _one_user(pool, _GRANT_ROLE, {"id": user_id, "role": role})


_REVOKE_ROLE = """
update users set roles = array_remove(roles, %(role)s::text), updated_at = now()
where id = %(id)s
returning id, database_id, username, email, roles, created_at, deactivated_at
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
    email: str | None,
    roles: list[str],
    created_at: datetime,
    deactivated_at: datetime | None,
) -> User:
    """Return the account that a row is, columns in the order of User's fields."""
    return User(id, database_id, username, email, frozenset(map(Role, roles)), created_at, deactivated_at)


async def _one_user(pool: Pool, sql: LiteralString, values: dict[str, Any]) -> User | None:
    async with pool.connection() as conn, conn.cursor(row_factory=args_row(as_user)) as cursor:
        await cursor.execute(sql, values)
        return await cursor.fetchone()
