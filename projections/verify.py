"""Proof that a table is what the log says: an independently written fold, compared both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from events.log import SETTLED
from projections.checkpoints import PARKED, SKIPPED, Conn, now
from projections.registry import Projection, family, of_the_living, projections

_HEAD = 2**62


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that only one side has: "table" (the log does not say so) or "log" (the table lacks it)."""

    only_in: str
    row: Mapping[str, Any]


def difference(
    conn: Conn,
    projection: Projection,
    *,
    snapshot: str,
    settled: int,
    table: str | None = None,
    limit: int = 20,
    is_rebuilt: bool = False,
) -> list[Difference]:
    """Return up to `limit` rows in which a table and the log as a snapshot sees it differ; none proves them equal.

    Events that were parked are left out, as they are of the table and of those it reads; of a table that was rebuilt
    those only that were given up.
    """
    window = f"{SETTLED} and e.position not in ({SKIPPED if is_rebuilt else PARKED})"
    return _compare(
        conn, projection, _expected(projection, window), table or projection.name, snapshot, settled, limit
    )


def compare_tables(
    conn: Conn, projection: Projection, *, new: str, old: str, limit: int = 20
) -> list[Difference]:
    """Return up to `limit` rows in which two tables of a projection differ: "log" is the new, "table" the old one."""
    return _compare(conn, projection, f"select {_list(projection)} from {new}", old, "1:1:", 0, limit)


def _expected(projection: Projection, window: str) -> str:
    columns = _list(projection)
    if not projection.is_personal:
        return f"with batch as ({window}) select * from ({projection.proof}) p ({columns})"
    return f"""with arrived as ({window}),
    batch as (select * from arrived
               where {projection.person} not in (select user_id from arrived where type = 'user_erased'))
    {of_the_living(projection, f"select * from ({projection.proof}) p ({columns})")}"""


def _list(projection: Projection) -> str:
    return ", ".join(projection.columns)


def _compare(
    conn: Conn, projection: Projection, expected: str, table: str, snapshot: str, settled: int, limit: int
) -> list[Difference]:
    columns = _list(projection)
    # The expected side takes the table's own types, so that like is compared with like.
    cast = ", ".join(f"{name}::{kind.split(' ')[0]}" for name, kind in projection.columns.items())
    sql = f"""
    with differing as materialized (
      select sum(side) as side, {columns}
        from (select 1 as side, {cast} from ({expected}) x union all select -1, {columns} from {table}) both_sides
       group by {columns} having sum(side) <> 0)
    (select 'log' as only_in, {columns} from differing where side > 0 limit %(limit)s)
    union all
    (select 'table', {columns} from differing where side < 0 limit %(limit)s)"""
    values = {
        "new": snapshot,
        "settled": settled,
        "low": 0,
        "high": _HEAD,
        "limit": limit,
        "names": [projection.name, *projection.reads],
    }
    with conn.transaction():
        # where the log has no statistics yet, as after an import, the planner would join row by row: for hours
        conn.execute("set local enable_nestloop = off")
        conn.execute("set local work_mem = '128MB'")
        rows = conn.execute(sql, values).fetchall()
    return [Difference(row[0], dict(zip(projection.columns, row[1:], strict=True))) for row in rows]


def verify(conn: Conn, name: str) -> list[Difference]:
    """Compare a live table with the log as far as the table has folded it; an empty answer proves them equal.

    Raises KeyError for an unknown name, LookupError for one that is not deployed.
    """
    projection = projections()[name]
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        row = conn.execute("select snapshot::text from checkpoints where name = %s", (name,)).fetchone()
        if row is None:
            raise LookupError(f"projection {name} is not deployed: run `projectionist migrate`")
        snapshot, settled = now(conn)
        return difference(
            conn, projection, snapshot=snapshot if projection.inline else row[0], settled=settled
        )


def verify_family(conn: Conn, name: str) -> Sequence[tuple[str, list[Difference]]]:
    """Compare every table that is folded together with this one."""
    return [(member.name, verify(conn, member.name)) for member in family(name)]
