"""More than the processor can do at once: what is refused, what is done, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import orjson
import pytest

from app.rounds import Rounds
from database.connect import connect
from resolvers.errors import Overload
from tests.app.bare import Raw, raw
from tests.app.serving import ALIVE, Json, Served, serving
from tests.catalogue import movie
from tests.postgres import Databases
from tests.world import access_token

MOST_S = 0.05
AT_ONCE = 40
RATE = "mutation ($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } event { position } %s } }"


@pytest.fixture(scope="module", params=[True, False], ids=["door", "asgi"])
async def quick(clones: Databases, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Served, str]]:
    """A server that may be no longer at one round than a few documents take, by either way in; and its database."""
    with clones.clone() as conninfo:
        async with serving(conninfo, most_lag_s=MOST_S, direct_http=request.param) as running:
            yield running, conninfo


def dear(number: int) -> bytes:
    """Return a request to rate a movie by a document that nobody sent before and that takes long to read."""
    fields = " ".join(f"f{number}_{n}: __typename" for n in range(25))
    document = RATE % " ".join(["movie { id title releaseYear genres { name slug } }"] * 60) + f" # {fields}"
    given = {"movieId": f"Movie:{movie('heat')}", "stars": 3, "idempotencyKey": f"key-{number}"}
    return orjson.dumps({"query": document, "variables": {"i": given}})


async def test_what_came_at_once_is_done_for_a_while_and_the_rest_refused(quick: tuple[Served, str]) -> None:
    served, conninfo = quick
    token = f"authorization: Bearer {access_token('alice')}"
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(raw(served)) for _ in range(AT_ONCE)]
        for number, one in enumerate(opened):
            body = dear(number)
            one.send(body, f"content-length: {len(body)}", token)
        answers = [await answer(one) for one in opened]
        assert (await served.http.get("/livez")).status_code == 200
    done = [body for status, _, body in answers if status == 200]
    refused = [(head, body) for status, head, body in answers if status == 503]
    assert len(done) > 0 < len(refused)
    assert len(done) + len(refused) == AT_ONCE
    for head, body in refused:
        ((error,),) = body.values()
        assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("OVERLOADED", 1)
        assert "retry-after: 1\r\n" in head
    assert not any("errors" in body for body in done)
    with connect(conninfo) as conn:
        kept = conn.execute("select count(*) from idempotency_keys").fetchone()
    assert kept == (len(done),)
    assert {(await served.post("{ __typename }")).status_code for _ in range(20)} == {200}


async def answer(connection: Raw) -> tuple[int, str, Json]:
    """Return the status of the next response, its head and what is in its body."""
    async with asyncio.timeout(20):
        head = (await connection.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return int(head.split()[1]), head, orjson.loads(await connection.reader.readexactly(length))


async def test_operations_of_a_socket_are_refused_like_requests(quick: tuple[Served, str]) -> None:
    served, _ = quick
    async with served.socket(access_token("bob")) as socket:
        for number in range(AT_ONCE):
            payload = orjson.loads(dear(1_000 + number))
            await socket.send(type="subscribe", id=str(number), payload=payload)
        seen: dict[str, str] = {}
        while len(seen) < AT_ONCE:
            message = await socket.receive()
            if message["type"] == "error":
                seen[message["id"]] = message["payload"][0]["extensions"]["code"]
            elif message["type"] == "next":
                seen[message["id"]] = "done"
        assert set(seen.values()) == {"done", "OVERLOADED"}
        await socket.subscribe("after", "{ __typename }")
        while (message := await socket.receive()).get("id") != "after":
            assert message["type"] == "complete"
        assert message["payload"] == ALIVE


async def test_a_process_that_was_only_held_up_refuses_nobody(quick: tuple[Served, str]) -> None:
    served, _ = quick
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(raw(served)) for _ in range(10)]
        for one in opened:
            one.send_good()
        until = time.monotonic() + 4 * MOST_S
        while time.monotonic() < until:
            pass
        assert [await one.answer() for one in opened] == [(200, ALIVE)] * 10


async def test_a_round_may_take_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with Rounds(0.5) as rounds:
        now += 100.0  # of which no request took any
        rounds.admit()
        now += 0.5
        rounds.admit()
        now += 0.001
        with pytest.raises(Overload):
            rounds.admit()
    with rounds:
        rounds.admit()
