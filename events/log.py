"""The log as its readers see it: recorded events, and the windows that lose none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from events.facts import Data, Event, decode


class Source(StrEnum):
    """Where an event came from."""

    WEB = "web"
    MOBILE = "mobile"
    EMAIL = "email"
    PUSH = "push"
    IMPORT = "import"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One row of the log: the fact and its envelope."""

    position: int
    event_id: UUID
    fact: Event
    source: Source = Source.WEB
    occurred_at: datetime
    recorded_at: datetime
    correlation_id: UUID
    causation_id: UUID | None = None


COLUMNS = (
    "position, event_id, type, schema_version, user_id, movie_id, data, source, occurred_at, recorded_at, "
    "correlation_id, causation_id"
)
"""What `recorded` takes, in its order."""


def recorded(row: tuple[Any, ...]) -> Recorded:
    """Return the row of a select of `COLUMNS` as an event in its newest shape. Raises UnknownEvent."""
    (
        position,
        event_id,
        name,
        version,
        user_id,
        movie_id,
        data,
        source,
        occurred,
        written,
        correlation,
        cause,
    ) = row
    fact: Data = data
    return Recorded(
        position=position,
        event_id=event_id,
        fact=decode(name, version, user_id, movie_id, fact),
        source=Source(source),
        occurred_at=occurred,
        recorded_at=written,
        correlation_id=correlation,
        causation_id=cause,
    )


def last_of(log: Sequence[Recorded], kinds: tuple[type[Event], ...]) -> Recorded | None:
    """Return the last event of these kinds; None without any. The log is oldest first."""
    return next((event for event in reversed(log) if isinstance(event.fact, kinds)), None)


TICK = """
select e.* from events e
 where e.xid >= pg_snapshot_xmax(%(old)s::pg_snapshot) and e.xid < pg_snapshot_xmax(%(new)s::pg_snapshot)
   and pg_visible_in_snapshot(e.xid, %(new)s::pg_snapshot) and e.position > %(settled)s
union all
select e.* from events e
 where e.xid = any (array(select pg_snapshot_xip(%(old)s::pg_snapshot)))
   and pg_visible_in_snapshot(e.xid, %(new)s::pg_snapshot) and e.position > %(settled)s
"""
"""The window between two snapshots: what the new one sees and the old one did not.

A cursor of positions or of xmin loses events that commit late; a snapshot does not, and an unrelated long transaction
does not hold it back. What was still running at the old snapshot is looked up by its xid, so that a transaction open
for hours does not make the window's scan long.
"""

SETTLED = """
select e.* from events e
 where (e.position <= %(settled)s or pg_visible_in_snapshot(e.xid, %(new)s::pg_snapshot))
   and e.position > %(low)s and e.position <= %(high)s
"""
"""What a snapshot sees of a range of positions (low, high]; `settled` are positions whose xids mean nothing here."""

FENCE = "select last_value - (not is_called)::integer, pg_current_xact_id()::text from events_position_seq"
PASSED = "select pg_snapshot_xmin(pg_current_snapshot()) > %(fence)s::xid8"
