from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.app.serving import Served, serving


@pytest.fixture
async def served(conninfo: str) -> AsyncIterator[Served]:
    """The whole server over a catalogue of the test's own."""
    async with serving(conninfo) as running:
        yield running
