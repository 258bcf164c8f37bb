from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack

import psycopg
import pytest

from database.connect import connect, session_conninfo
from database.pipeline import Lane
from events.handle import Handler
from projections.rebuild import deploy
from projections.registry import fold_inline
from tests.events.writing import Conn

OpenLane = Callable[..., "AsyncIterator[Lane]"]


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
async def handlers(deployed: str) -> AsyncIterator[Callable[..., Handler]]:
    """Opens handlers, each with a connection of its own as if in a process of its own."""
    lanes: list[Lane] = []
    async with AsyncExitStack() as stack:

        def open_one(**settings: float) -> Handler:
            lane = Lane(session_conninfo(deployed, **settings), in_flight=1, wait_s=10)
            lanes.append(lane)
            stack.push_async_callback(lane.close)
            return Handler(lane, fold_inline)

        yield open_one
