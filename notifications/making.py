"""Makes the messages that are due: each person's round in one transaction, so that it is done once or not at all."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from psycopg.rows import class_row

from accounts.devices import Platform
from accounts.keys import DataKey, Keys
from database.connect import Pool
from database.ids import uuid7
from events.notifications import Channel, NotificationKind, NotificationQueued
from notifications.content import CONTENT, Content, alert, digest
from notifications.preferences import E_MAILS, PUSHES
from notifications.record import Conn, lock_person, record_queued
from notifications.rounds import next_round, week_of

_DUE = """
select r.user_id, r.day, r.digest_time as at, r.time_zone, c.digest_day, c.is_active,
       u.email_sealed is not null as has_address,
       array(select d.id from devices d where d.user_id = r.user_id and d.platform = %(web)s order by d.id) as devices,
       array_remove(array[case when c.weekly_digest then 'weekly_digest' end,
                          case when c.recommendation_alerts then 'recommendation_alerts' end,
                          case when c.trending_alerts then 'trending_alerts' end,
                          case when c.push_recommendations then 'push_recommendations' end,
                          case when c.push_trending then 'push_trending' end], null) as wants
  from notification_rounds r
  join users u on u.id = r.user_id
  join notification_choices c on c.user_id = r.user_id
 where r.due_at <= %(now)s
 order by r.due_at limit 1
   for update of r skip locked"""
_QUEUE = """
insert into outbox (id, user_id, kind, channel, period, device_id, movie_ids, content_sealed, next_attempt_at, queued_at)
values (%(id)s, %(user_id)s, %(kind)s, %(channel)s, %(period)s, %(device_id)s, %(movie_ids)s, %(sealed)s, %(now)s, %(now)s)
on conflict do nothing returning id"""
_NEXT = "update notification_rounds set due_at = %s, day = %s where user_id = %s"


@dataclass(frozen=True, slots=True)
class _Round:
    user_id: UUID
    day: date
    at: time
    time_zone: str
    digest_day: int
    is_active: bool
    has_address: bool
    devices: list[UUID]
    wants: list[str]


async def make_due(pool: Pool, keys: Keys, channels: Set[Channel], now: datetime) -> bool:
    """Make the messages of one person whose round is due; return whether there was one.

    What was made for the same day, or the same week, is not made again. Other workers take other people meanwhile.
    """
    async with pool.connection() as conn, conn.transaction():
        async with conn.cursor(row_factory=class_row(_Round)) as cursor:
            await cursor.execute(_DUE, {"now": now, "web": Platform.WEB})
            due = await cursor.fetchone()
        if due is None:
            return False
        key = (await keys.get(pool, [due.user_id])).get(due.user_id)
        if due.is_active and key is not None:
            await lock_person(conn, due.user_id)
            await _make(conn, due, key, channels, now)
        day, moment = next_round(now, due.at, due.time_zone)
        await conn.execute(_NEXT, (moment, day, due.user_id))
    return True


async def _make(conn: Conn, due: _Round, key: DataKey, channels: Set[Channel], now: datetime) -> None:
    # both before either is queued: what the one tells is no news to the other any more
    mail = await _mail(conn, due, now) if Channel.EMAIL in channels and due.has_address else None
    to = due.devices if Channel.PUSH in channels else []
    push = (
        await _alert(conn, due, [kind for kind in PUSHES if PUSHES[kind] in due.wants], now) if to else None
    )
    facts: list[NotificationQueued] = []
    if mail:
        facts += await _queue(conn, due, key, mail, Channel.EMAIL, None, now)
    if push:
        for device_id in to:
            facts += await _queue(conn, due, key, push, Channel.PUSH, device_id, now)
    await record_queued(conn, facts)


async def _mail(conn: Conn, due: _Round, now: datetime) -> Content | None:
    """Return what is sent by e-mail: on its day the digest, on others an alert, so that it is one a day at most."""
    wanted = [kind for kind in E_MAILS if E_MAILS[kind] in due.wants]
    if NotificationKind.WEEKLY_DIGEST in wanted and due.day.isoweekday() == due.digest_day:
        return await digest(conn, due.user_id)
    return await _alert(
        conn, due, [kind for kind in wanted if kind is not NotificationKind.WEEKLY_DIGEST], now
    )


async def _alert(conn: Conn, due: _Round, wanted: list[NotificationKind], now: datetime) -> Content | None:
    for kind in wanted:
        content = await alert(conn, due.user_id, kind, now)
        if content:
            return content
    return None


async def _queue(
    conn: Conn,
    due: _Round,
    key: DataKey,
    content: Content,
    channel: Channel,
    device_id: UUID | None,
    now: datetime,
) -> list[NotificationQueued]:
    movie_ids = tuple(dict.fromkeys(item.movie_id for item in content.items))
    fact = NotificationQueued(
        user_id=due.user_id,
        notification_id=uuid7(),
        kind=content.kind,
        channel=channel,
        period=week_of(due.day) if content.kind is NotificationKind.WEEKLY_DIGEST else due.day,
        device_id=device_id,
        movie_ids=movie_ids,
    )
    row = {
        "id": fact.notification_id,
        "user_id": due.user_id,
        "kind": fact.kind,
        "channel": channel,
        "period": fact.period,
        "device_id": device_id,
        "movie_ids": list(movie_ids),
        "sealed": key.seal(CONTENT, content.text()),
        "now": now,
    }
    queued = await (await conn.execute(_QUEUE, row)).fetchone()
    return [fact] if queued else []
