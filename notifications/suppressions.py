"""Addresses that get no e-mail any more, because it came back for good or was called spam, while they are the person's."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from accounts.emails import ADDRESS


class SuppressionReason(StrEnum):
    """Why an address gets no e-mail."""

    BOUNCED = "BOUNCED"
    COMPLAINED = "COMPLAINED"


SUPPRESSED = f"exists (select from mail_suppressions s where s.user_id = u.id and s.email_digest = {ADDRESS})"
"""Whether the address of a row `u` of `users` gets no e-mail."""

_IS_FORMER = f"""
select exists (select from outbox o join users u on u.id = o.user_id where o.id = %s and o.email_digest <> {ADDRESS})"""
# what was called spam stays so, whatever bounces later
_SUPPRESS = f"""
insert into mail_suppressions as s (user_id, email_digest, reason)
select u.id, o.email_digest, %(reason)s
  from outbox o join users u on u.id = o.user_id
 where o.id = %(id)s and o.email_digest = {ADDRESS}
on conflict (user_id) do update
   set email_digest = excluded.email_digest, reason = excluded.reason, since = excluded.since
 where s.email_digest <> excluded.email_digest or s.reason = 'BOUNCED'"""
_LIFT = "delete from mail_suppressions where user_id = %s and reason = 'BOUNCED'"

Conn = AsyncConnection[Any]


async def is_of_former_address(conn: Conn, notification_id: UUID) -> bool:
    """Return whether a message went to an address that its person has given up since."""
    found = await (await conn.execute(_IS_FORMER.encode(), (notification_id,))).fetchone()
    return bool(found and found[0])


async def suppress_address(conn: Conn, notification_id: UUID, reason: SuppressionReason) -> None:
    """Send no e-mail any more to the address that a message went to, unless the person has given it up since."""
    await conn.execute(_SUPPRESS.encode(), {"id": notification_id, "reason": reason})


async def lift_bounce(conn: Conn, user_id: UUID) -> None:
    """Try the person's address again if e-mail came back from it; not where one was called spam."""
    await conn.execute(_LIFT, (user_id,))
