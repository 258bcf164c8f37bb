"""Fold generated logs in temporary tables: the statements of the registry, a log that is visible window by window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from events.log import Recorded
from projections.registry import Projection, Row, create_keys, create_table, family, fold_window, projections
from projections.verify import difference
from tests.projections.filling import counted

Members = Sequence[Projection]
Rows = Counter[Row]
"""The rows of a table, with how often each is there."""

FAULTS: tuple[type[Exception], ...] = (AssertionError, psycopg.DataError, psycopg.IntegrityError)
"""What a wrong fold is noticed by."""

_RECORD = """
insert into whole_log (position, event_id, type, schema_version, user_id, movie_id, data, source, occurred_at, recorded_at,
                       correlation_id)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_ARRIVE = """
insert into events select * from whole_log where position = any (%s) on conflict (position) do nothing"""
_SWEEP_EVERY = 20
_WINDOW = "select * from events where position = any (%(positions)s)"


class Bench:
    """Temporary tables that hide the real ones: the log, the part of it that has arrived, the read tables."""

    def __init__(self, conn: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._conn = conn
        self._folds = 0
        self._log: Sequence[Recorded] | None = None
        # many short statements that each run a few times: planning is most of the time, and a generic plan saves it
        conn.execute("set plan_cache_mode = force_generic_plan")
        conn.execute("create temp table whole_log (like events including defaults)")
        conn.execute(
            "create temp table events (like public.events including defaults, primary key (position))"
        )
        for p in projections().values():
            conn.execute(create_table(p).replace("create table", "create temp table", 1))
            conn.execute(create_keys(p)[0])

    def record(self, log: Sequence[Recorded]) -> None:
        """Let this be the log; nothing of it has arrived yet."""
        if log is self._log:
            return
        self._log = None
        self._conn.execute("delete from whole_log")
        with self._conn.cursor() as cursor:
            cursor.executemany(_RECORD, [_row(event) for event in log])
        self._log = log

    def fold(self, members: Members, windows: Iterable[Sequence[int]]) -> list[Rows]:
        """Return each member's rows after these windows, in the order in which they arrive."""
        self._sweep()
        with self._conn.pipeline():
            self._conn.execute("delete from events")
            for p in members:
                self._conn.execute(f"delete from {p.name}")
            for positions in windows:
                self._conn.execute(_ARRIVE, (list(positions),))
                for p in members:
                    self._conn.execute(fold_window(p, _WINDOW), {"positions": list(positions)})
        return [self.rows(p) for p in members]

    def _sweep(self) -> None:
        """Now and then take out what was deleted: no autovacuum looks at temporary tables, and scans pass by all of it."""
        self._folds += 1
        if self._folds % _SWEEP_EVERY == 0:
            self._conn.execute(f"vacuum whole_log, events, {', '.join(projections())}")

    def rows(self, projection: Projection) -> Rows:
        """Return the rows of its table."""
        columns = ", ".join(projection.columns)
        return counted(self._conn.execute(f"select {columns} from {projection.name}").fetchall())

    def assert_proved(self, members: Members) -> None:
        """Assert that each member's proof agrees with its table."""
        for p in members:
            assert difference(self._conn, p, snapshot="1:1:", settled=2**62, limit=3) == []


def _row(event: Recorded) -> tuple[object, ...]:
    fact = event.fact
    return (
        event.position,
        event.event_id,
        fact.type,
        fact.version,
        fact.user_id,
        fact.movie_id,
        Jsonb(fact.data()),
        event.source.value,
        event.occurred_at,
        event.recorded_at,
        event.correlation_id,
    )


def check(bench: Bench, members: Members, log: Sequence[Recorded], cut: Sequence[Sequence[int]]) -> None:
    """Assert everything that folds promise, about these members, this log and this cut of it."""
    whole = [[event.position for event in log]]
    one = bench.fold(members, whole)
    assert one == [Counter(p.spec(log)) for p in members], "a fold is not what its specification says"
    bench.assert_proved(members)
    assert bench.fold(members, cut) == one, "windows make a difference"
    if all(p.kind != "count" for p in members):
        assert bench.fold(members, [*cut[::-1], *cut, *whole]) == one, "order or repetition make a difference"
    else:
        assert bench.fold(members, cut[::-1]) == one, "order makes a difference"


def notices(bench: Bench, members: Members, log: Sequence[Recorded], cut: Sequence[Sequence[int]]) -> bool:
    """Whether `check` fails."""
    try:
        check(bench, members, log, cut)
    except FAULTS:
        return True
    return False


def family_with(wrong: Projection) -> tuple[Projection, ...]:
    """Return the family of a projection, with this one in its place."""
    return tuple(wrong if p.name == wrong.name else p for p in family(wrong.name))
