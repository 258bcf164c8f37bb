from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack

import psycopg
import pytest

from database.connect import session_conninfo
from database.pipeline import Lane
from events.handle import Handler
from projections.registry import fold_inline
from tests.events.writing import Conn

OpenHandler = Callable[..., Awaitable[Handler]]


@pytest.fixture
def writers(conninfo: str) -> Iterator[Callable[[], Conn]]:
    """Opens connections of the application that do not commit by themselves; they are closed after the test."""
    with ExitStack() as stack:

        def open_one() -> Conn:
            conn = psycopg.connect(session_conninfo(conninfo))
            stack.callback(conn.close)
            return conn

        yield open_one


@pytest.fixture
async def open_handler(conninfo: str) -> AsyncIterator[OpenHandler]:
    """Opens handlers, each with connections of its own as if in a process of its own."""
    async with AsyncExitStack() as stack:

        async def open_one(lock_timeout_s: float = 0) -> Handler:
            settings = session_conninfo(conninfo, lock_timeout_s=lock_timeout_s)
            lanes = [Lane(settings, wait_s=20) for _ in range(2)]
            for lane in lanes:
                stack.push_async_callback(lane.close)
                await lane.open()
            return Handler(lanes, fold_inline)

        yield open_one
