"""Makes the e-mails that people ask for, or must get, about their accounts: for the outbox, like every other message."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from accounts.emails import ADDRESS
from accounts.keys import HOUSE, DataKey, DataKeys, Keys
from accounts.mail_tokens import LINK, TTL, new_token, token_digest
from accounts.masters import MasterKeyMissing
from accounts.sealed_columns import NOTIFICATION
from database.connect import Pool
from database.ids import uuid7
from events.notifications import Channel, NotificationKind, NotificationQueued
from events.person_locks import lock_people_async
from notifications.content import Content
from notifications.record import Conn, record_queued

log = logging.getLogger(__name__)

MOST = 5
"""E-mails of a kind to a person within an hour: who asks more often has those, and the newest is still good."""
STALE = timedelta(hours=1)
"""What was asked for longer ago than that nobody waits for any more."""

_NEXT = """
select r.id, coalesce(r.user_id, (select u.id from users u where u.email_digest = r.email_digest))
  from mail_requests r order by r.id limit 1"""
_TAKE = "delete from mail_requests where id = %s returning kind, email_digest, asked_at"
# Whom an operator deactivated is not let back in by an e-mail. The row is held first, as by who changes the address.
_ADDRESS = f"""
select {ADDRESS} from users u
 where u.id = %(user)s and u.email_sealed is not null and (u.deactivated_at is null or u.deactivated_by = 'person')
   and (%(digest)s::bytea is null or u.email_digest = %(digest)s)
   and (%(kind)s <> 'EMAIL_VERIFICATION' or u.email_verified_at is null)
   and (select count(*) from outbox o
         where o.user_id = u.id and o.kind = %(kind)s and o.queued_at > %(now)s::timestamptz - interval '1 hour') < {MOST}
   for key share of u"""
_REPLACE = """
insert into mail_tokens (user_id, kind, token_digest, email_digest, notification_id, expires_at)
values (%(user)s, %(kind)s, %(token_digest)s, %(email_digest)s, %(id)s, %(ends)s)
on conflict (user_id, kind) do update set token_digest = excluded.token_digest, email_digest = excluded.email_digest,
  notification_id = excluded.notification_id, expires_at = excluded.expires_at"""
_QUEUE = """
insert into outbox
  (id, user_id, kind, channel, period, movie_ids, content_sealed, link_token_sealed, next_attempt_at, queued_at)
values (%(id)s, %(user)s, %(kind)s, 'EMAIL', %(period)s, '{}', %(content)s, %(token)s, %(now)s, %(now)s)"""
_FORGET = "delete from mail_tokens where expires_at <= %s"


async def make_asked(pool: Pool, keys: Keys, now: datetime) -> bool:
    """Make the e-mail of the oldest request, or none where nobody is to get it; return whether there was a request.

    Of several workers one makes it. A request that cannot be met is gone all the same: others wait behind it.
    """
    async with pool.connection() as conn:
        found = await (await conn.execute(_NEXT)).fetchone()
    if found is None:
        return False
    request_id, user_id = found
    found_keys = await _keys(pool, keys, user_id)
    house, key = found_keys.get(HOUSE), found_keys.get(user_id)
    async with pool.connection() as conn, conn.transaction():
        if user_id:  # before the row: an erasure takes them in this order
            await lock_people_async(conn, user_id)
        taken = await (await conn.execute(_TAKE, (request_id,))).fetchone()
        if taken is None or house is None or key is None:
            return True
        kind, digest, asked_at = taken
        if asked_at <= now - STALE:
            return True
        try:
            async with conn.transaction():
                await _make(
                    conn, key, house, NotificationKind(kind), {"user": user_id, "digest": digest, "now": now}
                )
        except (psycopg.OperationalError, PoolTimeout):
            raise
        except Exception:
            log.exception("an e-mail about an account is not made", extra={"person": str(user_id)})
    return True


async def _keys(pool: Pool, keys: Keys, user_id: UUID | None) -> DataKeys:
    """Return the keys that an e-mail to a person needs, as far as they are there."""
    try:
        return await keys.get(pool, [HOUSE, user_id]) if user_id else {}
    except MasterKeyMissing as missing:
        log.error("an e-mail about an account is not made", extra={"reason": str(missing)})
        return {}


async def _make(
    conn: Conn, key: DataKey, house: DataKey, kind: NotificationKind, values: dict[str, Any]
) -> None:
    values = {**values, "kind": kind}
    found = await (await conn.execute(_ADDRESS.encode(), values)).fetchone()
    if found is None:
        return
    now: datetime = values["now"]
    user_id: UUID = values["user"]
    fact = NotificationQueued(
        user_id=user_id,
        notification_id=uuid7(),
        kind=kind,
        channel=Channel.EMAIL,
        period=now.date(),
        device_id=None,
        movie_ids=(),
    )
    values |= {
        "id": fact.notification_id,
        "period": fact.period,
        "content": key.seal(NOTIFICATION, Content(kind).text()),
        "token": None,
    }
    if kind in TTL:
        token = new_token()
        values["token"] = key.seal(LINK, token)
        made = {"token_digest": token_digest(house, kind, token), "email_digest": found[0]}
        await conn.execute(_REPLACE, {**values, **made, "ends": now + TTL[kind]})
    await conn.execute(_QUEUE, values)
    await record_queued(conn, [fact])


async def forget_expired(pool: Pool, now: datetime) -> int:
    """Forget tokens whose time is over; return how many there were."""
    async with pool.connection() as conn:
        return (await conn.execute(_FORGET, (now,))).rowcount
