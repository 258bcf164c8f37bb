"""Activity on its way into the database: queued, written in groups, joined to whom a visitor turns out to be."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Error
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from accounts.visitors import Visitor, Visitors
from database.connect import Pool
from events.activity import Action, Activity, Details, network
from events.log import Source
from events.queued import Queue
from events.record import append_alone
from events.visitors import MovieViewedByVisitors, SessionIdentified
from projections.registry import fold_inline

log = logging.getLogger(__name__)

JOINED_MOST = 10_000
"""Actions of a session that are joined to a person, the newest: signing in must not take long."""

# while a session is being identified nobody writes what it did, or some of it would be joined to nobody
_SHARE = """
select pg_advisory_xact_lock_shared(hashtextextended(id, 0)) from unnest(%s::text[]) as id order by id"""
_LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"

_WRITE = """
with given as (
  select * from jsonb_to_recordset(%s) as g (id uuid, at timestamptz, action text, session_id uuid, user_id uuid,
    movie_id uuid, source text, is_event boolean, phrase text, address cidr, user_agent text, referrer text)
), owned as (
  select g.*, u.id as owner
    from given g
    left join identified_sessions s on g.user_id is null and s.session_id = g.session_id and g.at <= s.identified_at
    left join users u on u.id = coalesce(g.user_id, s.user_id)
), acted as (
  insert into activity.actions (id, occurred_at, action, session_id, user_id, movie_id, source)
  select o.id, at, action, session_id, owner, m.id, o.source
    from owned o left join movies m on m.id = o.movie_id
   where not is_event
)
insert into activity.details (activity_id, occurred_at, user_id, phrase, address, user_agent, referrer)
select id, at, owner, phrase, address, user_agent, referrer from owned
 where coalesce(phrase, address::text, user_agent, referrer) is not null
   and (user_id is null or owner is not null) -- not of who was erased while it waited"""

_IS_IDENTIFIED = "select exists (select from identified_sessions where session_id = %s)"
_JOIN = """
with joined as (
  update activity.actions set user_id = %(user_id)s
   where user_id is null
     and (occurred_at, id) in (select occurred_at, id from activity.actions where session_id = %(session_id)s
                                order by occurred_at desc, id desc limit %(most)s)
  returning id
)
update activity.details set user_id = %(user_id)s where activity_id in (select id from joined)"""


class Telemetry:
    """What one process does about activity; `keeps_addresses` and `keeps_details` are the operator's wish."""

    def __init__(self, pool: Pool, visitors: Visitors, *, keeps_addresses: bool, keeps_details: bool) -> None:
        self.visitors = visitors
        self.queue: Queue[Activity] = Queue(pool, write, "activity")
        self._pool, self._keeps_addresses, self._keeps_details = pool, keeps_addresses, keeps_details

    def kept(
        self, *, phrase: str | None, address: str, user_agent: str | None, referrer: str | None
    ) -> Details:
        """Return the details of a request as the operator wants them kept."""
        if not self._keeps_details:
            return Details()
        return Details(phrase, network(address) if self._keeps_addresses else None, user_agent, referrer)

    async def identify(self, visitor: Visitor, user_id: UUID) -> None:
        """Join what a visitor did to a person, once and for all: whoever signs in next with this token gets nothing.

        A database that does not do it is no reason not to let anybody in.
        """
        try:
            async with self._pool.connection() as conn, conn.transaction():
                await _identify(conn, visitor.session_id, user_id)
        except (Error, PoolTimeout) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            log.warning("a visitor is not joined to the person", extra={"reason": reason})


async def write(conn: AsyncConnection[Any], group: Sequence[Activity]) -> None:
    """Write actions, and let the log know what visitors opened, in one transaction."""
    views = Counter(
        one.movie_id
        for one in group
        if one.action is Action.MOVIE_VIEW and one.user_id is None and one.movie_id is not None
    )
    sessions = {str(one.session_id) for one in group if one.user_id is None}
    async with conn.transaction():
        await conn.execute(_SHARE, (sorted(map(_lock, sessions)),))
        await conn.execute(_WRITE, (Jsonb([_row(one) for one in group]),))
        if views:
            facts = [MovieViewedByVisitors(movie_id=movie_id, views=n) for movie_id, n in views.items()]
            await conn.execute(*append_alone(facts, fold_inline))


async def _identify(conn: AsyncConnection[Any], session_id: UUID, user_id: UUID) -> None:
    await conn.execute(_LOCK, (_lock(str(session_id)),))
    (is_identified,) = await (await conn.execute(_IS_IDENTIFIED, (session_id,))).fetchone() or (False,)
    if is_identified:
        return
    fact = SessionIdentified(user_id=user_id, session_id=session_id)
    await conn.execute(*append_alone([fact], fold_inline, source=Source.WEB))
    await conn.execute(_JOIN, {"user_id": user_id, "session_id": session_id, "most": JOINED_MOST})


def _lock(session_id: str) -> str:
    return f"visitor {session_id}"


def _row(one: Activity) -> dict[str, Any]:
    details = one.details
    return {
        "id": str(one.id),
        "at": one.occurred_at.isoformat(),
        "action": one.action.value,
        "session_id": str(one.session_id),
        "user_id": one.user_id and str(one.user_id),
        "movie_id": one.movie_id and str(one.movie_id),
        "source": one.source.value,
        "is_event": one.is_event,
        "phrase": details.phrase,
        "address": details.address,
        "user_agent": details.user_agent,
        "referrer": details.referrer,
    }
