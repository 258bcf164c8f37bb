"""When it is looked what a person is to be told: once a day, at a time of theirs in their own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from database.connect import Pool

BATCH = 1000
"""People whose next round is worked out with one statement."""

_UNPLANNED = """
select c.user_id, c.digest_time, c.time_zone
  from notification_choices c left join notification_rounds r using (user_id)
 where c.is_active and (r.user_id is null or (r.digest_time, r.time_zone) <> (c.digest_time, c.time_zone))
 limit %s"""
# a day whose round has not come yet is not lost to who moves over it, by another time or zone
_PLAN = """
insert into notification_rounds as r (user_id, due_at, day, digest_time, time_zone)
select u.id, n.due_at, n.day, n.digest_time, n.time_zone
  from unnest(%(users)s::uuid[], %(due)s::timestamptz[], %(days)s::date[], %(times)s::time[], %(zones)s::text[])
       as n (user_id, due_at, day, digest_time, time_zone)
  join users u on u.id = n.user_id
on conflict (user_id) do update set due_at = excluded.due_at, day = least(r.day, excluded.day),
  digest_time = excluded.digest_time, time_zone = excluded.time_zone"""


def next_round(after: datetime, at: time, zone: str) -> tuple[date, datetime]:
    """Return the first day whose `at` in this zone comes after a moment, and when that is.

    Where clocks go forward over it, it is as much later as they go; where they go back over it, it is the first of the
    two. So each day has one.
    """
    place = _place(zone)
    day = after.astimezone(place).date()
    while (moment := datetime.combine(day, at, place).astimezone(UTC)) <= after:
        day += timedelta(days=1)
    return day, moment


def week_of(day: date) -> date:
    """Return the Monday of the week."""
    return day - timedelta(days=day.weekday())


async def plan(pool: Pool, now: datetime) -> int:
    """Work out the next round of everybody who is new, or chose another time or zone; return of how many."""
    planned = 0
    while True:
        async with pool.connection() as conn:
            rows: list[tuple[Any, ...]] = await (await conn.execute(_UNPLANNED, (BATCH,))).fetchall()
            coming = [next_round(now, at, zone) for _, at, zone in rows]
            values = {
                "users": [user_id for user_id, _, _ in rows],
                "due": [moment for _, moment in coming],
                "days": [day for day, _ in coming],
                "times": [at for _, at, _ in rows],
                "zones": [zone for _, _, zone in rows],
            }
            if rows:
                await conn.execute(_PLAN, values)
        planned += len(rows)
        if len(rows) < BATCH:
            return planned


def _place(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):  # chosen where more zones were known
        return ZoneInfo("UTC")
