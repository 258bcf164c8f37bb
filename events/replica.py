"""A read replica of the database: who reads a lot of the log, up to a position that is named, reads there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import psycopg

from events.safe_position import safe_position

Conn = psycopg.Connection[tuple[Any, ...]]

_POLL_S = 0.05
_SELF = "select system_identifier::text || ' ' || current_database() from pg_control_system()"
_END = "select pg_current_wal_insert_lsn()"
# what is written last may end a page of the WAL, whose end nobody replays before something follows it
_NUDGE = "select pg_current_xact_id()"
_REPLAYED = "select pg_is_in_recovery() and pg_last_wal_replay_lsn() >= %s::pg_lsn"
_IS_REPLICA = "select pg_is_in_recovery()"


class ReplicaUnfit(Exception):
    """The replica is no replica of this database, or too far behind it; the message says which."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the log is read, and a position up to which it is settled and all there; None: to be found out."""

    conn: Conn
    safe: int | None = None

    def safe_position(self) -> int:
        """Return the position. Raises LogBusy."""
        return safe_position(self.conn) if self.safe is None else self.safe


def read_there(primary: Conn, replica: Conn, *, most_lag_s: float) -> Reading:
    """Return the replica with the end of the log, once it has all that the database had at this moment.

    A replica can say how old what it has is only while it is sent something; so it is waited for, for `most_lag_s`. Both
    are in no transaction. Raises ReplicaUnfit, LogBusy.
    """
    if _one(primary, _SELF) != _one(replica, _SELF):
        raise ReplicaUnfit("it is a replica of another database")
    if not _one(replica, _IS_REPLICA):
        raise ReplicaUnfit("it is no replica (any more), but takes writes itself")
    safe = safe_position(primary)
    end = _one(primary, _END)
    deadline = time.monotonic() + most_lag_s
    while not _one(replica, _REPLAYED, end):
        if time.monotonic() > deadline:
            raise ReplicaUnfit(f"it is more than {most_lag_s:g} s behind")
        _one(primary, _NUDGE)
        time.sleep(_POLL_S)
    return Reading(replica, safe)


def _one(conn: Conn, statement: str, *values: object) -> Any:
    row = conn.execute(statement.encode(), values).fetchone()
    return row and row[0]
