"""A position below which nothing will appear any more: what exports, seals and analysts read up to."""

from __future__ import annotations

import time

import psycopg

from events.log import FENCE, PASSED


class LogBusy(Exception):
    """A transaction that writes has been open for too long, so the end of the log is not settled yet. Try again."""


def safe_position(conn: psycopg.Connection[tuple[int | str | bool, ...]], *, wait_s: float = 10.0) -> int:
    """Return a position that every event at or below it is committed or never will be.

    The sequence's value is read first and a transaction id is taken after it; whoever drew a position up to that value
    took an id before (`xid` is the first column of the log), so once every transaction up to the fence has ended the
    range is settled. (`pg_snapshot_xmax` would not do: it is the last completed id + 1.) Raises LogBusy after `wait_s`.
    """
    with conn.transaction():
        row = conn.execute(FENCE).fetchone()
    assert row is not None
    last, fence = row
    deadline = time.monotonic() + wait_s
    while True:
        passed = conn.execute(PASSED, {"fence": fence}).fetchone()
        if passed and passed[0]:
            return int(last)
        if time.monotonic() > deadline:
            raise LogBusy
        time.sleep(0.02)
