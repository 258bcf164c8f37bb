from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.app.serving import serving
from tests.compat.house import House
from tests.postgres import Databases


@pytest.fixture(scope="module")
async def house(clones: Databases) -> AsyncIterator[House]:
    """A server with nobody and nothing in it, for the whole file."""
    with clones.clone() as conninfo:
        async with serving(conninfo, filled=False) as served:
            yield House(served, conninfo)
