from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.app.serving import Served, serving
from tests.postgres import Databases


@pytest.fixture
async def served(conninfo: str) -> AsyncIterator[Served]:
    """The whole server over a catalogue of the test's own."""
    async with serving(conninfo) as running:
        yield running


@pytest.fixture(scope="module")
async def shared(clones: Databases) -> AsyncIterator[Served]:
    """One server for all tests of a file that do not mind what the others did."""
    with clones.clone() as conninfo:
        async with serving(conninfo) as running:
            yield running
