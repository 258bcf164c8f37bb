"""Records in the log what becomes of messages: one decision at a time for each person, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from events.notifications import (
    Notification,
    NotificationEvent,
    NotificationQueued,
    NotificationStatus,
    move_notification,
)
from events.person_locks import lock_person_async
from events.record import append_alone
from projections.registry import fold_inline

Conn = AsyncConnection[Any]

_STATUS = "select status from notifications where user_id = %s and notification_id = %s"
_WHOSE = "select user_id from notifications where notification_id = %s"


async def record_queued(conn: Conn, facts: Sequence[NotificationQueued]) -> None:
    """Record messages that were made just now. The person is locked."""
    if facts:
        await conn.execute(*append_alone(facts, fold_inline))


async def record_move(conn: Conn, fact: NotificationEvent) -> bool:
    """Record what is said of a message, once; return whether that was new. Raises IllegalMove."""
    await lock_person_async(conn, fact.user_id)
    found = await (await conn.execute(_STATUS, (fact.user_id, fact.notification_id))).fetchone()
    status = NotificationStatus(found[0]) if found else None
    facts = move_notification(Notification(fact.user_id, fact.notification_id, status), fact)
    if facts:
        await conn.execute(*append_alone(facts, fold_inline))
    return bool(facts)


async def whose(conn: Conn, notification_id: UUID) -> UUID | None:
    """Return who was sent a message; None for one that nobody was."""
    found = await (await conn.execute(_WHOSE, (notification_id,))).fetchone()
    return found[0] if found else None
