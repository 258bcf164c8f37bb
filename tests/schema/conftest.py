from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.postgres import Databases
from tests.world import World, opened


@pytest.fixture(scope="module")
def database(clones: Databases, catalogue_template: str) -> Iterator[str]:
    """A database of its own for all tests of a file that only read."""
    with clones.clone(catalogue_template) as conninfo:
        yield conninfo


@pytest.fixture(scope="module")
async def shared(database: str) -> AsyncIterator[World]:
    """The catalogue, for all tests of a file that only read."""
    async with opened(database) as world:
        yield world


@pytest.fixture
async def world(conninfo: str, catalogue_template: str) -> AsyncIterator[World]:
    """A catalogue of the test's own."""
    async with opened(conninfo) as world:
        yield world
