"""Hands over what waits in the outbox, and records how that went."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from cryptography.exceptions import InvalidTag
from psycopg.rows import class_row
from psycopg_pool import PoolTimeout

from accounts.devices import DEVICE
from accounts.emails import ADDRESS, EMAIL
from accounts.keys import Keys
from accounts.mail_tokens import LINK
from accounts.masters import MasterKeyMissing
from accounts.sealed_columns import NOTIFICATION
from database.connect import Pool
from events.notifications import (
    OF_ACCOUNTS,
    Channel,
    FailureReason,
    IllegalMove,
    NotificationEvent,
    NotificationFailed,
    NotificationKind,
    NotificationSent,
    NotificationStatus,
)
from notifications.content import Content
from notifications.links import Links
from notifications.mail import MailServer, send_mail
from notifications.news import read_news
from notifications.outcomes import Failed, Later, Outcome, Sent
from notifications.push import PushSender, send_push
from notifications.record import record_move
from notifications.rendering import Letter, Tracking, account_letter, clipped, letter, subject
from notifications.suppressions import SUPPRESSED, SuppressionReason, suppress_address

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""After which another worker tries what one took and said nothing more of."""
MOST_S = 240.0
"""Seconds that an attempt may take: less than the lease."""
ATTEMPTS = 8
"""Attempts at a message at most: over some 13 hours."""
KEPT = timedelta(days=90)
"""How long the text of a message is kept."""

_CLAIM = f"""
update outbox o set attempts = attempts + 1, next_attempt_at = %(now)s::timestamptz + %(lease)s::interval,
                    email_digest = case o.channel when 'EMAIL' then {ADDRESS} end
  from notification_choices c, users u, notifications n
 where o.id = (select w.id from outbox w
                 join notifications q on q.user_id = w.user_id and q.notification_id = w.id
                where w.finished_at is null and w.next_attempt_at <= %(now)s
                order by w.next_attempt_at limit 1 for update of w skip locked)
   and c.user_id = o.user_id and u.id = o.user_id and n.user_id = o.user_id and n.notification_id = o.id
returning o.id, o.user_id, o.kind, o.channel, o.device_id, o.content_sealed, o.attempts, n.status, u.email_sealed,
          o.taken_at is not null as is_taken,
          (select d.token_sealed from devices d where d.id = o.device_id and d.user_id = o.user_id) as token_sealed,
          (o.kind = any (%(of_accounts)s) or c.is_active and case o.channel || ' ' || o.kind
            when 'EMAIL WEEKLY_DIGEST' then c.weekly_digest
            when 'EMAIL RECOMMENDATIONS' then c.recommendation_alerts
            when 'EMAIL TRENDING' then c.trending_alerts
            when 'PUSH RECOMMENDATIONS' then c.push_recommendations
            when 'PUSH TRENDING' then c.push_trending end) as is_wanted,
          o.channel = 'EMAIL' and {SUPPRESSED} as is_suppressed, c.open_tracking, c.click_tracking,
          o.link_token_sealed, u.email_verified_at is not null as is_verified,
          exists (select from mail_tokens t where t.notification_id = o.id and t.user_id = o.user_id
                     and t.expires_at > %(now)s and t.email_digest = {ADDRESS}) as is_token_good"""
# one statement, and before the connection to the server is closed: who dies later does not have it sent again
_TAKEN = "update outbox set taken_at = %s where id = %s"
_FINISH = "update outbox set finished_at = %s, link_token_sealed = null where id = %s"
_LATER = "update outbox set next_attempt_at = %s where id = %s"
_GONE = "delete from devices where id = %s and user_id = %s"
_FORGET = "delete from outbox where finished_at < %s"


