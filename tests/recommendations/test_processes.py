"""Several servers of one installation: a slate is known to all of them while Redis is there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

import pytest

from tests.app.serving import Served, serving
from tests.recommendations.conftest import Newcomer, serves
from tests.recommendations.tastes import Person, titles

AWAY = "redis://127.0.0.1:1"
Another = Callable[[str], AbstractAsyncContextManager[Served]]


@pytest.fixture
async def another(served: Served, database: str, models: Path) -> Another:
    """Runs one more server, with a Redis."""
    assert served.port

    def one(redis_url: str) -> AbstractAsyncContextManager[Served]:
        return serving(database, filled=False, models_dir=models, redis_url=redis_url)

    return one


async def model_of(served: Served) -> UUID:
    return UUID((await served.http.get("/readyz")).json()["model"])


async def test_the_next_page_may_come_from_another_server(
    served: Served, newcomer: Newcomer, another: Another, redis_url: str
) -> None:
    model_id = await model_of(served)
    token = (await newcomer("wanderer")).token
    async with another(redis_url) as first, another(redis_url) as second:
        await serves(first, model_id)
        await serves(second, model_id)
        here, there = Person(first, token), Person(second, token)
        await here.react("Comedy", 1, 2)
        whole = await here.recommended(first=30)
        gone = whole["edges"][15]["node"]
        await there.ask(
            "mutation ($id: ID!) { dismissMovie(input: { movieId: $id }) { errors { code } } }", id=gone["id"]
        )
        page = await there.recommended(first=19, after=whole["edges"][9]["cursor"])
        assert page["slateId"] == whole["slateId"]
        assert titles(page) == [title for title in titles(whole)[10:] if title != gone["title"]]


async def test_while_redis_is_away_it_goes_on_at_the_same_rank_of_a_new_slate(
    served: Served, newcomer: Newcomer, another: Another
) -> None:
    model_id = await model_of(served)
    here = await newcomer("homebody")
    first = await here.recommended(first=10)
    async with another(AWAY) as elsewhere:
        await serves(elsewhere, model_id)
        there = Person(elsewhere, here.token)
        page = await there.recommended(first=10, after=first["pageInfo"]["endCursor"])
        mine = await there.recommended(first=30)
        assert page["slateId"] == mine["slateId"] != first["slateId"]
        assert titles(page) == titles(mine)[9:19]
