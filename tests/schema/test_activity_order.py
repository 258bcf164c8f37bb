"""What somebody did, rows and events together, in the order of its time: read page by page, never as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from database.connect import connect
from events.activity import Action
from tests.catalogue import movie, person
from tests.events.writing import write_raw
from tests.schema.test_orders import plan, sorted_tables
from tests.world import World, opened

QUERY = """query ($first: Int, $after: String, $last: Int, $before: String, $actions: [ActivityAction!]) {
  viewer { list: activity(first: $first, after: $after, last: $last, before: $before, actions: $actions) {
    totalCount edges { cursor node { id action } } pageInfo { hasNextPage hasPreviousPage } } } }"""
EVERYBODYS = """query ($first: Int, $after: String, $last: Int, $before: String, $filter: ActivityFilter) {
  list: activity(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    totalCount edges { cursor node { id action } } pageInfo { hasNextPage hasPreviousPage } } }"""
_ROW = """insert into activity.actions (id, occurred_at, action, session_id, user_id, movie_id, source)
values (%s, %s, %s, %s, %s, %s, 'web')"""
_EVENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("movie_viewed", {}),
    ("movie_rated", {"half_stars": 7, "previous": None, "scale": None}),
)
_ALL = "select id::text, action from {} order by occurred_at desc, id desc"


@pytest.fixture(scope="module")
async def busy(database: str) -> AsyncIterator[World]:
    """Two people did things in two months, several of them at the same instant, and imported what is older."""
    async with opened(database) as world:
        # on both sides of a midnight between two months, of which the second was made ahead
        midnight = (datetime.now(UTC).replace(day=1) + timedelta(days=31)).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        with connect(database) as conn:
            for n in range(60):
                who, film = person(("alice", "bob")[n % 5 == 0]), movie(("alien", "heat")[n % 2])
                at = midnight + (n // 3 - 10) * timedelta(minutes=7)
                conn.execute(_ROW, (uuid4(), at, list(Action)[n % 6], uuid4(), who, film))
                if n % 3 == 0:
                    kind, data = _EVENTS[n % 2]
                    said_at = at if n % 4 else datetime(2011, 5, 1 + n % 3, tzinfo=UTC)
                    write_raw(conn, kind, data, user=who, movie=film, at=said_at)
        yield world


def rows(world: World, of: str) -> list[tuple[str, str]]:
    """Return what there is, sorted as a whole."""
    with connect(world.conninfo) as conn:
        return conn.execute(_ALL.format(of).encode()).fetchall()


POSITION = st.integers(0, 70)
GIVEN = st.fixed_dictionaries(
    {"way": st.sampled_from(["first", "last"]), "size": st.integers(0, 30)},
    optional={
        "after": POSITION,
        "before": POSITION,
        "actions": st.lists(st.sampled_from(Action), min_size=1),
    },
)


async def agrees(
    world: World, query: str, by: str, everything: list[tuple[str, str]], given: Mapping[str, Any]
) -> None:
    """Compare a page with that slice of everything."""
    data = (await world.data(query, {"first": 100}, by=by)).get
    found = data("list") or data("viewer")["list"]
    at = {edge["node"]["id"]: edge["cursor"] for edge in found["edges"]}
    low, high = given.get("after"), given.get("before")
    low, high = (end if end is not None and end < len(everything) else None for end in (low, high))
    actions = given.get("actions") or list(Action)
    between = everything[0 if low is None else low + 1 : high if high is None else max(high, 0)]
    kept = [row for row in between if row[1] in actions]
    size = given["size"]
    page = kept[:size] if given["way"] == "first" else kept[max(0, len(kept) - size) :]
    asked: dict[str, Any] = {given["way"]: size}
    if low is not None:
        asked["after"] = at[everything[low][0]]
    if high is not None:
        asked["before"] = at[everything[high][0]]
    if "actions" in given:
        names = [Action(action).value for action in actions]
        asked |= {"actions": names} if "viewer" in query else {"filter": {"actions": names}}
    answer = await world.data(query, asked, by=by)
    found = answer.get("list") or answer["viewer"]["list"]
    assert [(edge["node"]["id"], edge["node"]["action"]) for edge in found["edges"]] == page
    assert found["totalCount"] == sum(action in actions for _, action in everything)
    more = "hasNextPage" if given["way"] == "first" else "hasPreviousPage"
    beyond = len(kept) > size or (
        any(row[1] in actions for row in everything[high:])
        if given["way"] == "first" and high is not None
        else any(row[1] in actions for row in everything[: low + 1])
        if given["way"] == "last" and low is not None
        else False
    )
    assert found["pageInfo"][more] is beyond


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=GIVEN)
async def test_a_page_of_ones_own_is_a_slice_of_all_that_one_did_sorted(
    busy: World, asked: Mapping[str, Any]
) -> None:
    everything = rows(busy, f"activity.log where user_id = '{person('alice')}'")
    assert 50 < len(everything) <= 100
    await agrees(busy, QUERY, "alice", everything, asked)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=GIVEN)
async def test_a_page_of_everybodys_rows_is_a_slice_of_them_sorted(
    busy: World, asked: Mapping[str, Any]
) -> None:
    await agrees(busy, EVERYBODYS, "ann", rows(busy, "activity.actions"), asked)


WAYS: list[dict[str, Any]] = [{"first": 2}, {"last": 2}, {"first": 2, "after": ""}, {"last": 2, "before": ""}]


@pytest.mark.parametrize("together", [1, 3])
@pytest.mark.parametrize("asked", WAYS)
@pytest.mark.parametrize(
    ("query", "by", "more"),
    [
        (QUERY, "alice", {}),
        (QUERY, "alice", {"actions": ["MOVIE_VIEW"]}),
        (EVERYBODYS, "ann", {}),
        (EVERYBODYS, "ann", {"filter": {"userId": f"User:{person('alice')}"}}),
        (EVERYBODYS, "ann", {"filter": {"movieId": f"Movie:{movie('alien')}"}}),
        (EVERYBODYS, "ann", {"filter": {"occurredFrom": "2020-01-01T00:00:00Z"}}),
    ],
    ids=["own", "own of a kind", "all", "of a person", "about a movie", "since then"],
)
async def test_k112_activity_is_read_in_the_order_of_an_index(
    busy: World, query: str, by: str, more: dict[str, Any], asked: dict[str, Any], together: int
) -> None:
    head = await busy.data(query, {"first": 20, **more}, by=by)
    middle = (head.get("list") or head["viewer"]["list"])["edges"][-1]["cursor"]
    given = {name: middle if value == "" else value for name, value in asked.items()}
    found = await plan(busy, query, {**given, **more}, by=by, together=together)
    # of what is at one instant the id decides: that much is sorted, and no more
    assert sorted_tables(found, sorts=("Sort",)) == set()


async def test_without_its_index_it_would_be_sorted(world: World) -> None:
    with psycopg.connect(world.conninfo, autocommit=True) as conn:
        conn.execute("drop index events_user_id_occurred_at_idx")
    found = await plan(world, QUERY, {"first": 2}, by="alice")
    assert "events_p0" in str(sorted_tables(found, sorts=("Sort",)))
