"""A document is compiled once for each shape of its variables and each set of roles, and no oftener."""

from __future__ import annotations

from typing import Any

import pytest

from resolvers import documents
from tests.world import World

QUERY = """query ($first: Int, $order: MovieOrder, $filter: MovieFilter, $more: Boolean = true) {
  movies(first: $first, orderBy: $order, filter: $filter) { nodes { id title @include(if: $more) } }
}"""


async def compiled(world: World, *asked: Any, by: str | None = None, query: str = QUERY) -> int:
    """Return how many plans were made for requests with these variables."""
    before = world.built.engine.compiled
    for given in asked:
        await world.data(query, given, by=by)
    return world.built.engine.compiled - before


async def test_other_values_are_the_same_plan(world: World) -> None:
    values = [
        {"first": n, "filter": {"genre": genre}} for n in (1, 2, 50) for genre in ("Drama", "Comedy", "x")
    ]
    assert await compiled(world, *values, by="alice") == 1
    assert await compiled(world, *values, by="bob") == 0


async def test_another_shape_is_another_plan(world: World) -> None:
    shapes: list[Any] = [
        {},
        {"first": None},
        {"first": 1},
        {"order": "TITLE"},
        {"order": "NEWEST"},
        {"filter": {}},
        {"filter": {"genre": "x"}},
        {"filter": {"genre": None}},
        {"filter": {"releasedFrom": 1}},
        {"more": False},
    ]
    assert await compiled(world, *shapes) == len(shapes)
    assert await compiled(world, *shapes, *shapes) == 0


async def test_literals_in_a_document_are_values_of_its_plan_alone(world: World) -> None:
    for number in range(5):
        query = (
            f'{{ movie(by: {{ tmdbId: {number} }}) {{ title }} movies(search: "{number}") {{ totalCount }} }}'
        )
        assert await compiled(world, {}, {}, query=query) == 1


async def test_roles_have_plans_of_their_own(world: World) -> None:
    query = "{ genres { name } }"
    assert await compiled(world, {}, query=query) == 1
    assert await compiled(world, {}, query=query, by="alice") == 1
    assert await compiled(world, {}, query=query, by="bob") == 0
    assert await compiled(world, {}, query=query, by="olga") == 1


async def test_a_document_keeps_a_bounded_number_of_plans(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PLANS", 4)
    names = ("genre", "releasedFrom", "releasedTo", "maxRuntimeMinutes", "minimumStars", "originalLanguage")
    given: dict[str, Any] = {"genre": "x", "originalLanguage": "en"}
    for name in names:
        await world.data(QUERY, {"filter": {name: given.get(name, 1)}})
    operation = world.built.engine.prepare(QUERY, None, {})
    assert len(operation.parsed.plans) == 4  # type: ignore[union-attr]


async def test_an_operation_of_several_is_compiled_by_itself(world: World) -> None:
    query = "query A { genres { name } } query B { viewer { username } }"
    for name, root in (("A", "genres"), ("B", "viewer"), ("A", "genres")):
        assert list(await world.data(query, name=name)) == [root]
    assert world.built.engine.compiled == 2