@dataclass(frozen=True, slots=True)
class Senders:
    """By what messages go; None where the operator has not set it up."""

    links: Links
    mail: MailServer | None = None
    push: PushSender | None = None
    to_verified_only: bool = False
    """Whether e-mail that somebody can choose goes only to addresses that are proved."""

    @property
    def channels(self) -> frozenset[Channel]:
        """What can be sent by."""
        return frozenset(
            channel for channel, by in ((Channel.EMAIL, self.mail), (Channel.PUSH, self.push)) if by
        )


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: UUID
    user_id: UUID
    kind: NotificationKind
    channel: Channel
    device_id: UUID | None
    content_sealed: bytes
    attempts: int
    status: NotificationStatus
    is_taken: bool
    email_sealed: bytes | None
    token_sealed: bytes | None
    is_wanted: bool
    is_suppressed: bool
    open_tracking: bool
    click_tracking: bool
    link_token_sealed: bytes | None
    is_verified: bool
    is_token_good: bool


def back_off(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: a minute, then four times as long each time, four hours at most."""
    return min(timedelta(minutes=4 ** (attempts - 1)), timedelta(hours=4))


async def send_due(pool: Pool, keys: Keys, senders: Senders, now: datetime) -> bool:
    """Try to send one message that is due; return whether there was one. Other workers take others meanwhile."""
    async with pool.connection() as conn, conn.cursor(row_factory=class_row(_Waiting)) as cursor:
        await cursor.execute(_CLAIM.encode(), {"now": now, "lease": LEASE, "of_accounts": list(OF_ACCOUNTS)})
        waiting = await cursor.fetchone()
    if waiting is None:
        return False
    if waiting.status != NotificationStatus.QUEUED:  # it went out, whoever took it could not say so any more
        await _finish(pool, waiting, None, now)
        return True
    if waiting.is_taken:
        await _settle(pool, replace(waiting, attempts=waiting.attempts - 1), Sent(), now)
        return True
    if waiting.attempts > ATTEMPTS:
        outcome: Outcome = Later("each attempt was cut short")
    else:
        outcome = await _tried(pool, keys, senders, waiting, now)
    await _settle(pool, waiting, outcome, now)
    return True


async def _tried(pool: Pool, keys: Keys, senders: Senders, waiting: _Waiting, now: datetime) -> Outcome:
    """Return how an attempt ended. What nobody thought of is one that may work later: it must not be tried for ever."""
    try:
        async with asyncio.timeout(MOST_S):
            return await _attempt(pool, keys, senders, waiting, now)
    except (psycopg.OperationalError, PoolTimeout):
        raise
    except TimeoutError:
        return Later("it took too long")
    except (InvalidTag, MasterKeyMissing) as error:
        return Later(type(error).__name__)
    except Exception as error:
        log.exception("a message could not be sent", extra={"notification": str(waiting.id)})
        return Later(type(error).__name__)


async def _attempt(pool: Pool, keys: Keys, senders: Senders, waiting: _Waiting, now: datetime) -> Outcome:
    if not waiting.is_wanted:
        return Failed(FailureReason.NOT_WANTED)
    if waiting.is_suppressed:
        return Failed(FailureReason.SUPPRESSED)
    is_mail = waiting.channel == Channel.EMAIL
    if waiting.kind in OF_ACCOUNTS:
        return await _attempt_of_account(pool, keys, senders, waiting, now)
    if is_mail and senders.to_verified_only and not waiting.is_verified:
        return Failed(FailureReason.NOT_VERIFIED)
    to, text = await keys.open_many(
        pool,
        [
            (waiting.user_id, EMAIL, waiting.email_sealed)
            if is_mail
            else (waiting.user_id, DEVICE, waiting.token_sealed),
            (waiting.user_id, NOTIFICATION, waiting.content_sealed),
        ],
    )
    if to is None or text is None:
        return Failed(FailureReason.NO_ADDRESS)
    content = Content.parse(text)
    if is_mail and senders.mail:
        tracking = Tracking(waiting.open_tracking, waiting.click_tracking)
        async with pool.connection() as conn:
            news = await read_news(conn, waiting.user_id, content.news)
        if not (news or content.items):
            return Failed(FailureReason.NOTHING_LEFT)
        mail = letter(content, waiting.user_id, waiting.id, senders.links, tracking, news)
        return await _sent(pool, mail, to, waiting, senders.mail, now)
    if not is_mail and senders.push:
        return await send_push(to, _pushed(content, waiting, senders.links), senders.push)
    return Later("nothing sends by this way here")


async def _attempt_of_account(
    pool: Pool, keys: Keys, senders: Senders, waiting: _Waiting, now: datetime
) -> Outcome:
    """Try an e-mail about an account: not one whose link would not work any more."""
    has_link = waiting.link_token_sealed is not None
    if has_link and not waiting.is_token_good:
        return Failed(FailureReason.NOTHING_LEFT)
    to, token = await keys.open_many(
        pool,
        [
            (waiting.user_id, EMAIL, waiting.email_sealed),
            (waiting.user_id, LINK, waiting.link_token_sealed),
        ],
    )
    if to is None:
        return Failed(FailureReason.NO_ADDRESS)
    url = senders.links.with_token(waiting.kind, token) if token else None
    if senders.mail is None or (has_link and url is None):
        return Later("nothing sends this here, or the page of its link is not set")
    return await _sent(pool, account_letter(waiting.kind, url), to, waiting, senders.mail, now)


async def _sent(
    pool: Pool, mail: Letter, to: str, waiting: _Waiting, server: MailServer, now: datetime
) -> Outcome:
    async def taken() -> None:
        async with pool.connection() as conn:
            await conn.execute(_TAKEN, (now, waiting.id))

    return await send_mail(mail, to, waiting.id, server, now, on_taken=taken)


def _pushed(content: Content, waiting: _Waiting, links: Links) -> dict[str, object]:
    first = content.items[0]
    link = links.movie(first.movie_id)
    if link and waiting.click_tracking:
        link = links.clicked(waiting.user_id, waiting.id, first.movie_id)
    return {
        "title": clipped(subject(content)),
        "body": clipped(first.why),
        "url": link,
        "notificationId": f"Notification:{waiting.id}",
    }


async def _settle(pool: Pool, waiting: _Waiting, outcome: Outcome, now: datetime) -> None:
    said = {"user_id": waiting.user_id, "notification_id": waiting.id}
    if isinstance(outcome, Later):
        log.info("a message waits", extra={"notification": str(waiting.id), "reason": outcome.why})
        if waiting.attempts < ATTEMPTS:
            async with pool.connection() as conn:
                wait = max(back_off(waiting.attempts), outcome.wait)
                await conn.execute(_LATER, (now + wait, waiting.id))
            return
        outcome = Failed(FailureReason.GAVE_UP)
    if isinstance(outcome, Sent):
        await _finish(pool, waiting, NotificationSent(**said, attempt=waiting.attempts), now)
    else:
        await _finish(pool, waiting, NotificationFailed(**said, reason=outcome.reason), now)


async def _finish(pool: Pool, waiting: _Waiting, fact: NotificationEvent | None, now: datetime) -> None:
    async with pool.connection() as conn, conn.transaction():
        is_news = False
        if fact:
            with suppress(IllegalMove):  # its provider was quicker to say what became of it
                is_news = await record_move(conn, fact)
        if isinstance(fact, NotificationFailed) and fact.reason is FailureReason.NO_ADDRESS:
            await conn.execute(_GONE, (waiting.device_id, waiting.user_id))
        if is_news and isinstance(fact, NotificationFailed) and fact.reason is FailureReason.BOUNCED:
            await suppress_address(conn, waiting.id, SuppressionReason.BOUNCED)
        await conn.execute(_FINISH, (now, waiting.id))


async def forget_old(pool: Pool, now: datetime) -> int:
    """Forget the texts of messages that are long over; return how many there were."""
    async with pool.connection() as conn:
        return (await conn.execute(_FORGET, (now - KEPT,))).rowcount
