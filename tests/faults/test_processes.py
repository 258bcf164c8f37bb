"""Our own processes end, told or killed: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg
import pytest

from database.connect import connect
from events.append import person_lock
from tests.app.processes import process
from tests.app.serving import Served, serving
from tests.catalogue import FILMS, movie
from tests.faults.load import RATE, loaded, proved
from tests.waiting import SOON_S, until

pytestmark = pytest.mark.usefixtures("catalogue_template")

GRACE_S = 10
"""What a server may take to end: five seconds for requests, and its worker's last tick."""

Process = subprocess.Popen[str]
WAITING = """
select exists (select from pg_locks where locktype = 'advisory' and not granted
                  and database = (select oid from pg_database where datname = current_database()))"""
FOLDED = "select min(position) from checkpoints where not inline"


@pytest.fixture
def processes() -> Iterator[ExitStack]:
    """Processes that are gone after the test, whatever happens."""
    with ExitStack() as stack:
        yield stack


def started(processes: ExitStack, conninfo: str, folder: Path, *words: str) -> Process:
    quick = {"REDIS_URL": "none", "PROJECTIONIST_GRAPHIQL": "false", "PROJECTIONIST_BCRYPT_COST": "4"}
    quick["PROJECTIONIST_BUDGET_PER_MINUTE"] = "1000000000"
    running = process(conninfo, folder, *words, **quick)
    processes.callback(running.communicate)
    processes.callback(running.kill)
    return running


@asynccontextmanager
async def reached(port: int) -> AsyncIterator[Served]:
    """A server that another process is starting, as soon as it answers."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        async with asyncio.timeout(SOON_S):
            while not await answers(client):
                await asyncio.sleep(0.05)
        yield Served(port, client)


async def answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


async def test_servers_that_are_killed_and_told_to_end_under_load(
    conninfo: str, tmp_path: Path, processes: ExitStack
) -> None:
    ports = free_port(), free_port()
    killed, told = (started(processes, conninfo, tmp_path, "serve", "--port", str(port)) for port in ports)
    async with reached(ports[0]) as first, reached(ports[1]) as second, loaded(first) as load:
        killed.kill()
        load.served = second
        await load.heals()
        assert load.broken
        token = await second.sign_up("held")
        with psycopg.connect(conninfo, autocommit=True) as conn:
            lock = person_lock(scalar(conn, "select id from users where username = 'held'"))
            conn.execute("select pg_advisory_lock(%s)", (lock,))
            held = asyncio.create_task(rate(second, token))
            await comes(lambda: scalar(conn, WAITING))
            told.send_signal(signal.SIGTERM)
            await comes(lambda: refuses(ports[1]))
            assert not held.done()
            conn.execute("select pg_advisory_unlock(%s)", (lock,))
            answer = await held
        assert "errors" not in answer
        assert answer["data"]["rateMovie"]["event"]
        assert await asyncio.to_thread(told.wait, GRACE_S) == 0
    proved(conninfo, load)


async def rate(served: Served, token: str) -> Any:
    """Rate a movie once, as nobody of the load does."""
    given = {"movieId": f"Movie:{movie(FILMS[0].key)}", "stars": 5}
    return await served.ask(RATE, token=token, variables={"i": given})


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


async def test_a_worker_that_is_killed_under_load_is_replaced_by_any_other(
    conninfo: str, tmp_path: Path, processes: ExitStack
) -> None:
    killed = started(processes, conninfo, tmp_path, "worker")
    async with serving(conninfo) as served, loaded(served) as load:
        with connect(conninfo) as conn:
            await comes(lambda: scalar(conn, FOLDED))
            killed.kill()
            replacing = started(processes, conninfo, tmp_path, "worker")
            head = load.acknowledged[-1]
            await comes(lambda: scalar(conn, FOLDED) >= head)
        replacing.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(replacing.wait, GRACE_S) == 128 + signal.SIGTERM
    proved(conninfo, load)


async def comes(true: Callable[[], object]) -> None:
    """Return as soon as something is true; fail when that does not come."""
    await asyncio.to_thread(until, true)


def scalar(conn: psycopg.Connection[tuple[Any, ...]], sql: LiteralString) -> Any:
    row = conn.execute(sql).fetchone()
    return row and row[0]
