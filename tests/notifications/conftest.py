from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.notifications.desk import Desk, opened
from tests.notifications.office import SOME, Office, office
from tests.notifications.post import Post, post_office


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A mail server."""
    async with post_office() as opened:
        yield opened


@pytest.fixture
async def worker(conninfo: str, catalogue_template: str, post: Post) -> AsyncIterator[Office]:
    """A worker that sends e-mail; Alice alone is there, with recommendations."""
    async with office(conninfo, post) as opened:
        opened.only("alice")
        opened.recommend("alice", *SOME)
        yield opened


@pytest.fixture
async def desk(conninfo: str, post: Post) -> AsyncIterator[Desk]:
    """A server and a worker that write to wanda about her account."""
    async with opened(conninfo, post) as open_:
        yield open_
