"""SQL in every string that a client can send: found by walking the schema, so that a new field is among them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

from schema import build
from tests.app.serving import Json, Served, codes, serving
from tests.catalogue import movie
from tests.postgres import Databases
from tests.world import access_token

SCHEMA = build().graphql
HARMLESS = "zqxj7"
INJECTIONS = (
    "' or '1'='1",
    "'; drop table users; --",
    "\" or 1=1; select pg_sleep(5) --",
    "%s %(viewer)s {viewer} :id $1 \\' %",
    "zqxj7 ' | !zqxj7 & ) <-> ( *",
)  # fmt: skip


def _filler(name: str, kind: GraphQLInputType) -> str:
    named = get_named_type(kind)
    if isinstance(named, GraphQLEnumType):
        return str(next(iter(named.values)))
    known = {
        "ID": f'"Movie:{movie("nothing")}"',
        "String": '"x"',
        "Date": '"2024-03-01"',
        "Boolean": "true",
    }
    return known.get(str(named), "2")


def _places(name: str, kind: GraphQLInputType, where: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the way to each string below an argument, as text with `$v` in it, with its type."""
    named: Any = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        for inner, definition in named.fields.items():
            others = [
                f"{other}: {_filler(other, found.type)}"
                for other, found in named.fields.items()
                if other != inner and is_required_input_field(found)
            ]
            for text, declared, is_list in _places(inner, definition.type, where):
                yield "{ " + ", ".join([*others, f"{inner}: {text}"]) + " }", declared, is_list
    elif named.name in ("String", "ID"):
        yield "$v", f"{get_nullable_type(kind)}!", is_list_type(get_nullable_type(kind))


def injectable() -> Iterator[tuple[str, str, bool]]:
    """Yield a document for each string that a client can send, with its name, and whether it stands in a list."""
    roots = {
        "Query": "query ($v: %s) { %s }",
        "Mutation": "mutation ($v: %s) { %s }",
        "User": "query ($v: %s) { viewer { %s } }",
        "Movie": "query ($v: %s) { movie(by: { tmdbId: 348 }) { %s } }",
    }
    for name, whole in roots.items():
        kind = SCHEMA.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        for field, definition in kind.fields.items():
            target: Any = get_named_type(definition.type)
            inner = "totalCount" if "totalCount" in getattr(target, "fields", ()) else "__typename"
            inner = "errors { code }" if name == "Mutation" else inner
            selection = f"{{ {inner} }}" if is_composite_type(target) else ""
            for argument, asked in definition.args.items():
                for text, declared, is_list in _places(argument, asked.type, field):
                    others = [
                        f", {other}: {_filler(other, found.type)}"
                        for other, found in definition.args.items()
                        if other != argument and is_required_argument(found)
                    ]
                    call = f"{field}({argument}: {text}{''.join(others)}) {selection}"
                    yield f"{name}.{field} {argument}: {text}", whole % (declared, call), is_list


@pytest.fixture(scope="module")
async def shared(clones: Databases) -> AsyncIterator[Served]:
    """A server that lets one account try as many passwords as there are strings."""
    with clones.clone() as conninfo:
        async with serving(conninfo, sign_in_failures=10**6, sign_in_failures_per_account=10**6) as running:
            yield running


PLACES = {name: (query, is_list) for name, query, is_list in injectable()}


def _outcome(answer: Json) -> Json:
    errors = [(error.get("path"), error["extensions"]["code"]) for error in answer.get("errors", ())]
    return answer.get("data"), errors


def test_every_kind_of_string_is_among_them() -> None:
    assert SCHEMA.mutation_type is not None
    without_strings = {"setPrivacy", "requestEmailVerification"}
    assert {name.partition(" ")[0] for name in PLACES} >= {
        *("Query.movies", "Query.node", "Query.nodes", "Query.movie", "Query.events", "Query.trending"),
        *("User.favorites", "User.history", "Movie.similar", "Movie.dailyMetrics"),
        *(f"Mutation.{name}" for name in SCHEMA.mutation_type.fields.keys() - without_strings),
    }


@pytest.mark.parametrize("place", PLACES)
async def test_sql_in_a_string_does_what_any_other_string_does(shared: Served, place: str) -> None:
    query, is_list = PLACES[place]
    token = None if "ign" in place or "Session" in place else access_token("adam")

    async def told(text: str) -> Json:
        value = [text] if is_list else text
        return _outcome(await shared.ask(query, variables={"v": value}, token=token))

    # what is no name must be compared with what is none either
    expected = await told(f"{HARMLESS}!" if "changeUsername" in place else HARMLESS)
    for injection in INJECTIONS:
        assert await told(injection) == expected, injection


@pytest.mark.parametrize("place", PLACES)
async def test_a_null_byte_in_a_string_is_refused_where_it_would_reach_the_database(
    shared: Served, place: str
) -> None:
    query, is_list = PLACES[place]
    token = None if "ign" in place or "Session" in place else access_token("adam")
    response = await shared.post(query, variables={"v": ["a\0b"] if is_list else "a\0b"}, token=token)
    if "errors" in response.json():
        assert set(codes(response)) <= {"BAD_USER_INPUT", "BAD_ID", "BAD_CURSOR"}
