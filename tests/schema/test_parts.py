"""Queries in parts: put together, they are what the query without `@defer` is answered."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from app.parts import FORMS, Form, InParts
from resolvers.answers import Answer
from resolvers.parts import PARTS, Part
from schema import build
from tests.schema.deferring import merged, with_defers
from tests.schema.documents import Asked, queries
from tests.schema.test_differential import HARVEST, OWN, POOL, SCHEMA, VIEWERS, harvest
from tests.schema.twice import errors_of
from tests.world import WIDE, World, opened

Json = Any
BY_PATH, BY_ID = FORMS.values()


@pytest.fixture(scope="module")
async def catalogue(database: str) -> AsyncIterator[World]:
    """The catalogue, with the cursors of all its lists at hand."""
    async with opened(database, build(limits=WIDE)) as world:
        harvest(await world.data(HARVEST, by="adam"))
        harvest(await world.data(OWN, by="alice"))
        yield world


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
    parts = engine.parts(operation)
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
    """Whether two answers say the same, the order of fields and errors and the cost aside."""
    return one["data"] == other["data"] and errors_of(one) == errors_of(other)


def is_null(data: Json, path: Any) -> bool:
    """Whether there is nothing at a path."""
    for key in path:
        if data is None:
            return True
        data = data[key]
    return data is None
