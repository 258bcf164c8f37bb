from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.app.serving import Served, serving
from tests.postgres import Databases


@pytest.fixture
async def served(conninfo: str, catalogue_template: str) -> AsyncIterator[Served]:
    """The whole server over a catalogue of the test's own."""
    async with serving(conninfo) as running:
        yield running


@pytest.fixture(scope="module")
async def shared(clones: Databases, catalogue_template: str) -> AsyncIterator[Served]:
    """One server for all tests of a file that do not mind what the others did."""
    with clones.clone(catalogue_template) as conninfo:
        async with serving(conninfo) as running:
            yield running


@pytest.fixture
def logged() -> Iterator[None]:
    """The log as a server writes it; afterwards as it was."""
    loggers = [logging.getLogger(name) for name in (None, "alembic", "uvicorn.error")]
    before = [(logger, logger.handlers, logger.level) for logger in loggers]
    yield
    for logger, handlers, level in before:
        logger.handlers = handlers
        logger.setLevel(level)
