"""Catch-up: followers take what a snapshot newly sees and fold it, the checkpoint moving in the same transaction."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import errors

from events.log import TICK
from projections.checkpoints import Conn, keep, now
from projections.registry import Projection, families, fold_window

log = logging.getLogger(__name__)

_LEASE = """
select snapshot::text from checkpoints
 where (name, version) in (select * from unnest(%(names)s::text[], %(versions)s::integer[]))
   and status in ('live', 'rebuilding') order by name for update skip locked"""
_TICK_POSITIONS = f"select position from ({TICK}) t order by position"
_THESE = "select * from events where position = any (%(positions)s)"
_PARK = """
insert into dead_letters as d (projection, position, error) values (%(name)s, %(position)s, %(error)s)
on conflict (projection, position) do update set tries = d.tries + 1, error = excluded.error, parked_at = now()"""


def tick(conn: Conn, members: Sequence[Projection]) -> int | None:
    """Fold what is new into projections that share a checkpoint; return how many events.

    None when they are leased elsewhere, stale, or tables of another version than this program's.
    An event that a fold cannot take is parked in `dead_letters`, and the others go on.
    """
    try:
        with conn.transaction():
            conn.execute("set transaction isolation level repeatable read")
            mine = {"names": [p.name for p in members], "versions": [p.version for p in members]}
            held = conn.execute(_LEASE, mine).fetchall()
            if len(held) < len(members):
                return None
            new, settled = now(conn)
            window = {"old": held[0][0], "new": new, "settled": settled}
            folded = _fold(conn, members, window)
            if folded:
                keep(conn, members, new)
            return folded
    except (errors.SerializationFailure, errors.DeadlockDetected):
        return None


def _fold(conn: Conn, members: Sequence[Projection], window: dict[str, Any]) -> int:
    any_new = conn.execute(f"select exists ({TICK})", window).fetchone()
    if not any_new or not any_new[0]:
        return 0
    folded = 0
    for projection in members:
        try:
            with conn.transaction():
                row = conn.execute(fold_window(projection, TICK), window).fetchone()
            folded = row[0] if row else 0
        except (errors.DataError, errors.IntegrityError) as error:
            log.warning(
                "poison event", extra={"projection": projection.name, "error": str(error).splitlines()[0]}
            )
            positions = [row[0] for row in conn.execute(_TICK_POSITIONS, window).fetchall()]
            fold_these(conn, projection, positions)
            folded = len(positions)
    return folded


def fold_these(conn: Conn, projection: Projection, positions: Sequence[int]) -> int:
    """Fold these events, halving the window around those that cannot be folded; return how many were parked."""
    try:
        with conn.transaction():
            conn.execute(fold_window(projection, _THESE), {"positions": list(positions)})
        return 0
    except (errors.DataError, errors.IntegrityError) as error:
        if len(positions) > 1:
            middle = len(positions) // 2
            first = fold_these(conn, projection, positions[:middle])
            return first + fold_these(conn, projection, positions[middle:])
        reason = str(error).splitlines()[0]
        conn.execute(_PARK, {"name": projection.name, "position": positions[0], "error": reason})
        return 1


def catch_up(conn: Conn) -> int:
    """Fold everything that is committed now into every follower; return how many events the longest one took."""
    folded = 0
    for members in families(inline=False):
        while count := tick(conn, members):
            folded = max(folded, count)
    return folded


class Follower:
    """Keeps the followers' tables near the head of the log: polls, sooner when nudged, until it is stopped.

    The first event after a pause is folded at once; after that, at most one tick in `poll_s`.
    """

    def __init__(self, connect: Callable[[], Conn], *, poll_s: float = 0.05) -> None:
        self._connect = connect
        self._poll_s = poll_s
        self._nudged = threading.Event()
        self._stopped = threading.Event()
        self._due: dict[str, float] = {}
        self.on_tick: list[Callable[[str, int, float], None]] = []
        """Called with the name of the first projection of a family, events folded, and seconds it took."""

    def nudge(self) -> None:
        """Say that something was appended, so that nobody waits for the poll."""
        self._nudged.set()

    def stop(self) -> None:
        """Ask the loop to end after the tick it is in."""
        self._stopped.set()
        self._nudged.set()

    def run(self) -> None:
        """Follow until stopped; while the database is away, try again once a second."""
        while not self._stopped.is_set():
            try:
                with self._connect() as conn:
                    self._follow(conn)
            except psycopg.OperationalError as error:
                log.warning("follower waits for the database", extra={"reason": str(error).splitlines()[0]})
                self._stopped.wait(1.0)

    def _follow(self, conn: Conn) -> None:
        while not self._stopped.is_set():
            self._nudged.clear()
            started = time.monotonic()
            busy = False
            for members in families(inline=False):
                busy |= bool(self._tick_if_due(conn, members))
            if busy:
                # a tick costs the same for one event as for a hundred: those of a busy moment go together
                self._stopped.wait(max(0.0, started + self._poll_s - time.monotonic()))
            else:
                self._nudged.wait(self._poll_s)

    def _tick_if_due(self, conn: Conn, members: Sequence[Projection]) -> int | None:
        name = members[0].name
        started = time.monotonic()
        if started < self._due.get(name, 0.0):
            return None
        folded = tick(conn, members)
        if folded:
            self._due[name] = started + max(p.every_s for p in members)
            for tell in self.on_tick:
                tell(name, folded, time.monotonic() - started)
        return folded
