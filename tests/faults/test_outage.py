"""PostgreSQL goes away under load: coded errors, soon healed, nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from app.database import migrate
from app.embedded import postgres, start_postgres
from database.connect import connect
from projections.deploy import deploy
from tests.app.serving import serving
from tests.faults.load import loaded, proved
from tests.postgres import Databases

WRITER = "select pid from pg_stat_activity where application_name = 'projectionist writer' limit 1"
KILL = """
select pg_terminate_backend(pid) from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid()"""


async def test_connections_cut_under_load_lose_nothing_and_write_nothing_twice(conninfo: str) -> None:
    async with serving(conninfo) as served, loaded(served) as load:
        with psycopg.connect(conninfo, autocommit=True) as conn:
            for _ in range(5):
                await asyncio.to_thread(conn.execute, KILL)
                await load.heals()
    proved(conninfo, load)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL of the test's own, as durable as in production, with the tables in it."""
    server = start_postgres(tmp_path)
    migrate(server.url)
    with connect(server.url) as conn:
        deploy(conn)
    yield server.url
    server.stop()


def restart(mode: str, folder: Path) -> None:
    """Restart the server; return when it answers."""
    pg_ctl, log = postgres.program("pg_ctl"), folder / "server.log"
    done, said = postgres.as_owner(pg_ctl, "restart", "-D", folder, "-l", log, "-m", mode, "-w", "-t", 60)
    assert done, said


def kill_backend(conninfo: str) -> None:
    """Kill a writer's backend without any farewell: the server ends all others, and recovers."""
    with psycopg.connect(conninfo) as conn:
        writer = conn.execute(WRITER).fetchone()
    assert writer is not None
    os.kill(writer[0], signal.SIGKILL)


async def test_a_server_that_restarts_and_crashes_under_load_loses_nothing_and_writes_nothing_twice(
    own_server: str, tmp_path: Path
) -> None:
    folder = tmp_path / "postgres"
    faults = (
        lambda: restart("fast", folder),
        lambda: restart("immediate", folder),
        lambda: kill_backend(own_server),
    )
    async with serving(own_server) as served, loaded(served) as load:
        for fault in faults:
            await asyncio.to_thread(fault)
            await load.heals()
        assert load.errors["SERVICE_UNAVAILABLE"] > 0
    proved(own_server, load)


async def test_after_a_long_outage_everything_is_back_within_seconds(clones: Databases) -> None:
    sign_in = "mutation ($i: SignInInput!) { signIn(input: $i) { errors { code } } }"
    given = {"i": {"login": "alice", "password": "not her password"}}
    with clones.clone() as conninfo:
        name = str(conninfo_to_dict(conninfo)["dbname"])
        doors = SQL("alter database {} allow_connections {}")
        async with serving(conninfo) as served:
            assert "errors" not in await served.ask(sign_in, variables=given)
            clones.conn.execute(doors.format(Identifier(name), False))
            clones.conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
            )
            until = time.monotonic() + 8  # as long as connecting again and again would slow down
            while time.monotonic() < until:
                answers = await asyncio.gather(*(served.ask(sign_in, variables=given) for _ in range(3)))
                codes = {error["extensions"]["code"] for answer in answers for error in answer["errors"]}
                assert codes == {"SERVICE_UNAVAILABLE"}
            clones.conn.execute(doors.format(Identifier(name), True))
            async with asyncio.timeout(5):
                while "errors" in await served.ask(sign_in, variables=given):
                    await asyncio.sleep(0.02)
                while (await served.http.get("/readyz")).status_code != 200:
                    await asyncio.sleep(0.02)
