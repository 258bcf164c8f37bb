"""Compiled answers against Strawberry's own execution, field by field, for documents that are made up."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    visit,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers.answers import Answer
from schema import build
from tests.catalogue import FILMS, GENRES, genre, movie, person
from tests.schema.documents import Asked, Pool, everything, queries
from tests.schema.twice import disagreement, plainly
from tests.world import WIDE, World, opened

VIEWERS = (None, "alice", "alice", "alice", "bob", "carol", "ann", "olga", "adam")

HARVEST = """
fragment C on MovieConnection { edges { cursor } }
{
  movies { ...C } newest: movies(orderBy: NEWEST) { ...C } popular: movies(orderBy: POPULAR) { ...C }
  trending { edges { cursor } } events { edges { cursor } } oldest: events(orderBy: OLDEST) { edges { cursor } }
  movie(by: { tmdbId: 348 }) { similar { edges { cursor } } dailyMetrics { edges { cursor } } }
}
"""
OWN = """
{
  viewer {
    favorites { edges { cursor } } watchlist { edges { cursor } } ratings { edges { cursor } }
    urgent: watchlist(orderBy: PRIORITY) { edges { cursor } }
    history { edges { cursor } } recommendations { edges { cursor } } storedRecommendations { edges { cursor } }
  }
  groupRecommendations(userIds: []) { edges { cursor } } onboarding { edges { cursor } }
}
"""
_FIELDS = {"newest": "movies", "popular": "movies", "oldest": "events", "urgent": "watchlist"}
SCHEMA = build().graphql
CURSORS: dict[str, list[str]] = {}
"""Cursors of every list, by its field: known when the database is there."""
POOL = Pool(
    CURSORS,
    ids=[
        *(f"Movie:{movie(film.key)}" for film in FILMS[:4]),
        *(f"Genre:{genre(name)}" for name in GENRES[:4]),
        f"User:{person('alice')}",
        f"User:{person('bob')}",
        *(f"Event:{position}" for position in (9, 20, 31)),
        f"Movie:{movie('nothing')}",
        "Event:999999",
        "Projection:ratings",
        "nonsense",
        "Movie:nonsense",
    ],
    texts=[
        *("the", "alien", "comedy", "Comedy", "", "' or 1=1 --", 'a "quoted\\', "Amélie 🎈", "\u0000"),
        *("tt0078748", "en", "web", "movie_rated"),
    ],
)


def harvest(value: Any, name: str = "") -> None:
    """Collect every cursor under the name of the field whose list it is of."""
    if isinstance(value, dict):
        if "edges" in value:
            CURSORS.setdefault(_FIELDS.get(name, name), []).extend(edge["cursor"] for edge in value["edges"])
        for key, inner in value.items():
            harvest(inner, key)


@pytest.fixture(scope="module")
async def catalogue(database: str) -> AsyncIterator[World]:
    """The catalogue, with the cursors of all its lists at hand."""
    async with opened(database, build(limits=WIDE)) as world:
        harvest(await world.data(HARVEST, by="adam"))
        harvest(await world.data(OWN, by="alice"))
        yield world


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    # as large as a server takes them
    asked=queries(SCHEMA, POOL).filter(lambda asked: len(repr(asked)) < 20_000),
    by=st.sampled_from(VIEWERS),
)
async def test_compiled_and_executed_answers_are_the_same(
    catalogue: World, asked: Asked, by: str | None
) -> None:
    engine = catalogue.built.engine
    operation = engine.prepare(asked.query, None, asked.variables)
    plain = await plainly(catalogue, asked.query, asked.variables, by=by)
    if isinstance(operation, Answer):
        assert plain["data"] is None
        return
    compiled = json.loads((await engine.run(operation, catalogue.context(by))).body())
    assert disagreement(compiled, plain) is None
    assert "INTERNAL_ERROR" not in str(compiled.get("errors"))
    assert engine.fell_back == 0


async def test_a_page_that_no_one_may_ask_for_is_refused_before_its_rows_are_made(catalogue: World) -> None:
    query = "{ groupRecommendations(userIds: [], first: 1, last: 1) { totalCount } }"
    compiled, plain = await catalogue.ask(query), await plainly(catalogue, query)
    assert disagreement(compiled, plain) is None
    assert compiled["errors"][0]["extensions"]["code"] == "BAD_PAGE_SIZE"


async def test_a_page_that_shows_nothing_is_of_no_slate(catalogue: World) -> None:
    query = "{ viewer { recommendations(first: 0) { slateId pageInfo { hasNextPage } } } }"
    compiled, plain = await catalogue.ask(query, by="alice"), await plainly(catalogue, query, by="alice")
    assert disagreement(compiled, plain) is None
    assert compiled["data"]["viewer"]["recommendations"] == {
        "slateId": None,
        "pageInfo": {"hasNextPage": True},
    }


@pytest.mark.parametrize("by", [None, "alice", "adam"])
@pytest.mark.parametrize("name", list(SCHEMA.query_type.fields) if SCHEMA.query_type else [])
async def test_every_field_that_there_is_can_be_compiled_and_is_right(
    catalogue: World, name: str, by: str | None
) -> None:
    query = everything(SCHEMA, name)
    compiled, plain = await catalogue.ask(query, by=by), await plainly(catalogue, query, by=by)
    assert disagreement(compiled, plain) is None
    assert catalogue.built.engine.fell_back == 0


def test_the_documents_that_ask_for_everything_do() -> None:
    asked: set[tuple[str, str]] = set()
    info = TypeInfo(SCHEMA)

    class Fields(Visitor):
        def enter_field(self, node: Any, *_: Any) -> None:
            parent = info.get_parent_type()
            assert parent is not None
            asked.add((parent.name, node.name.value))

    assert SCHEMA.query_type is not None
    for name in SCHEMA.query_type.fields:
        visit(parse(everything(SCHEMA, name)), TypeInfoVisitor(info, Fields()))
    assert asked >= _reachable(SCHEMA.query_type)


def _reachable(root: GraphQLObjectType) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    waiting, seen = [root], {root.name}
    while waiting:
        kind = waiting.pop()
        for name, definition in kind.fields.items():
            found.add((kind.name, name))
            target = get_named_type(definition.type)
            kinds = (
                SCHEMA.get_possible_types(target)
                if isinstance(target, GraphQLInterfaceType)
                else [target]
                if isinstance(target, GraphQLObjectType)
                else []
            )
            waiting += [kind for kind in kinds if kind.name not in seen]
            seen |= {kind.name for kind in kinds}
    return found
