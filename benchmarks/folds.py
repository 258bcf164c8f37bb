"""Folding: the whole log into read tables, in windows and by rebuild, beside a copy of the log that PostgreSQL makes."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks import history
from benchmarks.measure import ROUNDS
from benchmarks.postgres import Conn, Database, database
from benchmarks.report import Report, Section, console, count, facts, times
from events import seals
from events.export import Format, export
from events.log import SETTLED
from events.replica import Reading
from projections.checkpoints import now
from projections.deploy import deploy
from projections.rebuild import rebuild, rebuild_together
from projections.registry import create_keys, create_table, families, fold_window, projections
from projections.verify import compare_tables, verify

EVENTS = 1_000_000
CORE = ("ratings", "favorites", "watchlist", "viewing_states")
WINDOWS = ((1_000_000, 1.0), (10_000, 1.0), (100, 0.05))
"""Sizes of windows, and the share of the log that is folded in them."""
TARGET = 2.5

Seconds = dict[str, list[float]]
_COPY = "a copy of the log"
_KEYED = "a copy with its keys"


def run(*, quick: bool) -> Report:
    """Make a log, then copy, rebuild, fold, seal, verify and export it."""
    events = EVENTS // 10 if quick else EVENTS
    with database("folds") as db, db.connect() as conn:
        report = Report("folds", facts(conn), quick)
        deploy(conn)
        console.print(f"folds: making a log of {count(events)} events ...")
        history.load(conn, mixture=history.LIFE, events=events)
        with db.owner() as owner:
            owner.execute("vacuum analyze events")
        console.print("folds: the copy and the rebuilds in turns ...")
        _rebuilds(report, db, conn, events, 1 if quick else ROUNDS)
        console.print("folds: windows ...")
        _windows(report, db, conn, events)
        console.print("folds: seals, proofs, exports ...")
        _others(report, db, conn, events)
    return report


@contextmanager
def _timed(kept: list[float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    kept.append(time.perf_counter() - started)


# --- rebuilds ---


def _rebuilds(report: Report, db: Database, conn: Conn, events: int, rounds: int) -> None:
    tables: Seconds = defaultdict(list)
    whole: Seconds = defaultdict(list)
    together: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        _copy(db, tables[_COPY], tables[_KEYED])
        for members in families(inline=True) + families(inline=False):
            db.settle()
            name = " and ".join(p.name for p in members)
            with _timed(whole[name]):
                rebuilt = rebuild(conn, members[0].name)
            tables[name].append(rebuilt.seconds["fold_log"] + rebuilt.seconds["add_keys"])
        for prove in (False, True):
            db.settle()
            with _timed(together[prove]):
                rebuild_together(db.connect, CORE, prove=prove)
    _report_rebuilds(report, events, tables, whole, {p: statistics.median(s) for p, s in together.items()})


_KEYS = """
alter table copy_of_the_log add primary key (position);
create index on copy_of_the_log (xid, position);
create index on copy_of_the_log (user_id, movie_id, position)"""


def _copy(db: Database, copied: list[float], keyed: list[float]) -> None:
    """Copy the log, and then give the copy the keys that the log has."""
    db.settle()
    with db.owner() as owner:
        with _timed(keyed):
            with _timed(copied):
                owner.execute("create table copy_of_the_log as select * from events")
            owner.execute(_KEYS)
        owner.execute("drop table copy_of_the_log")


def _report_rebuilds(
    report: Report, events: int, tables: Seconds, whole: Seconds, together: dict[bool, float]
) -> None:
    copy, keyed = (statistics.median(tables.pop(name)) for name in (_COPY, _KEYED))
    section = Section(
        f"Rebuilding from {count(events)} events",
        ("", "fold and keys, s", "events/s", "÷ copy", "with proof and swap, s", "÷ copy"),
        [
            (_COPY, f"{copy:.2f}", count(events / copy), "", "", ""),
            (_KEYED, f"{keyed:.2f}", count(events / keyed), times(keyed / copy), "", ""),
        ],
        note="The copy is `create table … as select * from events`, written to the WAL as the rebuilt tables are.",
    )

    def add(title: str, names: Sequence[str]) -> None:
        table, all_ = (sum(statistics.median(kept[name]) for name in names) for kept in (tables, whole))
        made = (f"{table:.2f}", count(events / table), times(table / copy))
        section.rows.append((title, *made, f"{all_:.2f}", times(all_ / copy)))

    for name in tables:
        add(name, [name])
    add("the core tables, one after the other", CORE)
    add("all tables, one after the other", list(tables))
    made, proved = together[False], together[True]
    section.rows.append(
        (
            "the core tables, two at once",
            f"{made:.2f}",
            count(events / made),
            times(made / copy),
            f"{proved:.2f}",
            times(proved / copy),
        )
    )
    report.sections.append(section)
    report.at_most("rebuild of the core tables ÷ copy of the log", TARGET, made / copy)
    report.at_most("rebuild of the core tables ÷ copy of the log with its keys", TARGET, made / keyed)
    report.raw["rebuild"] = {
        "copy_s": copy,
        "tables_s": tables,
        "whole_s": whole,
        "two_at_once_s": {"proved" if prove else "not proved": s for prove, s in together.items()},
    }


# --- windows ---


def _windows(report: Report, db: Database, conn: Conn, events: int) -> None:
    section = Section(
        "Folding the core tables window by window, a commit each",
        ("events in a window", "events", "seconds", "events/s"),
    )
    with db.owner() as owner:
        owner.execute("create schema bench authorization projectionist_app")
    raw = report.raw["windows"] = {}
    for window, share in WINDOWS:
        folded = int(events * share)
        db.settle()
        seconds = _fold_in_windows(conn, window, folded, is_whole=folded == events)
        section.rows.append((count(window), count(folded), f"{seconds:.2f}", count(folded / seconds)))
        raw[str(window)] = {"events": folded, "seconds": seconds}
    report.sections.append(section)


def _fold_in_windows(conn: Conn, window: int, events: int, *, is_whole: bool) -> float:
    """Return how long it takes; of the whole log the tables are compared with the rebuilt ones."""
    core = [projections()[name] for name in CORE]
    conn.execute("set search_path = bench, read, public")
    for p in core:
        for statement in (
            create_table(p).replace("create table ", "create table bench.", 1),
            *create_keys(p),
        ):
            conn.execute(statement)
    snapshot, settled = now(conn)
    taken: list[float] = []
    with _timed(taken):
        for low in range(0, events, window):
            values = {"new": snapshot, "settled": settled, "low": low, "high": min(low + window, events)}
            with conn.transaction():
                for p in core:
                    conn.execute(fold_window(p, SETTLED), values)
    for p in core:
        if is_whole and (wrong := compare_tables(conn, p, new=f"bench.{p.name}", old=f"read.{p.name}")):
            raise RuntimeError(f"{p.name} in windows of {window} is not what the rebuild made: {wrong[0]}")
        conn.execute(f"drop table bench.{p.name}")
    conn.execute("set search_path = read, public")
    return taken[0]


# --- all else that reads the whole log ---


def _others(report: Report, db: Database, conn: Conn, events: int) -> None:
    section = Section("Reading the whole log for other ends", ("", "seconds", "events/s"))

    def measured(name: str, work: Callable[[], Any]) -> None:
        db.settle()
        taken: list[float] = []
        with _timed(taken):
            work()
        section.rows.append((name, f"{taken[0]:.2f}", count(events / taken[0])))
        report.raw.setdefault("others", {})[name] = taken[0]

    measured("sealing", lambda: seals.seal(conn))
    measured("verifying the seals", lambda: _checked(conn, events))
    measured("proving all tables", lambda: _proved(conn))
    for form in Format:
        measured(
            f"exporting as {form}", lambda form=form: export(Reading(conn), db.folder / f"log.{form}", form)
        )  # type: ignore[misc]
    report.sections.append(section)


def _checked(conn: Conn, events: int) -> None:
    *_, last = seals.verify(conn)
    if last.broken or last.events != events:
        raise RuntimeError(f"the seals do not hold: {last}")


def _proved(conn: Conn) -> None:
    for name in projections():
        if wrong := verify(conn, name):
            raise RuntimeError(f"{name} is not what the log says: {wrong[0]}")
