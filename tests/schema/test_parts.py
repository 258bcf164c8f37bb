"""Queries in parts: put together, they are what the query without `@defer` is answered."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import print_ast, strip_ignored_characters
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from app.parts import FORMS, Form, InParts
from resolvers.answers import Answer
from resolvers.limits import Limits
from resolvers.parts import PARTS, Part, parts_of
from schema import build
from tests.counting import counted
from tests.schema.deferring import merged, with_defers
from tests.schema.documents import Asked, queries
from tests.schema.test_differential import HARVEST, OWN, POOL, SCHEMA, VIEWERS, harvest
from tests.schema.twice import errors_of
from tests.world import WIDE, World

Json = Any
ALIEN = "movie(by: { tmdbId: 348 })"
BY_PATH, BY_ID = FORMS.values()


@pytest.fixture(scope="module")
async def catalogue(shared: World) -> World:
    """The catalogue for documents of any size, with the cursors of all its lists at hand."""
    world = World(shared.conninfo, build(limits=WIDE), shared.services)
    harvest(await world.data(HARVEST, by="adam"))
    harvest(await world.data(OWN, by="alice"))
    return world


async def bodies(
    world: World,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    by: str | None = None,
    form: Form = BY_PATH,
    name: str | None = None,
) -> list[Json]:
    """Return the bodies of the response to a query, one where it is answered at once."""
    engine = world.built.engine
    operation = engine.prepare(query, name, variables or {})
    assert not isinstance(operation, Answer), operation.errors
    parts = parts_of(operation, engine.schema, engine.limits)
    if not parts:
        return [json.loads((await engine.run(operation, world.context(by))).body())]

    async def run(part: Part) -> Answer:
        return await engine.run(part.of(operation), world.context(by))

    first = await run(parts[0])
    response = InParts(parts, first, form)
    if not response.begun:
        return [json.loads(first.body())]
    return [json.loads(body) async for body in response.bodies(run)]


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    asked=queries(SCHEMA, POOL, depth=4),
    seed=st.integers(0, 2**63),
    by=st.sampled_from(VIEWERS),
    form=st.sampled_from([BY_PATH, BY_ID]),
)
async def test_the_parts_together_are_the_answer(
    catalogue: World, asked: Asked, seed: int, by: str | None, form: Form
) -> None:
    engine = catalogue.built.engine
    if isinstance(engine.prepare(asked.query, None, asked.variables), Answer):
        return
    whole = await catalogue.ask(asked.query, asked.variables, by=by)
    query = with_defers(asked.query, random.Random(seed))
    found = await bodies(catalogue, query, asked.variables, by=by, form=form)
    event(f"{min(len(found), 4)} parts")
    if len(found) == 1:
        assert same(found[0], whole)
        return
    together = merged(found)
    for path in together.lost:
        assert is_null(whole["data"], path)
    if not together.lost:
        assert same(together.answer, whole)


def same(one: Json, other: Json) -> bool:
    """Whether two answers say the same, the order of fields and errors and the cost aside.

    Where an error takes the whole of the data along, it is left open which other errors are found.
    """
    ours, theirs = errors_of(one), errors_of(other)
    if one["data"] is None:
        return other["data"] is None and bool(ours & theirs)
    return one["data"] == other["data"] and ours == theirs


def is_null(data: Json, path: Any) -> bool:
    """Whether there is nothing at a path."""
    for key in path:
        if data is None:
            return True
        data = data[key]
    return data is None


def plan(query: str, variables: Mapping[str, Any] | None = None, limits: Limits | None = None) -> list[Json]:
    """Return the path, label, enclosing part and selection of each part, the first of them first."""
    engine = build(limits=limits).engine
    operation = engine.prepare(query, None, variables or {})
    assert not isinstance(operation, Answer), operation.errors
    return [
        (
            ".".join(part.path),
            part.label,
            part.within,
            strip_ignored_characters(print_ast(part.node.selection_set)),
        )
        for part in parts_of(operation, engine.schema, engine.limits)
    ]


A = "movie(by:{tmdbId:348})"


@pytest.mark.parametrize(
    ("query", "first", "later"),
    [
        (
            "{ genres { id } ... @defer { viewer { id } } }",
            "{genres{id}}",
            [("", None, 0, "{viewer{id}}")],
        ),
        (
            f'{{ {A} {{ id ...Slow @defer(label: "slow") }} }} fragment Slow on Movie {{ id overview }}',
            f"{{{A}{{id id}}}}",
            [("movie", "slow", 0, f"{{{A}{{overview}}}}")],
        ),
        (
            f"{{ {A} {{ ... on Node @defer {{ id }} }} }}",
            f"{{{A}{{}}}}",
            [("movie", None, 0, f"{{{A}{{id}}}}")],
        ),
        (
            "{ ... @defer { viewer { id ... @defer { favorites { totalCount } } } } genres { id } }",
            "{genres{id}}",
            [("", None, 0, "{viewer{id}}"), ("viewer", None, 1, "{viewer{favorites{totalCount}}}")],
        ),
        (  # what two fragments share comes with what both stand in
            "{ ... @defer { genres { id } viewer { id } } ... @defer { genres { name } viewer { username } } }",
            "{genres{id}genres{name}viewer{}}",
            [("", None, 0, "{viewer{id}}"), ("", None, 0, "{viewer{username}}")],
        ),
        (  # a page is read at one moment
            "{ movies { nodes { id } ... @defer { totalCount pageInfo { endCursor } } } }",
            "{movies{nodes{id}pageInfo{endCursor}}}",
            [("movies", None, 0, "{movies{totalCount}}")],
        ),
        (  # a fragment with nothing of its own is passed over
            "{ viewer { id } ... @defer { viewer { id ... @defer { username } } } }",
            "{viewer{id id}}",
            [("viewer", None, 0, "{viewer{username}}")],
        ),
        (
            "query ($d: Boolean = true) { genres { id } ... @defer(if: $d) { viewer { id } } }",
            "{genres{id}}",
            [("", None, 0, "{viewer{id}}")],
        ),
        (
            "{ genres { id } ... @defer(label: null) @include(if: true) { viewer { id } } }",
            "{genres{id}}",
            [("", None, 0, "{viewer{id}}")],
        ),
    ],
)
def test_a_deferred_fragment_is_an_operation_of_its_own(query: str, first: str, later: list[Json]) -> None:
    assert plan(query) == [("", None, None, first), *later]


@pytest.mark.parametrize(
    "query",
    [
        "{ genres { id } }",
        "{ genres { id ... @defer { name } } }",
        "{ movies { nodes { id ... @defer { title } } } }",
        "{ movies { nodes { id } ... @defer { edges { cursor } } } }",
        '{ node(id: "Movie:x") { id ... on Movie @defer { title } } }',
        "{ genres { id } ... @defer(if: false) { viewer { id } } }",
        "query ($d: Boolean! = false) { genres { id } ... @defer(if: $d) { viewer { id } } }",
        "{ genres { id } ... @defer @skip(if: true) { viewer { id } } }",
        "{ genres { id } ...G ...G @defer } fragment G on Query { genres { name } }",
        "mutation { signOut(input: {}) { errors { code } ... @defer { __typename } } }",
        "subscription { interactions { id ... @defer { movie { id } } } }",
    ],
)
def test_elsewhere_it_is_a_hint(query: str) -> None:
    assert plan(query) == []


@pytest.mark.parametrize(("deferred", "parts"), [(PARTS, PARTS + 1), (PARTS + 1, PARTS + 1)])
async def test_a_query_has_so_many_parts(shared: World, deferred: int, parts: int) -> None:
    query = "{" + "".join(f" ... @defer {{ g{n}: genres {{ id }} }}" for n in range(deferred)) + "}"
    with counted() as sent:
        found = await bodies(shared, query)
    assert len(found) == len(sent) == parts
    assert [*found[0]["data"]] == [f"g{n}" for n in range(PARTS, deferred)]
    assert {*merged(found).answer["data"]} == {f"g{n}" for n in range(deferred)}


async def test_the_first_part_says_what_all_of_them_cost(shared: World) -> None:
    query = f"{{ {ALIEN} {{ id ... @defer {{ similar(first: 3) {{ nodes {{ id }} }} }} }} }}"
    first, later = await bodies(shared, query)
    assert first["extensions"] == {"cost": {"requested": 1 + 5, "limit": Limits.cost}}
    assert "extensions" not in later["incremental"][0]
    assert len(plan(query, limits=Limits(cost=6))) == 2
    assert plan(query, limits=Limits(cost=5)) == []  # it costs so much when it comes at once


NULL = """{
  viewer { id ... @defer { username ... @defer { favorites { totalCount } } } }
  movie(by: { tmdbId: 1 }) { id ... @defer { title } }
  genres { slug }
  ... @defer { viewer { roles } }
}"""


@pytest.mark.parametrize("form", [BY_PATH, BY_ID])
async def test_nothing_comes_for_what_is_not_there(shared: World, form: Form) -> None:
    with counted() as sent:
        found = await bodies(shared, NULL, form=form)
    answer = merged(found).answer
    assert (answer["data"]["viewer"], answer["data"]["movie"], len(found), len(sent)) == (None, None, 2, 2)
    with counted() as sent:
        (alone,) = await bodies(shared, "{ viewer { ... @defer { username } } }", form=form)
    assert (alone["data"], len(sent), "hasNext" in alone) == ({"viewer": None}, 1, False)


BROKEN = """{
  genres { slug }
  ... @defer(label: "fine") { viewer { favorites(first: 500) { totalCount } } }
  ... @defer(label: "lost") { nodes(ids: ["nonsense"]) { id } ... @defer { viewer { roles } } }
}"""


async def test_errors_are_of_the_part_that_they_are_in(shared: World) -> None:
    first, *later = await bodies(shared, BROKEN, by="alice")
    assert "errors" not in first
    parts = {part["label"]: part for body in later for part in body["incremental"]}
    assert parts.keys() == {"fine", "lost"}
    assert parts["fine"]["data"] == {"viewer": {"favorites": None}}
    assert errors_of(parts["fine"]) == {('["viewer", "favorites"]', "BAD_PAGE_SIZE")}
    assert parts["lost"]["data"] is None
    assert errors_of(parts["lost"]) == {('["nodes"]', "BAD_ID")}


async def test_a_part_that_is_lost_is_completed_with_its_errors(shared: World) -> None:
    first, *later = await bodies(shared, BROKEN, by="alice", form=BY_ID)
    (lost,) = [each["id"] for each in first["pending"] if each["label"] == "lost"]
    (said,) = [body for body in later if body["completed"][0]["id"] == lost]
    assert "incremental" not in said
    assert errors_of(said["completed"][0]) == {('["nodes"]', "BAD_ID")}
    assert len(later) == 2  # nothing is announced within it


async def test_an_executor_that_takes_over_answers_at_once(shared: World) -> None:
    query = (
        'query ($d: Boolean!) { __type(name: "Movie") { name } genres { id ... @defer(if: $d) { name } } }'
    )
    plain = query.replace("($d: Boolean!)", "").replace("@defer(if: $d) ", "")
    assert await shared.data(query, {"d": True}) == await shared.data(plain)
    assert shared.built.engine.fell_back == 2


async def test_what_an_executor_answers_may_come_in_parts(shared: World) -> None:
    found = await bodies(shared, '{ genres { id } ... @defer { __type(name: "Movie") { name } } }')
    assert len(found) == 2
    assert merged(found).answer["data"]["__type"] == {"name": "Movie"}
