"""Redis, or the network before it, fails: no client notices, and nudges come again."""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256

import pytest

from app.fanout import FanOut, redis_client
from tests.app.following import LIVE
from tests.app.serving import serving
from tests.faults.load import HEALED_S, Load, loaded, proved
from tests.faults.proxy import Fault, Proxy

pytestmark = pytest.mark.usefixtures("catalogue_template")

MOMENT_S = 1.5
"""What nobody notices on a busy machine; a Redis that is away costs 0.2 seconds of it, once a second."""

LASTS_S = 1.5

EACH_FAULT = pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())


@EACH_FAULT
async def test_no_client_notices(conninfo: str, faulty_redis: str, before_redis: Proxy, fault: Fault) -> None:
    async with (
        serving(conninfo, redis_url=faulty_redis) as one,
        serving(conninfo, filled=False, redis_url=faulty_redis) as other,
        loaded(one) as load,
    ):
        registering = asyncio.create_task(registers(load))
        async with other.socket(load.tokens[0]) as socket, before_redis.suffers(fault):
            await socket.subscribe("1", LIVE)
            until = time.monotonic() + LASTS_S
            while time.monotonic() < until:  # what happens in one process is heard in the other
                assert (await socket.receive(within_s=MOMENT_S))["type"] == "next"
            assert (await one.http.get("/readyz")).status_code == 200
        await load.goes_on()
        load.stopped = True
        assert await registering > 3
    assert not load.errors
    assert load.slowest_s < MOMENT_S
    proved(conninfo, load)


async def registers(load: Load) -> int:
    """Send ever new documents with their hashes, which Redis is to keep, until the load ends; return how many."""
    number = 0
    while not load.stopped:
        number += 1
        query = f"{{ genres {{ name }} }} # {number}"
        digest = sha256(query.encode()).hexdigest()
        await load.ask(query, extensions={"persistedQuery": {"version": 1, "sha256Hash": digest}})
    return number


@EACH_FAULT
async def test_nudges_come_again(
    redis_url: str, faulty_redis: str, before_redis: Proxy, fault: Fault
) -> None:
    came = asyncio.Event()
    faulty, sound = redis_client(faulty_redis), redis_client(redis_url)
    listening, telling = FanOut(faulty, came.set), FanOut(sound, lambda: None)
    try:
        await nudged(telling, came)
        async with before_redis.suffers(fault):
            await asyncio.sleep(0.5)
        await nudged(telling, came)
    finally:
        await listening.close()
        await telling.close()
        await faulty.aclose()
        await sound.aclose()


@EACH_FAULT
async def test_closing_does_not_wait_for_redis(faulty_redis: str, before_redis: Proxy, fault: Fault) -> None:
    came = asyncio.Event()
    faulty = redis_client(faulty_redis)
    listening = FanOut(faulty, came.set)
    await nudged(listening, came)
    async with before_redis.suffers(fault):
        listening.appended()
        await asyncio.sleep(0.1)
        async with asyncio.timeout(2 * MOMENT_S):
            await listening.close()
            await faulty.aclose()


async def nudged(telling: FanOut, came: asyncio.Event) -> None:
    """Return when a nudge arrives; fail when none does within the time of healing."""
    came.clear()
    async with asyncio.timeout(HEALED_S):
        while not came.is_set():
            telling.appended()
            await asyncio.sleep(0.05)
