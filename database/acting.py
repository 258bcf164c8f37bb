"""For whom a statement acts: what row-level security goes by, until the end of the transaction.

A session of VIEWER_ROLE sees and changes rows of these people only, and what they may see of others. Without a word it
acts for a stranger. Statements that serve several people at once name them all, and keep them apart themselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Connection

from database.connect import VIEWER_ROLE, Pool
from database.pipeline import Call, Statement

GRANTED = {
    "users": (
        "id",
        "database_id",
        "username",
        "username_key",
        "email_sealed",
        "email_verified_at",
        "roles",
        "privacy",
        "premium_since",
        "premium_until",
        "created_at",
        "updated_at",
        "last_signed_in_at",
        "deactivated_at",
        "deactivated_by",
    )
}
"""The columns that VIEWER_ROLE may read, of tables that it may not read all columns of."""

_PEOPLE = Statement("select set_config('app.current_user_ids', $1, true)")
_READERS_OF_THE_LOG = Statement(
    "select set_config('app.current_user_ids', $1, true), set_config('app.reads_log', 'on', true)"
)
_AS_IT_IS = "select set_config('app.current_user_ids', %s, true)"
_ENTER = """
select set_config('role', %s, true), set_config('app.current_user_ids', %s, true), set_config('app.reads_log', %s, true)"""


def acting_for(people: Iterable[bytes], *, reads_log: bool = False) -> Call:
    """Return what goes before statements in their group; `reads_log` where all these people may read the log."""
    return _READERS_OF_THE_LOG if reads_log else _PEOPLE, (b"{" + b",".join(people) + b"}",)


@asynccontextmanager
async def acting(
    pool: Pool, person: UUID | None, *, reads_log: bool = False
) -> AsyncIterator[AsyncConnection[Any]]:
    """Give a connection in a transaction that acts for a person, None for a stranger, whatever the pool's role is.

    It is in pipeline mode: what begins the transaction goes out with the first statement whose rows are fetched, and how
    many rows a statement changed is not known before.
    """
    async with pool.connection() as conn, conn.pipeline(), conn.transaction():
        people = f"{{{person}}}" if person else ""
        await conn.execute(_ENTER, (VIEWER_ROLE, people, "on" if reads_log else "off"))
        yield conn


def act_for(conn: Connection[Any], person: UUID, *, role: str = VIEWER_ROLE) -> None:
    """Let the transaction that a job is in act for a person until it ends, as this role."""
    conn.execute(_ENTER, (role, f"{{{person}}}", "off"))


@dataclass(frozen=True, slots=True)
class OwnPool:
    """A pool whose connections are in a transaction that acts for a person, with the role that they have."""

    pool: Pool
    person: UUID

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        """Give one for the length of a block, which is a transaction."""
        async with self.pool.connection() as conn, conn.transaction():
            await conn.execute(_AS_IT_IS, (f"{{{self.person}}}",))
            yield conn
