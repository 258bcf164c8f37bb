"""People who use a server without pause while something breaks, and the count of what became of it."""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from database.connect import connect
from events.seals import seal
from events.seals import verify as verify_seals
from projections.follow import catch_up
from projections.registry import projections
from projections.verify import verify
from tests.app.serving import Served
from tests.catalogue import FILMS, movie
from tests.waiting import SOON_S

RATE = """mutation($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } event { position } } }"""
READS = (
    "{ trending { nodes { title } } }",
    "{ genres { name } __schema { queryType { name } } }",  # not compiled: over the pool
)
"""One for each way to the database, beside that of the writers."""

FAULTS = {"SERVICE_UNAVAILABLE", "TIMEOUT", "OVERLOADED"}
PEOPLE = 6
EACH_S = 6.0
"""How long a request may take at most, whatever is broken."""
HEALED_S = 5.0
"""How long after a fault everything must be as before."""


class Load:
    """People who rate without pause, each action with a key of its own, sent again until it is acknowledged."""

    def __init__(self, served: Served, tokens: list[str]) -> None:
        self.served, self.tokens = served, tokens
        self.stopped = False
        self.acknowledged: list[int] = []
        self.errors: collections.Counter[str] = collections.Counter()
        self.broken = 0
        """Requests whose connection to the server broke."""
        self.failed_at: list[float] = []
        """When each request began that was answered with an error."""
        self.slowest_s = 0.0
        self._turns: collections.Counter[int] = collections.Counter()

    async def run(self, person: int) -> None:
        """Rate one movie after the other, the stars never the same twice in a row."""
        while not self.stopped:
            self._turns[person] += 1
            turn = self._turns[person]
            given = {
                "movieId": f"Movie:{movie(FILMS[turn % 5].key)}",
                "stars": 1 + (turn // 5) % 5,
                "idempotencyKey": f"{person}-{turn}",
            }
            await self._until_acknowledged(self.tokens[person], given)

    async def read(self, query: str) -> None:
        """Read without pause; what fails has a code."""
        while not self.stopped:
            await self.ask(query)
            await asyncio.sleep(0.01)

    async def goes_on(self, actions: int = 30) -> None:
        """Return when so many more actions were acknowledged; fail when that takes longer than healing may."""
        wanted = len(self.acknowledged) + actions
        async with asyncio.timeout(HEALED_S):
            while len(self.acknowledged) < wanted:
                await asyncio.sleep(0.01)

    async def fails(self) -> None:
        """Return when somebody was told that the database is away."""
        known = self.errors["SERVICE_UNAVAILABLE"]
        async with asyncio.timeout(SOON_S):
            while self.errors["SERVICE_UNAVAILABLE"] == known:
                await asyncio.sleep(0.01)

    async def heals(self) -> None:
        """Return when actions are acknowledged again and every way to the database works; fail when that does not come.

        Requests that were in flight when the fault ended may fail; those that begin later may not.
        """
        async with asyncio.timeout(HEALED_S):
            await self.goes_on()
            for query in READS:
                while "errors" in (await self.ask(query) or {"errors": ()}):
                    await asyncio.sleep(0.02)
            while (await self.served.http.get("/readyz")).status_code != 200:
                await asyncio.sleep(0.02)

    async def _until_acknowledged(self, token: str, given: dict[str, Any]) -> None:
        while not self.stopped:
            answer = await self.ask(RATE, token=token, variables={"i": given})
            if answer is not None and "errors" not in answer:
                self.acknowledged.append(answer["data"]["rateMovie"]["event"]["position"])
                return
            await asyncio.sleep(0.02)

    async def ask(self, query: str, **more: Any) -> Any:
        """Return the answer, counted and timed; None where the server itself went away."""
        began = time.monotonic()
        try:
            answer = await self.served.ask(query, **more)
        except httpx.TransportError:
            self.broken += 1
            return None
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        if "errors" in answer:
            self.failed_at.append(began)
        self.errors.update(error["extensions"]["code"] for error in answer.get("errors", ()))
        return answer


@asynccontextmanager
async def loaded(served: Served) -> AsyncIterator[Load]:
    """Use a server with some people who rate and one for each way to read, until the block ends."""
    load = Load(served, [await served.sign_up(f"person-{n}") for n in range(PEOPLE)])
    tasks = [asyncio.create_task(load.run(n)) for n in range(PEOPLE)]
    tasks += [asyncio.create_task(load.read(query)) for query in READS]
    try:
        await load.goes_on()
        yield load
    finally:
        load.stopped = True
        await asyncio.gather(*tasks)


def proved(conninfo: str, load: Load) -> None:
    """Assert that every acknowledged action is in the log, each exactly once, and every table is what the log says."""
    assert set(load.errors) <= FAULTS, load.errors
    assert load.slowest_s < EACH_S
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
        assert seal(conn) > 0
        assert [checked.broken for checked in verify_seals(conn)][-1:] == [None]
