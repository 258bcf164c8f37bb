"""What is asked of the schema alone is executed once."""

from __future__ import annotations

import pytest

import schema
from resolvers.introspection import MOST
from tests.world import World

NAMES = "{ __schema { queryType { name } } }"


async def test_the_schema_is_told_once(shared: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await shared.data(NAMES)
    with monkeypatch.context() as patched:
        patched.setattr(schema, "experimental_execute_incrementally", pytest.fail)
        assert await shared.data(NAMES) == first == {"__schema": {"queryType": {"name": "Query"}}}
    for number in range(MOST + 2):  # others may come in between
        asked = f'{{ a{number}: __type(name: "Movie") {{ name }} }}'
        for _ in range(2):
            assert await shared.data(asked) == {f"a{number}": {"name": "Movie"}}
    assert await shared.data(NAMES) == first


async def test_who_asks_for_more_gets_what_is_there_now(shared: World) -> None:
    asked = "query ($n: String!) { __type(name: $n) { name } viewer { id } }"
    for name in ("Movie", "Genre"):
        assert await shared.data(asked, {"n": name}) == {"__type": {"name": name}, "viewer": None}
