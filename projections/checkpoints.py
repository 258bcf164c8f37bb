"""How far each projection is: the snapshot it last folded with, and what it has missed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from projections.registry import Projection, projections

Conn = psycopg.Connection[tuple[Any, ...]]

NOW = "select pg_current_snapshot()::text, (select settled from log_cluster)"

GIVEN_UP = "skipped: "
"""What the error of a parked event begins with when an operator gave it up."""

# What a follower has not folded yet; an inline projection is folded by the append itself, so it misses nothing.
_STATUS = """
select c.name, c.version, c.inline,
       case when c.status = 'rebuilding' then c.status when known.version is distinct from c.version then 'stale'
            when exists (select from dead_letters d where d.projection = c.name and not starts_with(d.error, '{given_up}'))
            then 'failed' else c.status end as status,
       c.progress, c.updated_at,
       case when c.inline then head.position else c.position end as position,
       coalesce(missed.events, 0) as lag_events,
       coalesce(extract(epoch from now() - missed.oldest), 0)::float8 as lag_seconds,
       (select count(*) from dead_letters d where d.projection = c.name) as dead_letters
  from checkpoints c
  left join (values {versions}) as known (name, version) on known.name = c.name
 cross join (select coalesce(max(position), 0) as position from events) head
  left join lateral (
    select count(*) as events, min(recorded_at) as oldest
      from (select e.recorded_at from events e
             where e.xid >= pg_snapshot_xmax(c.snapshot) and e.position > (select settled from log_cluster)
            union all
            select e.recorded_at from events e
             where e.xid = any (array(select pg_snapshot_xip(c.snapshot)))
             limit 100000) m) missed on not c.inline
"""


def status_sql() -> str:
    """Return a select of one row a projection that is deployed; `lag_events` stops counting at 100,000.

    A projection is stale that is of another version than this program's, and failed where an event waits for an operator.
    """
    versions = ", ".join(f"('{p.name}', {p.version})" for p in projections().values())
    return _STATUS.format(given_up=GIVEN_UP, versions=versions)


@dataclass(frozen=True, slots=True)
class ProjectionStatus:
    """How a projection stands; lag is in events and in seconds since the oldest of them was recorded."""

    name: str
    version: int
    inline: bool
    status: str
    progress: dict[str, Any] | None
    updated_at: datetime
    position: int
    lag_events: int
    lag_seconds: float
    dead_letters: int


def statuses(conn: Conn) -> list[ProjectionStatus]:
    """Return how every deployed projection stands, by name."""
    rows = conn.execute(f"select * from ({status_sql()}) s order by name").fetchall()
    return [ProjectionStatus(*row) for row in rows]


PARKED = "select position from dead_letters where projection = any (%(names)s)"
"""The events that the folds of `names` could not take."""
SKIPPED = f"{PARKED} and starts_with(error, '{GIVEN_UP}')"
"""Those of them that an operator gave up: a rebuild leaves them out, and stops at any other that it cannot fold."""


def now(conn: Conn) -> tuple[str, int]:
    """Return the snapshot of this moment and the settled position (see events/cluster.py)."""
    row = conn.execute(NOW).fetchone()
    assert row is not None
    return row[0], row[1]


def keep(conn: Conn, members: Sequence[Projection], snapshot: str) -> None:
    """Move the checkpoints of projections that are folded together; part of the caller's transaction."""
    for projection in members:
        conn.execute(
            """
            insert into checkpoints as c (name, version, inline, status, snapshot, position)
            values (%(name)s, %(version)s, %(inline)s, 'live', %(snapshot)s,
                    (select coalesce(max(position), 0) from events where pg_visible_in_snapshot(xid, %(snapshot)s)))
            on conflict (name) do update
               set version = excluded.version, inline = excluded.inline, status = excluded.status,
                   snapshot = excluded.snapshot, position = excluded.position, progress = null, updated_at = now()""",
            {
                "name": projection.name,
                "version": projection.version,
                "inline": projection.inline,
                "snapshot": snapshot,
            },
        )


def stale(conn: Conn) -> list[str]:
    """Return the projections whose table is missing or of another version than the program's."""
    deployed: dict[str, int] = dict(conn.execute("select name, version from checkpoints").fetchall())
    return [p.name for p in projections().values() if deployed.get(p.name) != p.version]
