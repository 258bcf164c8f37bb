"""PostgreSQL goes away under load: coded errors, soon healed, nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import collections
import time
from typing import Any

import psycopg

from database.connect import connect
from projections.follow import catch_up
from projections.registry import projections
from projections.verify import verify
from tests.app.serving import Served, serving
from tests.catalogue import FILMS, movie

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
        self.last_ok = 0.0

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

    async def _until_acknowledged(self, token: str, given: dict[str, Any]) -> None:
        while not self.stopped:
            answer = await self.served.ask(RATE, token=token, variables={"i": given})
            if "errors" not in answer:
                self.acknowledged.append(answer["data"]["rateMovie"]["event"]["position"])
                self.last_ok = time.monotonic()
                return
            for error in answer["errors"]:
                self.errors[error["extensions"]["code"]] += 1
            await asyncio.sleep(0.02)


async def test_connections_cut_under_load_lose_nothing_and_write_nothing_twice(conninfo: str) -> None:
    async with serving(conninfo) as served:
        load = Load(served, [await served.sign_up(f"person-{n}") for n in range(6)])
        tasks = [asyncio.create_task(load.run(n)) for n in range(6)]
        with psycopg.connect(conninfo, autocommit=True) as conn:
            for _ in range(5):
                await asyncio.sleep(0.3)
                await asyncio.to_thread(conn.execute, KILL)
        cut = time.monotonic()
        async with asyncio.timeout(5):
            while load.last_ok <= cut:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        load.stopped = True
        await asyncio.gather(*tasks)
    assert set(load.errors) <= {"SERVICE_UNAVAILABLE", "TIMEOUT"}, load.errors
    assert len(load.acknowledged) > 20
    with connect(conninfo) as conn:
        rows = conn.execute("select position from events where type = 'movie_rated'").fetchall()
        recorded = [row[0] for row in rows]
        assert set(load.acknowledged) <= set(recorded)
        keys = conn.execute("select count(*), count(distinct event_ids[1]) from idempotency_keys").fetchone()
        assert keys is not None
        assert keys[0] == keys[1]
        catch_up(conn)
        assert {name: found for name in projections() if (found := verify(conn, name))} == {}
