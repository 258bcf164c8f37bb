"""Idempotency keys, for those who decide about a person in a transaction of their own: the person is locked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from events.window import IdempotencyKeyReused

Conn = AsyncConnection[Any]

_KEY = "select request from idempotency_keys where user_id = %s and key = %s"
_KEEP_KEY = "insert into idempotency_keys (user_id, key, request, event_ids) values (%s, %s, %s, %s)"


async def is_repeated(conn: Conn, user_id: UUID, key: str | None, request: str) -> bool:
    """Whether this request was taken before, under this key. Raises IdempotencyKeyReused."""
    found = await (await conn.execute(_KEY, (user_id, key))).fetchone() if key else None
    if found and found[0] != request:
        raise IdempotencyKeyReused
    return found is not None


async def keep_key(
    conn: Conn, user_id: UUID, key: str | None, request: str, event_ids: Sequence[UUID]
) -> None:
    """Remember that a request was taken, and what it recorded."""
    if key:
        await conn.execute(_KEEP_KEY, (user_id, key, request, list(event_ids)))
