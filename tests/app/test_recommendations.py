"""Recommendations over HTTP, from signing up on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest

from database.connect import connect
from tests.app.serving import Served, serving
from tests.app.tastes import Person, kinds, settle, titles, train
from tests.postgres import Databases
from tests.waiting import SOON_S

Newcomer = Callable[[str], Awaitable[Person]]


async def serves(served: Served, model_id: UUID) -> None:
    """Wait until a model serves."""
    async with asyncio.timeout(SOON_S):
        while (await served.http.get("/readyz")).json()["model"] != str(model_id):
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def served(clones: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A server with a recommender, for people who sign up."""
    models = tmp_path_factory.mktemp("models")
    with clones.clone() as conninfo:
        with connect(conninfo) as conn:
            settle(conn)
        model_id = await asyncio.to_thread(train, conninfo, models)
        async with serving(conninfo, filled=False, models_dir=models) as running:
            await serves(running, model_id)
            yield running


@pytest.fixture
def newcomer(served: Served) -> Newcomer:
    """Signs somebody up."""

    async def one(name: str) -> Person:
        return Person(served, await served.sign_up(name))

    return one


async def test_the_next_answer_knows_what_a_newcomer_likes(newcomer: Newcomer) -> None:
    for kind, name in (("Comedy", "carla"), ("Horror", "hugo")):
        person = await newcomer(name)
        before = await person.recommended(first=20)
        assert {edge["algorithm"] for edge in before["edges"]} == {"BLEND"}
        await person.react(kind, 3, 9, 11)
        after = await person.recommended(first=20)
        assert kinds(after)[:10] == [kind] * 10
        assert after["slateId"] != before["slateId"]
        assert not {f"{kind} {number}" for number in (3, 9, 11)} & set(titles(after))
