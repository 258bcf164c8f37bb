"""More than the server can do, and statements that take too long: who is refused, how soon, and who is not touched."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.app.following import LIVE
from tests.app.locking import locked
from tests.app.serving import EVENTS, STRICT, Served, codes, serving
from tests.catalogue import movie
from tests.world import access_token

pytestmark = pytest.mark.usefixtures("catalogue_template")

MOVIES = "{ movies(first: 1) { nodes { title } } }"
GENRES = "{ genres { name } }"
RATE = "mutation ($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } event { position } } }"
SIGN_IN = "mutation ($i: SignInInput!) { signIn(input: $i) { errors { code } } }"
WANDA = {"i": {"login": "wanda", "password": "not her password"}}
LONG = 30.0


async def timed(asking: Any) -> tuple[httpx.Response, float]:
    started = time.perf_counter()
    response = await asking
    return response, time.perf_counter() - started


async def refused_soon(served: Served, **asked: Any) -> None:
    """Return when a newcomer is refused at once; those before wait for their turn."""
    response, seconds, waiting = None, 0.0, []
    async with asyncio.timeout(20):
        while response is None or response.status_code != 503 or seconds > 0.25:
            waiting.append(asyncio.create_task(timed(served.post(**asked, headers={"accept": STRICT}))))
            await asyncio.wait(waiting[-1:], timeout=0.25)
            if waiting[-1].done():
                response, seconds = await waiting.pop()
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert codes(response) == ["OVERLOADED"]
    again = response.json()["errors"][0]["extensions"]["retryAfter"]
    assert again >= 1
    assert response.headers["retry-after"] == str(again)


async def test_reads_beyond_capacity_are_refused_and_the_server_recovers_at_once(conninfo: str) -> None:
    async with serving(conninfo, most_wait_s=0.2, request_timeout_s=LONG, lock_timeout_s=LONG) as served:
        expected = await served.ask(MOVIES)
        async with locked(conninfo, "public.movies"):
            first = [asyncio.create_task(served.post(MOVIES)) for _ in range(80)]
            await refused_soon(served, query=MOVIES)
        answers = [await task for task in first]
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert await served.ask(MOVIES) == expected
        assert {(await served.post(MOVIES)).status_code for _ in range(20)} == {200}


async def test_writes_beyond_capacity_are_refused_and_what_was_taken_is_written(conninfo: str) -> None:
    given = {"i": {"movieId": f"Movie:{movie('heat')}", "stars": 4}}
    asked: dict[str, Any] = {"query": RATE, "variables": given, "token": access_token("alice")}
    async with serving(conninfo, most_wait_s=0.2, request_timeout_s=LONG, lock_timeout_s=LONG) as served:
        assert "errors" not in await served.ask(**asked)
        async with locked(conninfo, "read.ratings"):
            given["i"]["stars"] = 2
            first = [asyncio.create_task(served.post(**asked)) for _ in range(20)]
            await refused_soon(served, **asked)
        seen = Counter([(await task).status_code for task in first])
        assert seen[200] > 1
        assert set(seen) <= {200, 503}
        given["i"]["stars"] = 3
        assert "errors" not in await served.ask(**asked)


TIMES: dict[str, Any] = {
    "request_timeout_s": LONG,
    "statement_timeout_s": LONG,
    "lock_timeout_s": LONG,
    "pool_wait_s": LONG,
}


@pytest.mark.parametrize("limit", ["request_timeout_s", "statement_timeout_s", "lock_timeout_s"])
async def test_each_time_limit_stops_a_read_alone(conninfo: str, limit: str) -> None:
    async with serving(conninfo, **{**TIMES, limit: 0.3}) as served:
        expected = await served.ask(GENRES)
        async with locked(conninfo, "public.movies"):
            waiting = asyncio.create_task(timed(served.post(MOVIES)))
            while not waiting.done():
                assert await served.ask(GENRES) == expected
            response, seconds = await waiting
        assert codes(response) == ["TIMEOUT"]
        assert 0.25 < seconds < LONG / 3
        assert "errors" not in await served.ask(MOVIES)


@pytest.mark.parametrize("limit", ["request_timeout_s", "statement_timeout_s", "lock_timeout_s"])
async def test_each_time_limit_stops_an_ordinary_statement_alone(conninfo: str, limit: str) -> None:
    async with serving(conninfo, **{**TIMES, limit: 0.3}) as served:
        await served.sign_up()
        async with locked(conninfo, "public.users"):
            response, seconds = await timed(served.post(SIGN_IN, variables=WANDA))
            assert codes(response) == ["TIMEOUT"]
            assert 0.25 < seconds < LONG / 3
        assert "errors" not in await served.ask(SIGN_IN, variables=WANDA)


async def test_k107_who_gets_no_connection_in_time_is_told_so(conninfo: str) -> None:
    async with serving(conninfo, **{**TIMES, "pool_wait_s": 0.3, "pool_size": 1}) as served:
        await served.sign_up()
        async with locked(conninfo, "public.users"):
            both = [asyncio.create_task(timed(served.post(SIGN_IN, variables=WANDA))) for _ in range(2)]
            (done,), (holding,) = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            response, seconds = await done
            assert codes(response) == ["SERVICE_UNAVAILABLE"]
            assert 0.25 < seconds < LONG / 3
        assert "errors" not in (await holding)[0].json()


async def test_a_socket_and_a_stream_have_the_time_of_a_request_and_subscriptions_have_none(
    conninfo: str,
) -> None:
    async with (
        serving(conninfo, **{**TIMES, "request_timeout_s": 0.3}) as served,
        served.socket(access_token("alice")) as socket,
        locked(conninfo, "public.movies"),
    ):
        await socket.subscribe("live", LIVE)
        await socket.subscribe("slow", MOVIES)
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("next", "slow")
        assert message["payload"]["errors"][0]["extensions"]["code"] == "TIMEOUT"
        assert await socket.receive() == {"type": "complete", "id": "slow"}
        stream = await served.post(MOVIES, headers={"accept": EVENTS})
        assert stream.text.startswith("event: next\n")
        assert '"TIMEOUT"' in stream.text
        assert stream.text.endswith("event: complete\ndata:\n\n")
        await socket.send(type="complete", id="live")
