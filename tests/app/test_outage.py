"""PostgreSQL goes away under load: coded errors, soon healed, nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from app.database import migrate
from app.embedded import postgres, start_postgres
from database.connect import connect
from projections.deploy import deploy
from projections.follow import catch_up
from projections.registry import projections
from projections.verify import verify
from tests.app.serving import Served, serving
from tests.catalogue import FILMS, movie
from tests.postgres import Databases

RATE = """mutation($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } event { position } } }"""
KILL = """
select pg_terminate_backend(pid) from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid()"""


class Load:
    """People who rate without pause, each action with a key of its own, sent again until it is acknowledged."""

    def __init__(self, served: Served, tokens: list[str]) -> None:
        self.served, self.tokens = served, tokens
        self.stopped = False
        self.acknowledged: list[int] = []
        self.errors: collections.Counter[str] = collections.Counter()

    async def run(self, person: int) -> None:
        """Rate one movie after the other, the stars never the same twice in a row."""
        turn = 0
        while not self.stopped:
            turn += 1
            given = {
                "movieId": f"Movie:{movie(FILMS[turn % 5].key)}",
                "stars": 1 + (turn // 5) % 5,
                "idempotencyKey": f"{person}-{turn}",
            }
            await self._until_acknowledged(self.tokens[person], given)

    async def read(self) -> None:
        """Read without pause; what fails has a code."""
        while not self.stopped:
            for error in (await self.served.ask("{ trending { nodes { title } } }")).get("errors", ()):
                self.errors[error["extensions"]["code"]] += 1
            await asyncio.sleep(0.01)

    async def goes_on(self, actions: int = 30) -> None:
        """Return when so many more actions were acknowledged; fail when that takes more than five seconds."""
        wanted = len(self.acknowledged) + actions
        async with asyncio.timeout(5):
            while len(self.acknowledged) < wanted:
                await asyncio.sleep(0.01)

    async def _until_acknowledged(self, token: str, given: dict[str, Any]) -> None:
        while not self.stopped:
            answer = await self.served.ask(RATE, token=token, variables={"i": given})
            if "errors" not in answer:
                self.acknowledged.append(answer["data"]["rateMovie"]["event"]["position"])
                return
            for error in answer["errors"]:
                self.errors[error["extensions"]["code"]] += 1
            await asyncio.sleep(0.02)


def proved(conninfo: str, load: Load) -> None:
    """Assert that every acknowledged action is in the log, each exactly once, and every table is what the log says."""
    assert set(load.errors) <= {"SERVICE_UNAVAILABLE", "TIMEOUT"}, load.errors
    assert len(load.acknowledged) == len(set(load.acknowledged)) > 20
    with connect(conninfo) as conn:
        rows = conn.execute(
            "select event_id, position from events where type = 'movie_rated' and user_id in (select id from users"
            " where username like 'person-%')"
        ).fetchall()
        assert set(load.acknowledged) <= {position for _, position in rows}
        keys = [ids for (ids,) in conn.execute("select event_ids from idempotency_keys").fetchall()]
        # each key stands for one event, and each event was asked for by one key
        assert sorted(event for ids in keys for event in ids) == sorted(event for event, _ in rows)
        catch_up(conn)
        assert {name: found for name in projections() if (found := verify(conn, name))} == {}


async def test_connections_cut_under_load_lose_nothing_and_write_nothing_twice(conninfo: str) -> None:
    async with serving(conninfo) as served:
        load = Load(served, [await served.sign_up(f"person-{n}") for n in range(6)])
        tasks = [asyncio.create_task(load.run(n)) for n in range(6)]
        with psycopg.connect(conninfo, autocommit=True) as conn:
            for _ in range(5):
                await load.goes_on()
                await asyncio.to_thread(conn.execute, KILL)
        await load.goes_on()
        load.stopped = True
        await asyncio.gather(*tasks)
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


async def test_a_server_that_crashes_under_load_loses_nothing_and_writes_nothing_twice(
    own_server: str, tmp_path: Path
) -> None:
    async with serving(own_server) as served:
        load = Load(served, [await served.sign_up(f"person-{n}") for n in range(6)])
        tasks = [asyncio.create_task(task) for task in (*(load.run(n) for n in range(6)), load.read())]
        for _ in range(2):
            await load.goes_on()
            back, said = await asyncio.to_thread(crash, tmp_path / "postgres")
            assert back, said
        await load.goes_on()
        load.stopped = True
        await asyncio.gather(*tasks)
        assert load.errors["SERVICE_UNAVAILABLE"] > 0
    proved(own_server, load)


def crash(folder: Path) -> tuple[bool, str]:
    """Kill the server without any farewell and start it again; return when it answers."""
    pg_ctl, log = postgres._program("pg_ctl"), folder / "server.log"
    return postgres._as_owner(pg_ctl, "restart", "-D", folder, "-l", log, "-m", "immediate", "-w", "-t", 60)


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
