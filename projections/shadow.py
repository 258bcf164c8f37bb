"""Tables made beside the live ones, in the schema `shadow`, and put in their place when they are right."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from psycopg import errors

from events.log import SETTLED, TICK
from projections.checkpoints import SKIPPED, Conn, keep, now
from projections.registry import Projection, create_keys, create_table, fold_log, fold_window
from projections.verify import Difference, compare_tables, difference
from projections.wall import wall

WINDOW = 5_000_000
"""Positions folded by one statement of a rebuild."""
SMALL = 500
"""A catch-up round below this many events is small enough for the swap to do the rest."""
_BEFORE = """
select version, case when %s then %s else snapshot::text end from public.checkpoints where name = %s"""
_WHOLE = f"{SETTLED} and e.position not in ({SKIPPED})"
_TAKEN = f"delete from public.dead_letters where projection = any (%(names)s) and position not in ({SKIPPED})"
# the whole log is grouped at once: what does not fit into memory is written to disk and read again
_ENTER = "set search_path = shadow, read, public; set work_mem = '128MB'; set maintenance_work_mem = '256MB'"
_LEAVE = "set search_path = read, public; reset work_mem; reset maintenance_work_mem"


class RebuildFailed(Exception):
    """The rebuilt table is not what the log says, or the swap found no quiet moment; the live table is untouched."""


@dataclass(slots=True)
class Progress:
    """How far a rebuild is; `events` of `total`, `rate` in events a second, `eta_s` seconds to go."""

    step: str
    events: int = 0
    total: int = 0
    rate: float = 0.0
    eta_s: float = 0.0


class Shadow:
    """The shadow tables of projections that are folded together, over a connection of their own."""

    def __init__(self, conn: Conn, members: Sequence[Projection]) -> None:
        self.conn = conn
        self.members = members
        self.names = [p.name for p in members]
        self.events = 0
        """Events folded so far."""
        self._snapshot = ""
        self._settled = 0
        self._is_whole = False
        """Whether the tables hold the log from its beginning."""

    def enter(self) -> None:
        """Let names without a schema mean the shadow tables on this connection."""
        self.conn.execute(_ENTER)

    def leave(self) -> None:
        """Let them mean the live ones again."""
        self.conn.execute(_LEAVE)

    def drop(self) -> None:
        """Leave nothing of an attempt that was stopped, refused or dry."""
        for p in self.members:
            self.conn.execute(f"drop table if exists shadow.{p.name}")

    def take(self, snapshots: Sequence[str]) -> None:
        """Take the tables that the last rebuild replaced, which hold what the first of their snapshots saw."""
        with self.conn.transaction():
            self.drop()
            for p in self.members:
                self.conn.execute(f"alter table before.{p.name} set schema shadow")
        self._snapshot, (_, self._settled) = snapshots[0], now(self.conn)

    def fold_log(self, window: int, tell: Callable[[Progress], None]) -> None:
        """Fold what a snapshot sees, a range of positions a statement; each range stands alone, so it can be stopped."""
        self.drop()
        for p in self.members:
            self.conn.execute(create_table(p).replace("create table ", "create table shadow.", 1))
        self._is_whole = True
        self._snapshot, self._settled = now(self.conn)
        ends = "select coalesce(max(position), 0), coalesce(min(position), 1) - 1 from events"
        ((head, low),) = self.conn.execute(ends).fetchall()
        counted = [p for p in self.members if p.kind != "derived"]
        started, first = time.monotonic(), True
        while low < head:
            high = min(low + window, head)
            self._fold_range(counted, low, high, merge=not first)
            low, first = high, False
            elapsed = time.monotonic() - started
            rate = low / elapsed if elapsed else 0.0
            tell(Progress("fold_log", low, head, rate, (head - low) / rate if rate else 0.0))
            if low < head:
                self._add_primary_keys(counted)
        self._add_primary_keys(counted)
        self._fold_range([p for p in self.members if p.kind == "derived"], 0, 0, merge=False)

    def _fold_range(self, members: Sequence[Projection], low: int, high: int, *, merge: bool) -> None:
        values = {"new": self._snapshot, "settled": self._settled, "low": low, "high": high}
        for p in members:
            names = {"names": [p.name, *p.reads]}
            self.conn.execute(fold_log(p, _WHOLE, merge=merge), values | names)
        if low < high:
            row = self.conn.execute(f"select count(*) from ({SETTLED}) e", values).fetchone()
            self.events += row[0] if row else 0

    def _add_primary_keys(self, members: Sequence[Projection]) -> None:
        for p in members:
            keyed = self.conn.execute(
                "select 1 from pg_index where indrelid = %s::regclass and indisprimary", (f"shadow.{p.name}",)
            ).fetchone()
            if keyed is None:
                self.conn.execute(create_keys(p)[0])

    def add_keys(self) -> None:
        """Add primary keys, indexes and statistics."""
        self._add_primary_keys(self.members)
        for p in self.members:
            for statement in create_keys(p)[1:]:
                self.conn.execute(statement)
            # of a table that was analyzed while empty the planner believes that it stays so, and reads it whole
            ((is_filled,),) = self.conn.execute(f"select exists (select from shadow.{p.name})").fetchall()
            if is_filled:
                self.conn.execute(f"analyze shadow.{p.name}")

    def catch_up(self) -> None:
        """Fold what came meanwhile, until a round is small enough for the swap."""
        while True:
            with self.conn.transaction():
                self.conn.execute("set transaction isolation level repeatable read")
                folded = self._round(now(self.conn)[0])
            self.events += folded
            if folded < SMALL:
                return

    def _round(self, snapshot: str) -> int:
        window = {"old": self._snapshot, "new": snapshot, "settled": self._settled}
        folded = 0
        for p in self.members:
            row = self.conn.execute(fold_window(p, TICK), window).fetchone()
            folded = max(folded, row[0] if row else 0)
        self._snapshot = snapshot
        return folded

    def prove(self) -> None:
        """Compare the tables with an independent fold of the log. Raises RebuildFailed."""
        for p in self.members:
            wrong = difference(
                self.conn,
                p,
                snapshot=self._snapshot,
                settled=self._settled,
                table=f"shadow.{p.name}",
                limit=3,
                is_rebuilt=True,
            )
            if wrong:
                raise RebuildFailed(f"the rebuilt {p.name} differs from the log: {wrong[0]}")

    def changes(self) -> dict[str, list[Difference]]:
        """Return the rows, by table, that the live tables would get and lose."""
        return {
            p.name: compare_tables(self.conn, p, new=f"shadow.{p.name}", old=f"read.{p.name}")
            for p in self.members
        }

    def swap(self) -> None:
        """Put the tables in the place of the live ones. Raises RebuildFailed where no moment is quiet."""
        for p in self.members:
            wall(self.conn, p, "shadow")
        caught_up = self._snapshot
        for attempt in range(50):
            try:
                with self.conn.transaction():
                    self._swap_now()
                return
            except (errors.LockNotAvailable, errors.DeadlockDetected):
                self._snapshot = caught_up  # what this attempt folded was rolled back
                time.sleep(min(0.05 * (attempt + 1), 1.0))
        raise RebuildFailed(f"no quiet moment to swap {', '.join(self.names)}; try again later")

    def _swap_now(self) -> None:
        """The last window and the new names in one short transaction: whoever waits for the lock finds the new table."""
        execute = self.conn.execute
        execute("set local lock_timeout = '300ms'")
        execute(
            "select from public.checkpoints where name = any (%s) order by name for update", (self.names,)
        )
        live = [p for p in self.members if self._exists(f"read.{p.name}")]
        for p in live:
            execute(f"lock table read.{p.name} in share row exclusive mode")
        self._round(now(self.conn)[0])
        for p in live:
            execute(f"lock table read.{p.name} in access exclusive mode")
            before = execute(_BEFORE, (p.inline, self._snapshot, p.name)).fetchone()
            execute(f"drop table if exists before.{p.name}")
            execute(f"alter table read.{p.name} set schema before")
            if before:
                execute(f"comment on table before.{p.name} is '{before[0]} {before[1]}'")
        for p in self.members:
            execute(f"alter table shadow.{p.name} set schema read")
        keep(self.conn, self.members, self._snapshot)
        if self._is_whole:
            execute(_TAKEN, {"names": self.names})

    def _exists(self, table: str) -> bool:
        row = self.conn.execute("select to_regclass(%s) is not null", (table,)).fetchone()
        return bool(row and row[0])
