from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.world import World, opened


@pytest.fixture
async def world(conninfo: str) -> AsyncIterator[World]:
    """A catalogue of the test's own."""
    async with opened(conninfo) as world:
        yield world
