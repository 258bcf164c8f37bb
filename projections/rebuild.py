"""Rebuild without downtime: fold the log into a shadow table, prove it, catch up, and swap the names."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psycopg import errors
from psycopg.types.json import Jsonb

from events.log import SETTLED, TICK
from projections.checkpoints import SKIPPED, Conn, keep, now
from projections.registry import Projection, create_keys, create_table, family, fold_window
from projections.verify import Difference, compare_tables, difference

WINDOW = 2_000_000
"""Positions folded by one statement of a rebuild."""
SMALL = 500
"""A catch-up round below this many events is small enough for the swap to do the rest."""
_BEFORE = """
select version, case when %s then %s else snapshot::text end from public.checkpoints where name = %s"""
_WHOLE = f"{SETTLED} and e.position not in ({SKIPPED})"
_TAKEN = f"delete from public.dead_letters where projection = any (%(names)s) and position not in ({SKIPPED})"
_SHADOW = "set search_path = shadow, read, public"
_LIVE = "set search_path = read, public"


class RebuildFailed(Exception):
    """The rebuilt table is not what the log says, or the swap found no quiet moment; the live table is untouched."""


class RebuildBusy(Exception):
    """Another rebuild of this projection is running."""


@dataclass(slots=True)
class Progress:
    """How far a rebuild is; `events` of `total`, `rate` in events a second, `eta_s` seconds to go."""

    step: str
    events: int = 0
    total: int = 0
    rate: float = 0.0
    eta_s: float = 0.0


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild came to: seconds by step, and (of a dry run) the rows that would change."""

    names: tuple[str, ...]
    events: int
    seconds: dict[str, float] = field(default_factory=dict)
    changes: dict[str, list[Difference]] = field(default_factory=dict)
    swapped: bool = False


def rebuild(
    conn: Conn,
    name: str,
    *,
    dry_run: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
    window: int = WINDOW,
) -> Rebuilt:
    """Fold the whole log anew into the tables of a projection's family and put them in the live ones' place.

    Readers and writers go on; writers wait a few milliseconds at the swap. `dry_run` stops before the swap and says
    which rows would change. Raises KeyError, RebuildBusy, RebuildFailed; cancelling leaves the live table untouched.
    """
    members = family(name)
    lock = f"rebuild {members[0].name}"
    got = conn.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", (lock,)).fetchone()
    if not got or not got[0]:
        raise RebuildBusy(f"a rebuild of {name} is running already")
    work = _Rebuild(conn, members, on_progress, window)
    try:
        return work.run(dry_run)
    finally:
        work.clean_up()
        if not conn.closed:
            conn.execute(_LIVE)
            conn.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", (lock,))


