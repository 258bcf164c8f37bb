"""The locks of people, which the handler takes, for those who decide about them in a transaction of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Connection

from events.append import person_lock

# in one order everywhere, or two who want the same people would wait for each other for ever
_LOCK = "select pg_advisory_xact_lock(k) from unnest(%s::bigint[]) as k"


def lock_people(conn: Connection[Any], *people: UUID) -> None:
    """Wait until nobody else decides for these people, or lists, and keep it so until the transaction ends."""
    conn.execute(_LOCK, (_locks(people),))


async def lock_people_async(conn: AsyncConnection[Any], *people: UUID) -> None:
    """Do what `lock_people` does, for the event loop."""
    await conn.execute(_LOCK, (_locks(people),))


def _locks(people: Iterable[UUID]) -> list[int]:
    return sorted({person_lock(user_id) for user_id in people})
