from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from database.connect import pool
from events import queued
from events.facts import Event
from events.queued import Queue, appending
from events.slates import Algorithm, RecommendationsServed, serve_slate
from projections.follow import catch_up
from projections.registry import fold_inline
from tests.events.writing import Conn
from tests.waiting import SOON_S


@pytest.fixture
async def connections(conninfo: str) -> AsyncIterator[AsyncConnectionPool]:
    async with pool(conninfo, size=2, wait_s=0.2) as opened:
        yield opened


@pytest.fixture
async def queue(
    connections: AsyncConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Queue[Event]]:
    monkeypatch.setattr(queued, "AWAY_S", 0.01)
    made = Queue(connections, appending(fold_inline), "what was shown")
    yield made
    await made.close()


def shown(count: int = 1) -> list[RecommendationsServed]:
    """So many slates of one movie each."""
    return [
        fact
        for _ in range(count)
        for fact in serve_slate(
            user_id=uuid4(),
            slate_id=uuid4(),
            algorithm=Algorithm.BLEND,
            model_id=None,
            movies=[(uuid4(), 0.5, 1.0)],
        )
    ]


def recorded(conn: Conn) -> int:
    row = conn.execute("select count(*) from events where type = 'recommendations_served'").fetchone()
    assert row is not None
    return int(row[0])


async def becomes(true: Callable[[], object]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():
            await asyncio.sleep(0.01)


async def test_what_is_added_is_appended_in_groups_and_in_order(
    connection: Conn, queue: Queue[Event]
) -> None:
    facts = shown(queued.GROUP + 1)
    for fact in facts:
        queue.add([fact])
    await becomes(lambda: recorded(connection) == len(facts))
    rows = connection.execute(
        "select user_id, data->>'slate_id', xid::text from events order by position"
    ).fetchall()
    assert [(user, slate) for user, slate, _ in rows] == [
        (fact.user_id, str(fact.slate_id)) for fact in facts
    ]
    assert len({xid for *_, xid in rows}) == 2
    catch_up(connection)
    counted = connection.execute("select sum(recommendation_count) from popularity_metrics").fetchone()
    assert counted == (len(facts),)


async def test_closing_appends_what_waits(connection: Conn, connections: AsyncConnectionPool) -> None:
    queue = Queue(connections, appending(fold_inline), "what was shown")
    queue.add(shown(3))
    await queue.close()
    assert (recorded(connection), queue.lost) == (3, 0)


@pytest.mark.parametrize(("waiting", "close_s"), [(1, 0.1), (0, 60.0)])
async def test_closing_does_not_wait_for_a_database_that_is_away(
    monkeypatch: pytest.MonkeyPatch, waiting: int, close_s: float
) -> None:
    monkeypatch.setattr(queued, "CLOSE_S", close_s)
    away = pool("host=127.0.0.1 port=1 dbname=none user=nobody", size=1, wait_s=30)
    await away.open()
    queue = Queue(away, appending(fold_inline), "what was shown")
    queue.add(shown(waiting))
    async with asyncio.timeout(20):
        await queue.close()
        await away.close()


async def test_more_than_may_wait_is_forgotten_at_the_limit(
    connection: Conn, queue: Queue[Event], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queued, "MOST", 2)
    queue.add(shown(2))
    queue.add(shown())
    queue.add(shown())
    assert queue.lost == 2
    assert [record.message for record in caplog.records] == ["what was shown is not recorded"]
    await becomes(lambda: recorded(connection) == 2)


async def test_a_connection_that_breaks_loses_no_more_than_its_group_and_doubles_nothing(
    connection: Conn, owner_connection: Conn, queue: Queue[Event]
) -> None:
    queue.add(shown())
    await becomes(lambda: recorded(connection) == 1)
    for _ in range(5):
        queue.add(shown())
        owner_connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid not in (pg_backend_pid(), %s)",
            [connection.info.backend_pid],
        )
    queue.add(shown(7))
    await becomes(lambda: recorded(connection) + queue.lost == 13)
    queue.add(shown())
    await becomes(lambda: recorded(connection) + queue.lost == 14)
    assert recorded(connection) > 7


async def test_a_fact_that_cannot_be_stored_does_not_stop_the_others(
    connection: Conn, owner_connection: psycopg.Connection[object], queue: Queue[Event]
) -> None:
    too_big = serve_slate(
        user_id=uuid4(),
        slate_id=uuid4(),
        algorithm=Algorithm.BLEND,
        model_id=None,
        movies=[(uuid4(), 0.5, 1.0)] * 100,
    )[0]
    doubled = RecommendationsServed(
        user_id=too_big.user_id,
        slate_id=too_big.slate_id,
        algorithm=too_big.algorithm,
        model_id=None,
        first_rank=1,
        movie_ids=too_big.movie_ids * 2,
        scores=too_big.scores * 2,
        propensities=too_big.propensities * 2,
    )
    queue.add([doubled])
    await becomes(lambda: queue.lost == 1)
    queue.add(shown())
    await becomes(lambda: recorded(connection) == 1)