class _Rebuild:
    def __init__(
        self,
        conn: Conn,
        members: Sequence[Projection],
        on_progress: Callable[[Progress], None],
        window: int,
    ) -> None:
        self.conn = conn
        self.members = members
        self.window = window
        self.on_progress = on_progress
        self.result = Rebuilt(tuple(p.name for p in members), 0)
        self.snapshot = ""
        self.settled = 0
        self.is_whole = False
        """Whether the shadow tables hold the log from its beginning."""

    def run(self, dry_run: bool) -> Rebuilt:
        self.conn.execute(_SHADOW)
        self.is_whole = True
        for step in (self._fold_log, self._add_keys, self.catch_up, self._prove):
            started = time.monotonic()
            self._tell(Progress(step.__name__.strip("_")))
            step()
            self.result.seconds[step.__name__.strip("_")] = time.monotonic() - started
        if dry_run:
            for p in self.members:
                changes = compare_tables(self.conn, p, new=f"shadow.{p.name}", old=f"read.{p.name}")
                self.result.changes[p.name] = changes
            return self.result
        started = time.monotonic()
        self.swap()
        self.result.seconds["swap"] = time.monotonic() - started
        self.result.swapped = True
        return self.result

    def _tell(self, progress: Progress) -> None:
        self.on_progress(progress)
        told = {"step": progress.step, "events": progress.events, "total": progress.total}
        told |= {"rate": round(progress.rate), "eta_s": round(progress.eta_s, 1)}
        self.conn.execute(
            """update public.checkpoints set progress = %s,
                      status = case status when 'live' then 'rebuilding' else status end where name = any (%s)""",
            (Jsonb(told), list(self.result.names)),
        )

    def clean_up(self) -> None:
        """Leave nothing of an attempt that was stopped, refused or dry."""
        if self.result.swapped or self.conn.closed:
            return
        for p in self.members:
            self.conn.execute(f"drop table if exists shadow.{p.name}")
        self.conn.execute(
            """update public.checkpoints set progress = null,
                      status = case status when 'rebuilding' then 'live' else status end where name = any (%s)""",
            (list(self.result.names),),
        )

    def _fold_log(self) -> None:
        """Fold what a snapshot sees, a range of positions a statement; each range stands alone, so it can be stopped."""
        for p in self.members:
            self.conn.execute(f"drop table if exists shadow.{p.name}")
            self.conn.execute(create_table(p).replace("create table ", "create table shadow.", 1))
        self.snapshot, self.settled = now(self.conn)
        ends = "select coalesce(max(position), 0), coalesce(min(position), 1) - 1 from events"
        ((head, low),) = self.conn.execute(ends).fetchall()
        counted = [p for p in self.members if p.kind != "derived"]
        started, first, folded = time.monotonic(), True, 0
        while low < head:
            high = min(low + self.window, head)
            for p in counted:
                folded = self._fold_range(p, low, high, first=first)
            self.result.events += folded
            low, first = high, False
            elapsed = time.monotonic() - started
            rate = low / elapsed if elapsed else 0.0
            self._tell(Progress("fold_log", low, head, rate, (head - low) / rate if rate else 0.0))
            if low < head:
                self._keys_of(counted)
        self._keys_of(counted)
        for p in self.members:
            if p.kind == "derived":
                self._fold_range(p, 0, 0, first=True)

    def _fold_range(self, projection: Projection, low: int, high: int, *, first: bool) -> int:
        names = [projection.name, *projection.reads]
        values = {"new": self.snapshot, "settled": self.settled, "low": low, "high": high, "names": names}
        row = self.conn.execute(fold_window(projection, _WHOLE, merge=not first), values).fetchone()
        return row[0] if row else 0

    def _keys_of(self, members: Sequence[Projection]) -> None:
        for p in members:
            keyed = self.conn.execute(
                "select 1 from pg_index where indrelid = %s::regclass and indisprimary", (f"shadow.{p.name}",)
            ).fetchone()
            if keyed is None:
                self.conn.execute(create_keys(p)[0])

    def _add_keys(self) -> None:
        self._keys_of(self.members)
        for p in self.members:
            for statement in create_keys(p)[1:]:
                self.conn.execute(statement)
            self.conn.execute(f"analyze shadow.{p.name}")

    def _round(self, snapshot: str) -> int:
        window = {"old": self.snapshot, "new": snapshot, "settled": self.settled}
        folded = 0
        for p in self.members:
            row = self.conn.execute(fold_window(p, TICK), window).fetchone()
            folded = max(folded, row[0] if row else 0)
        self.snapshot = snapshot
        return folded

    def catch_up(self) -> None:
        """Fold what came meanwhile, until a round is small enough for the swap."""
        while True:
            with self.conn.transaction():
                self.conn.execute("set transaction isolation level repeatable read")
                folded = self._round(now(self.conn)[0])
            self.result.events += folded
            if folded < SMALL:
                return

    def _prove(self) -> None:
        for p in self.members:
            wrong = difference(
                self.conn,
                p,
                snapshot=self.snapshot,
                settled=self.settled,
                table=f"shadow.{p.name}",
                limit=3,
                is_rebuilt=True,
            )
            if wrong:
                raise RebuildFailed(f"the rebuilt {p.name} differs from the log: {wrong[0]}")

    def swap(self) -> None:
        """Put the shadow tables in the place of the live ones. Raises RebuildFailed where no moment is quiet."""
        caught_up = self.snapshot
        for attempt in range(50):
            try:
                with self.conn.transaction():
                    self._swap_now()
                return
            except (errors.LockNotAvailable, errors.DeadlockDetected):
                self.snapshot = caught_up  # what this attempt folded was rolled back
                time.sleep(min(0.05 * (attempt + 1), 1.0))
        raise RebuildFailed(f"no quiet moment to swap {', '.join(self.result.names)}; try again later")

    def _swap_now(self) -> None:
        """The last window and the new names in one short transaction: whoever waits for the lock finds the new table."""
        execute = self.conn.execute
        execute("set local lock_timeout = '300ms'")
        names = list(self.result.names)
        execute("select from public.checkpoints where name = any (%s) order by name for update", (names,))
        live = [p for p in self.members if _exists(self.conn, f"read.{p.name}")]
        for p in live:
            execute(f"lock table read.{p.name} in share row exclusive mode")
        self._round(now(self.conn)[0])
        for p in live:
            execute(f"lock table read.{p.name} in access exclusive mode")
            before = execute(_BEFORE, (p.inline, self.snapshot, p.name)).fetchone()
            execute(f"drop table if exists before.{p.name}")
            execute(f"alter table read.{p.name} set schema before")
            if before:
                execute(f"comment on table before.{p.name} is '{before[0]} {before[1]}'")
        for p in self.members:
            execute(f"alter table shadow.{p.name} set schema read")
        keep(self.conn, self.members, self.snapshot)
        if self.is_whole:
            execute(_TAKEN, {"names": names})


def _exists(conn: Conn, table: str) -> bool:
    row = conn.execute("select to_regclass(%s) is not null", (table,)).fetchone()
    return bool(row and row[0])


def roll_back(conn: Conn, name: str) -> None:
    """Put the tables that the last rebuild replaced back, brought up to now.

    Raises RebuildFailed when there are none, or when they belong to another version of the projection.
    """
    back = _Rebuild(conn, family(name), lambda _: None, WINDOW)
    kept = [_kept(conn, p) for p in back.members]
    try:
        with conn.transaction():
            for p in back.members:
                conn.execute(f"drop table if exists shadow.{p.name}")
                conn.execute(f"alter table before.{p.name} set schema shadow")
        conn.execute(_SHADOW)
        back.snapshot, (_, back.settled) = kept[0], now(conn)
        back.catch_up()
        back.swap()
    finally:
        conn.execute(_LIVE)


def _kept(conn: Conn, projection: Projection) -> str:
    row = conn.execute(
        "select obj_description(to_regclass(%s), 'pg_class')", (f"before.{projection.name}",)
    ).fetchone()
    if row is None or row[0] is None:
        raise RebuildFailed(f"there is no earlier table of {projection.name} to go back to")
    version, snapshot = row[0].split(" ")
    if int(version) != projection.version:
        raise RebuildFailed(
            f"the earlier table of {projection.name} is of version {version}: deploy that program first"
        )
    return str(snapshot)
