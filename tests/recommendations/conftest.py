"""A server with a recommender that was trained on two kinds of movies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from database.connect import connect
from tests.app.serving import Served, serving
from tests.postgres import Databases
from tests.recommendations.tastes import (
    Person,
    settle,
    train,
)
from tests.waiting import SOON_S

Newcomer = Callable[[str], Awaitable[Person]]


async def serves(served: Served, model_id: UUID) -> None:
    """Wait until a model serves."""
    async with asyncio.timeout(SOON_S):
        while (await served.http.get("/readyz")).json()["model"] != str(model_id):
            await asyncio.sleep(0.05)


async def becomes(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(SOON_S):
        while not true():
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def database(clones: Databases) -> Iterator[str]:
    """A database of two kinds of movies, for all tests of the file."""
    with clones.clone() as conninfo:
        with connect(conninfo) as conn:
            settle(conn)
        yield conninfo


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the recommender is."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
async def served(database: str, models: Path) -> AsyncIterator[Served]:
    """A server with a recommender, for people who sign up."""
    model_id = await asyncio.to_thread(train, database, models)
    async with serving(database, filled=False, models_dir=models, sign_ups_per_address=1000) as running:
        await serves(running, model_id)
        yield running


@pytest.fixture(scope="module")
async def stranger(served: Served) -> Person:
    """Somebody who has done nothing yet."""
    return Person(served, await served.sign_up("stefan"))


@pytest.fixture
def newcomer(served: Served) -> Newcomer:
    """Signs somebody up."""

    async def one(name: str) -> Person:
        return Person(served, await served.sign_up(name))

    return one
