"""Rebuild without downtime: fold the log into a shadow table, catch up, prove it, and swap the names."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg
from psycopg.types.json import Jsonb

from projections.checkpoints import Conn
from projections.registry import Projection, family
from projections.shadow import WINDOW, Progress, RebuildFailed, Shadow
from projections.verify import Difference

__all__ = ["Progress", "RebuildBusy", "RebuildFailed", "Rebuilt", "rebuild", "rebuild_together", "roll_back"]

Tell = Callable[[Progress], None]


class RebuildBusy(Exception):
    """Another rebuild of this projection is running."""


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild came to: seconds by step, and (of a dry run) the rows that would change."""

    names: tuple[str, ...]
    events: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    changes: dict[str, list[Difference]] = field(default_factory=dict)
    swapped: bool = False


def rebuild(
    conn: Conn,
    name: str,
    *,
    dry_run: bool = False,
    prove: bool = True,
    on_progress: Tell = lambda _: None,
    window: int = WINDOW,
) -> Rebuilt:
    """Fold the whole log anew into the tables of a projection's family and put them in the live ones' place.

    Readers and writers go on; writers wait a few milliseconds at the swap. `dry_run` stops before the swap and says
    which rows would change; without `prove` the tables are not compared with an independent fold before the swap.
    Raises KeyError, RebuildBusy, RebuildFailed; cancelling leaves the live table untouched.
    """
    members = family(name)
    done = Rebuilt(tuple(p.name for p in members))

    def tell(progress: Progress) -> None:
        on_progress(progress)
        _record(conn, done.names, progress)

    def run(step: str, work: Callable[[], None]) -> None:
        started = time.monotonic()
        work()
        done.seconds[step] = time.monotonic() - started

    steps: dict[str, Callable[[Shadow], None]] = {
        "fold_log": lambda shadow: shadow.fold_log(window, tell),
        "add_keys": Shadow.add_keys,
        "catch_up": Shadow.catch_up,
    }
    with _alone(conn, members), _shadow(conn, members) as shadow:
        try:
            for step, work in (steps | ({"prove": Shadow.prove} if prove else {})).items():
                tell(Progress(step))
                run(step, lambda work=work: work(shadow))  # type: ignore[misc]
            if dry_run:
                done.changes = shadow.changes()
            else:
                run("swap", shadow.swap)
                done.swapped = True
        finally:
            done.events = shadow.events
            if not (done.swapped or conn.closed):
                try:
                    _leave_nothing(shadow, done.names)
                except psycopg.errors.QueryCanceled:  # it was meant for what is over already
                    _leave_nothing(shadow, done.names)
    return done


def _leave_nothing(shadow: Shadow, names: Sequence[str]) -> None:
    shadow.drop()
    _record(shadow.conn, names, None)


def rebuild_together(
    connect: Callable[[], Conn],
    names: Sequence[str],
    *,
    at_once: int = 2,
    dry_run: bool = False,
    prove: bool = True,
    on_progress: Callable[[Sequence[str], Progress], None] = lambda *_: None,
) -> list[Rebuilt]:
    """Rebuild several projections, each family over a connection of its own and `at_once` at a time, the largest first.

    The first that fails, or an interrupt, stops the others; those that were swapped in before stay. Raises what
    `rebuild` raises.
    """
    families = {family(name)[0].name: tuple(p.name for p in family(name)) for name in names}
    running: set[Conn] = set()
    stopped = threading.Event()

    def one(name: str) -> Rebuilt:
        def tell(progress: Progress) -> None:
            if stopped.is_set():  # between two statements there was nothing to cancel
                raise RebuildFailed("stopped, for another rebuild failed")
            on_progress(families[name], progress)

        with connect() as conn:
            running.add(conn)
            try:
                return rebuild(conn, name, dry_run=dry_run, prove=prove, on_progress=tell)
            finally:
                running.discard(conn)

    with ThreadPoolExecutor(at_once) as pool:
        jobs = [pool.submit(one, name) for name in _largest_first(connect, families)]
        ended: set[Future[Rebuilt]] = set()
        try:
            ended, _ = wait(jobs, return_when=FIRST_EXCEPTION)
        finally:
            stopped.set()
            for job in jobs:
                job.cancel()
            for conn in tuple(running):
                with suppress(psycopg.Error):
                    conn.cancel_safe()
    for job in ended:
        job.result()  # what failed first, and not those that were stopped for it
    return [job.result() for job in jobs]


def _largest_first(connect: Callable[[], Conn], families: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the families so that none that takes long begins when the others are done."""
    with connect() as conn:

        def size(members: Sequence[str]) -> int:
            tables = "select sum(pg_table_size(to_regclass('read.' || name))) from unnest(%s::text[]) as name"
            row = conn.execute(tables, (list(members),)).fetchone()
            return int(row[0] or 0) if row else 0

        return sorted(families, key=lambda name: size(families[name]), reverse=True)


def roll_back(conn: Conn, name: str) -> None:
    """Put the tables that the last rebuild replaced back, brought up to now.

    Raises KeyError, RebuildBusy; RebuildFailed when there are none, or when they belong to another version.
    """
    members = family(name)
    with _alone(conn, members), _shadow(conn, members) as shadow:
        shadow.take([_kept(conn, p) for p in members])
        shadow.catch_up()
        shadow.swap()


@contextmanager
def _alone(conn: Conn, members: Sequence[Projection]) -> Iterator[None]:
    """Hold the family's lock: one rebuild or rollback of it at a time."""
    lock = (f"rebuild {members[0].name}",)
    got = conn.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", lock).fetchone()
    if not got or not got[0]:
        raise RebuildBusy(f"a rebuild of {members[0].name} is running already")
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", lock)


@contextmanager
def _shadow(conn: Conn, members: Sequence[Projection]) -> Iterator[Shadow]:
    shadow = Shadow(conn, members)
    shadow.enter()
    try:
        yield shadow
    finally:
        if not conn.closed:
            shadow.leave()


def _record(conn: Conn, names: Sequence[str], progress: Progress | None) -> None:
    """Show everybody how far it is; None where it has ended without a swap."""
    told = progress and {
        "step": progress.step,
        "events": progress.events,
        "total": progress.total,
        "rate": round(progress.rate),
        "eta_s": round(progress.eta_s, 1),
    }
    conn.execute(
        """update public.checkpoints set progress = %s,
                  status = case when status in ('live', 'rebuilding') then %s else status end where name = any (%s)""",
        (Jsonb(told) if told else None, "rebuilding" if told else "live", list(names)),
    )


def _kept(conn: Conn, projection: Projection) -> str:
    """Return the snapshot that the table before the last rebuild holds."""
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
