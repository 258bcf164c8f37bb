from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from database.connect import connect
from tests.world import World, opened


@pytest.fixture
async def world(conninfo: str, catalogue_template: str) -> AsyncIterator[World]:
    """A catalogue of the test's own, in which nobody has said anything yet."""
    async with opened(conninfo) as world:
        with connect(conninfo) as conn:
            conn.execute("delete from chat_sessions")
        yield world
