"""A database with a log and read tables that hold what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from events.log import COLUMNS, Recorded, recorded
from projections.deploy import deploy
from projections.follow import catch_up
from projections.registry import Projection, Row, projections
from projections.verify import verify
from tests.events.writing import write

Conn = psycopg.Connection[tuple[Any, ...]]


def fill(conn: Conn, log: Sequence[Recorded]) -> None:
    """Write these events and fold them into every table."""
    with conn.transaction():
        for event in log:
            write(conn, event.fact, at=event.occurred_at)
    fold_inline_anew(conn)
    catch_up(conn)


def fold_inline_anew(conn: Conn) -> None:
    """Build the tables that an append folds: what is written by plain SQL was not folded by one."""
    conn.execute("update checkpoints set version = 0 where inline")
    deploy(conn)


def viewed(conn: Conn) -> int:
    """How many views are counted in the read tables."""
    row = conn.execute("select coalesce(sum(view_count), 0) from movie_stats").fetchone()
    assert row is not None
    return int(row[0])


def the_log(conn: Conn) -> list[Recorded]:
    """Everything that is recorded."""
    return [
        recorded(row) for row in conn.execute(f"select {COLUMNS} from events order by position").fetchall()
    ]


def rows(conn: Conn, projection: Projection, schema: str = "read") -> Counter[Row]:
    """The rows of a projection's table."""
    columns = ", ".join(projection.columns)
    return counted(conn.execute(f"select {columns} from {schema}.{projection.name}").fetchall())


def counted(rows: Iterable[Row]) -> Counter[Row]:
    """Return rows with how often each is there; arrays as a specification has them."""
    return Counter(tuple(tuple(v) if isinstance(v, list) else v for v in row) for row in rows)


def everything(conn: Conn) -> dict[str, Counter[Row]]:
    """The rows of every live table, and how far each is."""
    tables = {p.name: rows(conn, p) for p in projections().values()}
    found = conn.execute(
        "select name, version, status, snapshot::text, progress is null from checkpoints"
    ).fetchall()
    return {**tables, "checkpoints": Counter(found)}


def differences(conn: Conn, names: Iterable[str] | None = None) -> dict[str, int]:
    """How many rows of each table are not what the log says; empty when all are right."""
    wrong = {name: len(verify(conn, name)) for name in names or projections()}
    return {name: count for name, count in wrong.items() if count}
