"""Stored transaction ids mean something in one cluster only: notice a restore into another, and settle the log there."""

from __future__ import annotations

from typing import Any

import psycopg

Conn = psycopg.Connection[tuple[Any, ...]]

_MOVED = """
select c.system_identifier <> s.system_identifier
       or coalesce((select max(xid) from events where position > c.settled)
                   >= pg_snapshot_xmax(pg_current_snapshot()), false)
  from log_cluster c, pg_control_system() s"""


class LogMoved(Exception):
    """The log was restored into another cluster, where its transaction ids mean nothing: followers would miss events.

    Run `projectionist doctor --rebase` with the migrating user; it settles the log and rebuilds the projections.
    """


def has_moved(conn: Conn) -> bool:
    """Whether the log's transaction ids were made by another cluster, or by a younger past of this one."""
    row = conn.execute(_MOVED).fetchone()
    return bool(row and row[0])


def require_home(conn: Conn) -> None:
    """Raise LogMoved when followers would miss events here."""
    if has_moved(conn):
        raise LogMoved


def rebase(conn: Conn) -> int:
    """Count everything that is in the log as settled here, and every projection as stale; return the position.

    Wants the log's owner or a superuser, and no server or worker running.
    """
    with conn.transaction():
        row = conn.execute("""
            update log_cluster
               set system_identifier = (select system_identifier from pg_control_system()),
                   settled = (select coalesce(max(position), 0) from events)
            returning settled""").fetchone()
        conn.execute("update checkpoints set status = 'stale', version = 0, snapshot = pg_current_snapshot()")
    assert row is not None
    return int(row[0])
