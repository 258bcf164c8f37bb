"""Many requests in one statement against the same requests one by one."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers import reader
from schema import build
from tests.catalogue import FILMS, GENRES, genre, movie, person
from tests.schema.documents import Asked, Pool, queries
from tests.schema.twice import difference
from tests.world import World

PERSONS = ("alice", "bob", "carol")
SCHEMA = build().graphql
IDS = [
    *(f"Movie:{movie(film.key)}" for film in FILMS[:3]),
    *(f"Genre:{genre(name)}" for name in GENRES[:2]),
    *(f"User:{person(name)}" for name in PERSONS),
    *(f"Event:{position}" for position in range(1, 33, 3)),
]
POOL = Pool({}, ids=IDS, texts=["the", "alien", "Comedy", "tt0078748", "en", "web", "movie_rated"])


@pytest.fixture(scope="module")
async def sizes(shared: World) -> AsyncIterator[list[int]]:
    """How many requests each statement answered; a slow machine is no reason here to send one by itself."""
    found: list[int] = []
    patience, reader.SLOW_S = reader.SLOW_S, 60.0
    shared.services.reader.on_batch.append(lambda requests, _: found.append(requests))
    yield found
    reader.SLOW_S = patience


async def together(world: World, query: str, asking: Sequence[tuple[str | None, Any]]) -> list[Any]:
    """Ask the same question at once for several people, each with variables of their own."""
    return list(await asyncio.gather(*(world.ask(query, given, by=by) for by, given in asking)))


HOME = """
query Home($first: Int, $window: TrendingWindow = WEEK, $search: String, $id: ID!, $after: String) {
  viewer {
    id username email
    favorites(first: $first) { totalCount edges { cursor favoritedAt node { ...M } } pageInfo { ...P } }
    watchlist(first: $first, orderBy: PRIORITY) { nodes { ...M } pageInfo { ...P } }
    ratings(first: $first, after: $after) { edges { stars reaction node { title } } pageInfo { ...P } }
    history(last: $first) { nodes { position type movie { title viewerState { status } } } }
    recommendations(first: $first) { slateId edges { score node { title } reasons { text because { title } } } }
  }
  trending(window: $window, first: $first) { edges { score node { ...M } } pageInfo { ...P } }
  plain: trending(first: $first) { nodes { title stats { likeCount } } }
  movies(search: $search, first: $first) { totalCount nodes { title similar(first: $first) { nodes { title } } } }
  node(id: $id) { __typename id ... on Event { movie { ...M } } ... on User { email } }
  genres { name }
}
fragment M on Movie { id title viewerState { reaction stars isFavorite status watchlist { priority } } genres { name } }
fragment P on PageInfo { hasNextPage hasPreviousPage startCursor endCursor }
"""


async def test_everybody_gets_their_own_answer(shared: World, sizes: list[int]) -> None:
    mine = f"User:{person('alice')}"
    asking: list[tuple[str | None, Any]] = [
        (by, {"first": first, "window": window, "search": search, "id": node})
        for by in PERSONS
        for first, window in ((2, "WEEK"), (5, "ALL"), (0, "DAY"))
        for search, node in (("the", mine), ("a", f"Movie:{movie('alien')}"), ("the", "Event:20"))
    ]
    alone = [await shared.ask(HOME, given, by=by) for by, given in asking]
    sizes.clear()
    assert [difference(*pair) for pair in zip(await together(shared, HOME, asking), alone, strict=True)] == (
        [None] * len(asking)
    )
    assert max(sizes) > 4
    assert {answer["data"]["viewer"]["username"] for answer in alone} == set(PERSONS)


async def test_nobody_sees_what_is_anothers(shared: World, sizes: list[int]) -> None:
    given = {"first": 20, "search": "a", "id": f"User:{person('bob')}"}
    asking: Sequence[tuple[str, Any]] = [(by, given) for by in PERSONS] * 6
    answers = await together(shared, HOME, asking)
    for (by, _), answer in zip(asking, answers, strict=True):
        text = json.dumps(answer)
        others = [name for name in PERSONS if name != by]
        assert not any(f"{name}@example.org" in text or str(person(name)) in text for name in others)
        assert f"{by}@example.org" in text
    strangers = await together(shared, HOME, [(None, given)] * 12)
    assert all("@example.org" not in json.dumps(answer) for answer in strangers)


async def test_a_request_with_a_bad_value_fails_alone(shared: World, sizes: list[int]) -> None:
    query = "query ($after: String, $first: Int) { viewer { favorites(first: $first, after: $after) { totalCount } } }"
    asking: list[tuple[str | None, Any]] = [
        ("alice", {"after": "nonsense" if n % 3 == 0 else None, "first": n % 5}) for n in range(24)
    ]
    answers = await together(shared, query, asking)
    bad = [n for n, answer in enumerate(answers) if answer["data"]["viewer"]["favorites"] is None]
    assert bad == list(range(0, 24, 3))
    assert all(answers[n]["errors"][0]["extensions"]["code"] == "BAD_CURSOR" for n in bad)


async def test_whoever_goes_away_does_not_hurt_the_others(shared: World, sizes: list[int]) -> None:
    query = "query ($id: ID!) { node(id: $id) { id } }"
    tasks = [asyncio.create_task(shared.ask(query, {"id": IDS[n % len(IDS)]}, by="bob")) for n in range(60)]
    await asyncio.sleep(0)
    for task in tasks[::4]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::4])
    left = [answer for n, answer in enumerate(answers) if n % 4]
    assert all(isinstance(answer, dict) and "errors" not in answer for answer in left)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(asked=queries(SCHEMA, POOL), seed=st.integers(0, 2**32))
async def test_a_batch_answers_as_its_requests_would_be_one_by_one(
    shared: World, sizes: list[int], asked: Asked, seed: int
) -> None:
    dice = random.Random(seed)

    def other(value: Any) -> Any:
        if isinstance(value, str) and ":" in value:
            return dice.choice(IDS)
        return dice.choice([0, 1, 2, 5]) if isinstance(value, int) and not isinstance(value, bool) else value

    asking: list[tuple[str | None, Any]] = [
        (by, {name: other(value) for name, value in asked.variables.items()}) for by in PERSONS * 4
    ]
    alone = [await shared.ask(asked.query, given, by=by) for by, given in asking]
    at_once = await together(shared, asked.query, asking)
    assert [difference(*pair) for pair in zip(at_once, alone, strict=True)] == [None] * len(asking)
