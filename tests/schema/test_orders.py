"""Every order of the catalogue is read from an index, from either end and from the middle, never sorted as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from psycopg import RawCursor

from resolvers.documents import Operation
from schema.enums import MovieOrder
from tests.world import World, viewer

ORDERS = [order.name for order in MovieOrder if order is not MovieOrder.RELEVANCE]


def sorted_tables(
    node: Any, below: str = "", *, sorts: Sequence[str] = ("Sort", "Incremental Sort")
) -> set[str]:
    """Return the tables of which more than a page is sorted: what lies under a sort without a limit in between."""
    kind = node["Node Type"]
    below = kind if kind in sorts else "" if kind == "Limit" else below
    if "Relation Name" in node:
        return {f"{node['Relation Name']} by {kind}"} if below or kind == "Seq Scan" else set()
    return {name for child in node.get("Plans", []) for name in sorted_tables(child, below, sorts=sorts)}


# what ANALYZE finds, without what it says of how few rows the tests have
FEW_ARE_MERGED = """
select pg_restore_attribute_stats('schemaname', 'public', 'relname', 'movies', 'attname', 'merged_into',
                                  'inherited', false, 'null_frac', 0.99::real)"""


async def plan(
    world: World, query: str, variables: dict[str, Any], *, by: str | None = None, together: int = 1
) -> Any:
    """Return what PostgreSQL would do for a query if sorting were dear, or for several that leave together."""
    await world.data(query, variables, by=by)
    operation = world.built.engine.prepare(query, None, variables)
    assert isinstance(operation, Operation)
    bound = world.built.engine.bound(operation, viewer(by))
    assert bound is not None
    assert bound.plan.one is not None
    with psycopg.connect(world.conninfo, autocommit=True) as conn:
        conn.execute(FEW_ARE_MERGED)
        conn.execute("set search_path = public, read; set enable_seqscan = off; set enable_bitmapscan = off")
        conn.execute("set enable_hashjoin = off; set enable_mergejoin = off; set jit = off")
        statement: Any = bound.plan.one
        values: list[Any] = [None if value is None else value.decode() for value in bound.values]
        if together > 1:
            many = bound.plan.many
            statement, values = (many() if callable(many) else many), [[value] * together for value in values]
        ((found,),) = RawCursor(conn).execute(b"explain (format json) " + statement.sql, values).fetchall()
        return found[0]["Plan"]


@pytest.mark.parametrize(
    "given", [{"first": 2}, {"last": 2}, {"first": 2, "after": ""}, {"last": 2, "before": ""}]
)
@pytest.mark.parametrize("order", ORDERS)
async def test_k30_k105_an_index_serves_each_order(shared: World, order: str, given: dict[str, Any]) -> None:
    query = """query ($order: MovieOrder, $first: Int, $after: String, $last: Int, $before: String) {
      movies(orderBy: $order, first: $first, after: $after, last: $last, before: $before) { edges { cursor } } }"""
    head = await shared.data(query, {"order": order, "first": 5})
    middle = head["movies"]["edges"][-1]["cursor"]
    found = await plan(
        shared, query, {"order": order, **{k: middle if v == "" else v for k, v in given.items()}}
    )
    assert sorted_tables(found) == set()


async def test_an_order_whose_index_is_gone_is_noticed(world: World) -> None:
    query = "query ($order: MovieOrder) { movies(orderBy: $order, first: 2) { edges { cursor } } }"
    with psycopg.connect(world.conninfo, autocommit=True) as conn:
        conn.execute("drop index movies_vote_count_idx")
    assert sorted_tables(await plan(world, query, {"order": "VOTES"})) == {"movies by Seq Scan"}
