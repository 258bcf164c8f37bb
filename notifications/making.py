"""Makes the messages that are due: each person's round in one transaction, so that it is done once or not at all."""

from __future__ import annotations

import logging
from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from accounts.devices import Platform
from accounts.keys import DataKey, Keys
from accounts.masters import MasterKeyMissing
from accounts.sealed_columns import NOTIFICATION
from database.connect import Pool
from database.ids import uuid7
from events.notifications import Channel, NotificationKind, NotificationQueued
from events.person_locks import lock_people_async
from notifications.content import Draft, alert, digest
from notifications.preferences import E_MAILS, PUSHES
from notifications.record import Conn, record_queued
from notifications.rounds import next_round, week_of

log = logging.getLogger(__name__)

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
insert into outbox
  (id, user_id, kind, channel, period, device_id, movie_ids, content_sealed, slate, next_attempt_at, queued_at)
values (%(id)s, %(user_id)s, %(kind)s, %(channel)s, %(period)s, %(device_id)s, %(movie_ids)s, %(sealed)s, %(slate)s,
        %(now)s, %(now)s)
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

    What was made for the same day, or the same week, is not made again. Other workers take other people meanwhile. Where
    it cannot be made, that person has the next round, and nobody waits behind them.
    """
    async with pool.connection() as conn, conn.transaction():
        async with conn.cursor(row_factory=class_row(_Round)) as cursor:
            await cursor.execute(_DUE, {"now": now, "web": Platform.WEB})
            due = await cursor.fetchone()
        if due is None:
            return False
        day, moment = next_round(now, due.at, due.time_zone)
        if due.is_active:
            try:
                async with conn.transaction():
                    await _make(conn, pool, keys, due, channels, now, day - timedelta(days=1))
            except (psycopg.OperationalError, PoolTimeout):
                raise
            except Exception:
                log.exception("a person is told nothing", extra={"person": str(due.user_id)})
        await conn.execute(_NEXT, (moment, day, due.user_id))
    return True


async def _make(
    conn: Conn, pool: Pool, keys: Keys, due: _Round, channels: Set[Channel], now: datetime, today: date
) -> None:
    try:
        key = (await keys.get(pool, [due.user_id])).get(due.user_id)
    except MasterKeyMissing as missing:
        log.error("a person is told nothing", extra={"reason": str(missing)})
        return
    if key is not None:
        await lock_people_async(conn, due.user_id)
        await _Maker(conn, due, key, now, today).make(channels)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes one person's messages; `today` is the last day whose round has come, so that what was missed is one round."""

    conn: Conn
    due: _Round
    key: DataKey
    now: datetime
    today: date

    async def make(self, channels: Set[Channel]) -> None:
        """Queue what there is to say, by every way there is. The person is locked."""
        due = self.due
        devices = due.devices if Channel.PUSH in channels else []
        # both before either is queued: what the one tells is no news to the other any more
        mail = await self._mail() if Channel.EMAIL in channels and due.has_address else None
        push = await self._alert([kind for kind in PUSHES if PUSHES[kind] in due.wants]) if devices else None
        facts: list[NotificationQueued] = []
        if mail:
            facts += await self._queue(mail, Channel.EMAIL)
        if push:
            for device_id in devices:
                facts += await self._queue(push, Channel.PUSH, device_id)
        await record_queued(self.conn, facts)

    @property
    def _digest_on(self) -> date:
        """The last day of a digest."""
        return self.today - timedelta(days=(self.today.isoweekday() - self.due.digest_day) % 7)

    async def _mail(self) -> Draft | None:
        """Return what is sent by e-mail: on its day the digest, on others an alert, so that it is one a day at most."""
        wanted = [kind for kind in E_MAILS if E_MAILS[kind] in self.due.wants]
        if NotificationKind.WEEKLY_DIGEST in wanted and self._digest_on >= self.due.day:
            return await digest(self.conn, self.due.user_id, self.now)
        return await self._alert([kind for kind in wanted if kind is not NotificationKind.WEEKLY_DIGEST])

    async def _alert(self, wanted: list[NotificationKind]) -> Draft | None:
        for kind in wanted:
            draft = await alert(self.conn, self.due.user_id, kind, self.now)
            if draft:
                return draft
        return None

    async def _queue(
        self, draft: Draft, channel: Channel, device_id: UUID | None = None
    ) -> list[NotificationQueued]:
        content = draft.content
        slate = (draft.slate.first() if channel is Channel.PUSH else draft.slate).kept()
        movie_ids = tuple(dict.fromkeys(item.movie_id for item in content.items))
        is_digest = content.kind is NotificationKind.WEEKLY_DIGEST
        fact = NotificationQueued(
            user_id=self.due.user_id,
            notification_id=uuid7(),
            kind=content.kind,
            channel=channel,
            period=week_of(self._digest_on) if is_digest else self.today,
            device_id=device_id,
            movie_ids=movie_ids,
        )
        row = {
            "id": fact.notification_id,
            "user_id": fact.user_id,
            "kind": fact.kind,
            "channel": channel,
            "period": fact.period,
            "device_id": device_id,
            "movie_ids": list(movie_ids),
            "sealed": self.key.seal(NOTIFICATION, content.text()),
            "slate": slate and Jsonb(slate),
            "now": self.now,
        }
        queued = await (await self.conn.execute(_QUEUE, row)).fetchone()
        return [fact] if queued else []
