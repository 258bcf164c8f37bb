"""What a statement's plan does: how many rows it touches, and which large tables it reads as a whole."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable, Literal

from benchmarks.postgres import Conn

LARGE = 5_000
"""Rows of a table that is not to be read whole for a page of it."""
RUNS = 5

Node = dict[str, Any]
Values = Sequence[str | None]


@dataclass(frozen=True)
class Ran:
    """What a statement took, the rows that it read of tables, and the large ones that it read at least half of."""

    ms: float
    touched: int
    whole: frozenset[str]


def run(conn: Conn, statement: str, values: Values = (), *, runs: int = RUNS) -> Ran:
    """Run a statement with $1, $2, … as the server does, prepared with one plan for all values; of its time the median.

    Raises QueryCanceled where the connection has a timeout.
    """
    with _prepared(conn, statement, values) as execute:
        explained = conn.execute(SQL("explain (analyze, timing off, format json) ") + execute).fetchone()
        assert explained is not None
        scans = list(_scans(explained[0][0]["Plan"]))
        took = []
        for _ in range(runs):
            began = time.perf_counter()
            conn.execute(execute).fetchall()
            took.append((time.perf_counter() - began) * 1000)
    sizes = _sizes(conn, {name for name, _ in scans})
    whole = {name for name, rows in scans if sizes[name] >= LARGE and rows >= sizes[name] / 2}
    return Ran(statistics.median(took), sum(rows for _, rows in scans), frozenset(whole))


def answer(conn: Conn, statement: str, values: Values) -> bytes:
    """Return the one value that a statement of the server's answers."""
    with _prepared(conn, statement, values) as execute:
        row = conn.execute(execute).fetchone()
    assert row is not None
    return row[0].encode() if isinstance(row[0], str) else bytes(row[0])


@contextmanager
def _prepared(conn: Conn, statement: str, values: Values) -> Iterator[Composable]:
    given = SQL(", ").join(map(Literal, values))
    conn.execute(f"prepare asked as {statement}".encode())
    try:
        yield SQL("execute asked ({})").format(given) if values else SQL("execute asked")
    finally:
        conn.execute("deallocate asked")


def _scans(node: Node) -> Iterator[tuple[str, int]]:
    """Give each table that is read, and how many rows of it."""
    if name := node.get("Relation Name"):
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        yield name, round((node["Actual Rows"] + removed) * node["Actual Loops"])
    for child in node.get("Plans", ()):
        yield from _scans(child)


_SIZES = """
select relname, greatest(reltuples, 0)::bigint from pg_class where relname = any (%s) and relkind in ('r', 'p')
   and relnamespace not in (select oid from pg_namespace where nspname in ('before', 'shadow'))"""


def _sizes(conn: Conn, names: set[str]) -> dict[str, int]:
    return dict.fromkeys(names, 0) | dict(conn.execute(_SIZES, (list(names),)).fetchall())


_BY_KEY = """
select count(e.data) from unnest($1::bigint[]) as k (position) cross join lateral
  (select data from events where position = k.position) e"""


def by_key(conn: Conn, rows: int) -> float:
    """Return how many ms it takes to read so many rows of the log by their key, wherever they lie."""
    ((head,),) = conn.execute("select max(position) from events").fetchall()
    positions = [1 + n * 7_919 % head for n in range(rows)]
    return run(conn, _BY_KEY, ["{" + ",".join(map(str, positions)) + "}"]).ms
