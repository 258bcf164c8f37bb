"""The lock of a person, which the handler takes, for those who decide about them in a transaction of their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Connection

from events.append import person_lock

_LOCK = "select pg_advisory_xact_lock(%s)"


def lock_person(conn: Connection[Any], user_id: UUID) -> None:
    """Wait until nobody else decides for this person, and keep it so until the transaction ends."""
    conn.execute(_LOCK, (person_lock(user_id),))


async def lock_person_async(conn: AsyncConnection[Any], user_id: UUID) -> None:
    """Do what `lock_person` does, for the event loop."""
    await conn.execute(_LOCK, (person_lock(user_id),))
