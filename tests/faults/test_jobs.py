"""Jobs, whose statements may take long, behind a network that swallows what is sent."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import psycopg
import pytest

from app.worker import Worker
from database import watched
from database.connect import connect
from tests.app.serving import serving
from tests.catalogue import FILMS, movie
from tests.faults.load import RATE
from tests.faults.proxy import Fault, Proxy
from tests.waiting import until
from tests.world import access_token

FOLDED = "select min(position) from checkpoints where not inline"
LOCK = "select pg_advisory_xact_lock(17)"
SOON_S = 20


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "SILENT_S", 0.3)
    monkeypatch.setattr(watched, "_ANSWER_S", 2)  # libpq waits no less


@pytest.fixture
async def job(faulty: str) -> Any:
    """A connection of a job, over the proxy."""
    conn = await asyncio.to_thread(connect, faulty)
    yield conn
    await asyncio.to_thread(conn.close)


async def test_a_statement_that_takes_long_is_waited_for(job: psycopg.Connection[Any]) -> None:
    rows = await asyncio.to_thread(lambda: job.execute("select pg_sleep(1.5), 17").fetchall())
    assert rows == [("", 17)]


async def test_one_that_waits_for_a_lock_is_waited_for(
    job: psycopg.Connection[Any], connection: psycopg.Connection[Any]
) -> None:
    with connection.transaction():
        connection.execute(LOCK)
        waiting = asyncio.create_task(asyncio.to_thread(job.execute, LOCK))
        await asyncio.sleep(1.5)
        assert not waiting.done()
    await waiting


async def test_a_network_that_takes_everything_is_noticed(
    job: psycopg.Connection[Any], before_postgres: Proxy
) -> None:
    async with before_postgres.suffers(Fault.SWALLOW):
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            await asyncio.to_thread(job.execute, "select pg_sleep(0.1)")
        assert time.monotonic() - began < SOON_S
    assert job.closed


async def test_a_moment_is_noticed_and_what_was_locked_is_free(
    job: psycopg.Connection[Any], connection: psycopg.Connection[Any], before_postgres: Proxy
) -> None:
    await asyncio.to_thread(job.execute, "begin")
    await asyncio.to_thread(job.execute, LOCK)
    async with before_postgres.suffers(Fault.SWALLOW):
        pass
    with pytest.raises(psycopg.OperationalError):
        await asyncio.to_thread(job.execute, "select 1")
    connection.execute("set lock_timeout = '5s'")
    connection.execute(LOCK)


async def test_what_was_locked_is_free_with_the_next_connection_where_nobody_answered(
    job: psycopg.Connection[Any], faulty: str, connection: psycopg.Connection[Any], before_postgres: Proxy
) -> None:
    await asyncio.to_thread(job.execute, "begin")
    await asyncio.to_thread(job.execute, LOCK)
    async with before_postgres.suffers(Fault.SWALLOW):
        with pytest.raises(psycopg.OperationalError):
            await asyncio.to_thread(job.execute, "select 1")
    (await asyncio.to_thread(connect, faulty)).close()
    connection.execute("set lock_timeout = '5s'")
    connection.execute(LOCK)


async def test_a_worker_goes_on_where_it_was(
    conninfo: str, faulty: str, before_postgres: Proxy, connection: psycopg.Connection[Any]
) -> None:
    async with serving(conninfo) as served:
        worker = Worker(faulty, seal_every_s=0.1)
        worker.start(connection)
        try:
            for stars in (1, 2):
                given = {"movieId": f"Movie:{movie(FILMS[0].key)}", "stars": stars}
                answer = await served.ask(RATE, token=access_token("alice"), variables={"i": given})
                position = answer["data"]["rateMovie"]["event"]["position"]
                await asyncio.to_thread(until, lambda: _folded(connection) >= position)  # noqa: B023
                if stars == 1:
                    async with before_postgres.suffers(Fault.SWALLOW):
                        await asyncio.sleep(0.5)
        finally:
            await asyncio.to_thread(worker.stop)


def _folded(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute(FOLDED).fetchone()
    assert row is not None
    return row[0] or 0
