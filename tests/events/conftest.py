from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack

import psycopg
import pytest

from database.connect import connect, session_conninfo
from database.pipeline import Lane
from events.handle import Handler
from projections.rebuild import deploy
from projections.registry import fold_inline
from tests.events.writing import Conn

OpenHandler = Callable[..., Awaitable[Handler]]


@pytest.fixture
def deployed(conninfo: str) -> str:
    """The conninfo of a database of the test's own whose read tables stand, as its owner."""
    with connect(conninfo) as conn:
        deploy(conn)
    return conninfo


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
async def open_handler(deployed: str) -> AsyncIterator[OpenHandler]:
    """Opens handlers, each with connections of its own as if in a process of its own."""
    async with AsyncExitStack() as stack:

        async def open_one(lanes: int = 2, lock_timeout_s: float = 0) -> Handler:
            conninfo = session_conninfo(deployed, lock_timeout_s=lock_timeout_s)
            opened = [Lane(conninfo, in_flight=1, wait_s=20) for _ in range(lanes)]
            for lane in opened:
                stack.push_async_callback(lane.close)
                await lane.open()
            return Handler(opened, fold_inline)

        yield open_one
