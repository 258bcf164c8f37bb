"""What is asked of the schema alone is executed once."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

import schema
from resolvers.introspection import MOST
from schema.descriptions import ARGUMENTS, VALUES
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


def test_every_type_has_a_name_of_its_own() -> None:
    modules = [import_module(found.name) for found in pkgutil.iter_modules(schema.__path__, "schema.")]
    named: dict[str, set[type]] = {}
    for module in modules:
        for value in vars(module).values():
            definition = vars(value).get("__strawberry_definition__") if isinstance(value, type) else None
            if definition is not None:
                named.setdefault(definition.name or definition.origin.__name__, set()).add(value)
    assert len(named) > 100
    assert {name: found for name, found in named.items() if len(found) > 1} == {}


async def test_k114_a_client_is_told_what_arguments_and_values_mean(shared: World) -> None:
    told = await shared.data(
        """{ connection: __type(name: "Query") { fields { name args { name description } } }
        reaction: __type(name: "Reaction") { enumValues { name description } } }"""
    )
    (movies,) = (field for field in told["connection"]["fields"] if field["name"] == "movies")
    assert {each["name"]: each["description"] for each in movies["args"]}["first"] == ARGUMENTS["first"]
    values = {each["name"]: each["description"] for each in told["reaction"]["enumValues"]}
    assert values == VALUES["Reaction"]
