"""Records in the log what becomes of messages: one decision at a time for each person, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from events.log import Source
from events.notifications import (
    Channel,
    Notification,
    NotificationEvent,
    NotificationFailed,
    NotificationQueued,
    NotificationStatus,
    move_notification,
)
from events.person_locks import lock_people_async
from events.record import append_alone
from notifications.slates import served
from projections.registry import fold_inline

Conn = AsyncConnection[Any]

SOURCES = {Channel.EMAIL: Source.EMAIL, Channel.PUSH: Source.PUSH}
"""Where a person is who reads a message."""

_STATUS = "select status from notifications where user_id = %s and notification_id = %s"
_SLATE = "select slate, channel from outbox where id = %s and user_id = %s and slate is not null"
_WHOSE = "select user_id from notifications where notification_id = %s"


async def record_queued(conn: Conn, facts: Sequence[NotificationQueued]) -> None:
    """Record messages that were made just now. The person is locked."""
    if facts:
        await conn.execute(*append_alone(facts, fold_inline))


async def record_move(conn: Conn, fact: NotificationEvent) -> bool:
    """Record what is said of a message, once; return whether that was new. Raises IllegalMove.

    The first that tells that it went out also records what it recommends, whoever that is.
    """
    await lock_people_async(conn, fact.user_id)
    found = await (await conn.execute(_STATUS, (fact.user_id, fact.notification_id))).fetchone()
    status = NotificationStatus(found[0]) if found else None
    facts = move_notification(Notification(fact.user_id, fact.notification_id, status), fact)
    if facts:
        await conn.execute(*append_alone(facts, fold_inline))
        if status is NotificationStatus.QUEUED and not isinstance(fact, NotificationFailed):
            await _record_served(conn, fact)
    return bool(facts)


async def _record_served(conn: Conn, fact: NotificationEvent) -> None:
    found = await (await conn.execute(_SLATE, (fact.notification_id, fact.user_id))).fetchone()
    if found:
        facts = served(fact.user_id, fact.notification_id, found[0])
        await conn.execute(*append_alone(facts, fold_inline, source=SOURCES[Channel(found[1])]))


async def whose(conn: Conn, notification_id: UUID) -> UUID | None:
    """Return who was sent a message; None for one that nobody was."""
    found = await (await conn.execute(_WHOSE, (notification_id,))).fetchone()
    return found[0] if found else None
