"""Compiled answers against Strawberry's own execution, field by field, for documents that are made up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers.answers import Answer
from schema import build
from tests.catalogue import FILMS, GENRES, genre, movie, person
from tests.schema.documents import Pool, queries
from tests.schema.twice import disagreement, plainly
from tests.world import World

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
    history { edges { cursor } } recommendations { edges { cursor } }
  }
}
"""
_FIELDS = {"newest": "movies", "popular": "movies", "oldest": "events", "urgent": "watchlist"}
SCHEMA = build().graphql


def harvested(value: Any, name: str, into: dict[str, list[str]]) -> None:
    """Collect every cursor under the name of the field whose list it is of."""
    if isinstance(value, dict):
        if "edges" in value:
            into.setdefault(_FIELDS.get(name, name), []).extend(edge["cursor"] for edge in value["edges"])
        for key, inner in value.items():
            harvested(inner, key, into)


class Later(dict[str, list[str]]):
    """Cursors that are known when the database is there."""


CURSORS = Later()
POOL = Pool(
    CURSORS,
    ids=[
        *(f"Movie:{movie(film.key)}" for film in FILMS[:4]),
        *(f"Genre:{genre(name)}" for name in GENRES[:4]),
        f"User:{person('alice')}",
        f"User:{person('bob')}",
        "Event:9",
        "Event:20",
        "Event:31",
        f"Movie:{movie('nothing')}",
        "Event:999999",
        "Projection:ratings",
        "nonsense",
        "Movie:nonsense",
    ],
    texts=[
        "the",
        "alien",
        "comedy",
        "Comedy",
        "",
        "' or 1=1 --",
        'a "quoted\\',
        "Amélie 🎈",
        "tt0078748",
        "en",
        "web",
        "movie_rated",
    ],
)


@pytest.fixture(scope="module")
async def cursors(shared: World) -> None:
    """Fill the pool with cursors of every list and order."""
    harvested(await shared.data(HARVEST, by="adam"), "", CURSORS)
    harvested(await shared.data(OWN, by="alice"), "", CURSORS)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(asked=queries(SCHEMA, POOL), by=st.sampled_from(VIEWERS))
async def test_compiled_and_executed_answers_are_the_same(
    shared: World, cursors: None, asked: Any, by: str | None
) -> None:
    operation = shared.built.engine.prepare(asked.query, None, asked.variables)
    if isinstance(operation, Answer):
        print("REFUSED", operation.errors)
        return
    compiled = json.loads((await shared.built.engine.run(operation, shared.context(by))).body())
    plain = await plainly(shared, asked.query, asked.variables, by=by)
    assert disagreement(compiled, plain) is None, (asked.query, asked.variables, by)
