"""What a person, or an address of strangers, may spend a minute."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app import budgets as module
from app.budgets import Budgets
from resolvers.errors import RateLimited
from tests.accounts.clock import Clock
from tests.app.serving import EVENTS, PLAIN, STRICT, codes, serving
from tests.world import access_token

ALIVE = "{ __typename }"
PROXIED: dict[str, Any] = {"trusted_proxies": "127.0.0.1"}


def left(response: httpx.Response) -> int:
    """Return what an answer says is left of the budget."""
    assert re.fullmatch(r'"cost";q=[1-9]\d*;w=60', response.headers["ratelimit-policy"])
    match = re.fullmatch(r'"cost";r=(\d+);t=([1-9]\d*)', response.headers["ratelimit"])
    assert match
    return int(match[1])


@pytest.mark.parametrize("accept", [PLAIN, STRICT, EVENTS])
async def test_a_budget_is_spent_to_the_last_point_and_one_more_is_refused(
    conninfo: str, accept: str
) -> None:
    async with serving(conninfo, filled=False, budget_per_minute=4) as served:
        for points in (3, 2, 1, 0):
            response = await served.post(ALIVE, headers={"accept": accept})
            assert (response.status_code, left(response)) == (200, points)
        response = await served.post(ALIVE, headers={"accept": accept})
        assert (response.status_code, codes(response)) == (429, ["RATE_LIMITED"])
        wait = response.json()["errors"][0]["extensions"]["retryAfter"]
        assert 1 <= wait <= 15
        assert response.headers["retry-after"] == str(wait)
        assert response.headers["ratelimit"] == f'"cost";r=0;t={wait}'
        assert response.headers["content-type"].startswith(STRICT if accept == STRICT else PLAIN)


async def test_a_person_has_a_budget_of_their_own_wherever_they_are(conninfo: str) -> None:
    async with serving(conninfo, budget_per_minute=2, **PROXIED) as served:
        for who in ({}, {"token": access_token("alice")}, {"token": access_token("bob")}):
            for address in ("192.0.2.1", "198.51.100.7"):
                response = await served.post(ALIVE, headers={"x-forwarded-for": address}, **who)
                assert response.status_code == 200
        for who, status in (({}, 200), ({"token": access_token("alice")}, 429), ({"token": "forged"}, 429)):
            response = await served.post(ALIVE, headers={"x-forwarded-for": "192.0.2.1"}, **who)
            assert response.status_code == status, who


async def test_every_answer_says_what_is_left_and_what_is_refused_costs_a_point(conninfo: str) -> None:
    cases: list[tuple[str, bytes, dict[str, str], int]] = [
        ("POST", b'{"query": "{ nothing }"}', {"accept": STRICT}, 400),
        ("POST", b"nonsense", {}, 400),
        ("POST", b'{"query": "{ __typename }"}', {"authorization": "Bearer x", "accept": STRICT}, 401),
        ("GET", b"", {"accept": "text/html"}, 404),
        ("PUT", b"", {}, 405),
        ("POST", b"{}", {"accept": "image/png"}, 406),
        ("POST", b"x" * 300_000, {}, 413),
        ("POST", b"{}", {"content-type": "text/plain"}, 415),
    ]
    async with serving(conninfo, filled=False, budget_per_minute=9) as served:
        for method, body, headers, status in cases:
            given = {"content-type": "application/json", **headers}
            response = await served.http.request(method, "/graphql", content=body, headers=given)
            assert response.status_code == status
            points = left(response)
        assert points <= 2


async def test_an_operation_of_a_socket_beyond_the_budget_is_an_error_and_the_socket_goes_on(
    conninfo: str,
) -> None:
    async with serving(conninfo, filled=False, budget_per_minute=2) as served, served.socket() as socket:
        for number in "12":
            await socket.subscribe(number, ALIVE)
            assert (await socket.receive())["type"] == "next"
            assert (await socket.receive())["type"] == "complete"
        await socket.subscribe("3", ALIVE)
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("error", "3")
        assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert 1 <= message["payload"][0]["extensions"]["retryAfter"] <= 30
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_processes_tell_each_other_what_was_spent(conninfo: str, redis_url: str) -> None:
    secret = uuid4().hex  # channels are for all databases of a Redis, and so for other tests, too
    key = Budgets(6, secret).bucket("127.0.0.1").key
    more: dict[str, Any] = {"filled": False, "redis_url": redis_url, "budget_per_minute": 6}
    more["token_secret"] = SecretStr(secret)
    async with (
        Redis.from_url(redis_url) as client,
        client.pubsub() as channel,
        serving(conninfo, **more) as first,
        serving(conninfo, **more) as second,
    ):
        await channel.subscribe(module.CHANNEL)
        assert (await channel.get_message(timeout=20)) is not None  # that it is subscribed from now on
        for _ in range(4):
            assert (await first.post(ALIVE)).status_code == 200
        told = 0
        async with asyncio.timeout(20):
            while told < 4:
                message = await channel.get_message(ignore_subscribe_messages=True, timeout=20)
                told += orjson.loads(message["data"])[1].get(key, 0) if message else 0
        points = []
        for _ in range(3):  # alone the second would have 5, 4 and 3 left
            await asyncio.sleep(0.1)
            points.append(left(await second.post(ALIVE)))
        assert min(points) < 3


async def test_without_redis_budgets_go_on(conninfo: str) -> None:
    more: dict[str, Any] = {"filled": False, "redis_url": "redis://127.0.0.1:1/0", "budget_per_minute": 3}
    async with serving(conninfo, **more) as served:
        for status in (200, 200, 200, 429):
            assert (await served.post(ALIVE)).status_code == status


# --- the buckets ---


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budgets(clock: Clock) -> Budgets:
    return Budgets(60, "a secret", clock)


def spent(budgets: Budgets, who: str, cost: int = 1) -> int:
    """Return the wait, 0 where there was none."""
    try:
        budgets.spend(budgets.bucket(who), cost)
    except RateLimited as refusal:
        return refusal.retry_after_s or -1
    return 0


def test_a_bucket_fills_evenly_and_never_above_its_brim(budgets: Budgets, clock: Clock) -> None:
    assert [spent(budgets, "a", 20) for _ in range(4)] == [0, 0, 0, 20]
    clock.now += 19.5
    assert spent(budgets, "a", 20) == 1
    clock.now += 0.5
    assert spent(budgets, "a", 20) == 0
    clock.now += 3_600
    assert [spent(budgets, "a", 30) for _ in range(3)] == [0, 0, 30]


def test_what_costs_more_than_a_full_bucket_takes_a_full_one(budgets: Budgets, clock: Clock) -> None:
    assert [spent(budgets, "a", 1_000), spent(budgets, "a", 1_000)] == [0, 60]
    clock.now += 60
    assert spent(budgets, "a", 1_000) == 0


@pytest.mark.parametrize(
    ("cost", "shown"), [(0, "r=60;t=60"), (30, "r=30;t=30"), (59, "r=1;t=1"), (60, "r=0;t=1")]
)
def test_who_spreads_what_is_left_over_the_window_never_waits(
    budgets: Budgets, cost: int, shown: str
) -> None:
    spent(budgets, "a", cost)
    headers = dict(budgets.headers(budgets.bucket("a")))
    assert headers == {b"ratelimit-policy": b'"cost";q=60;w=60', b"ratelimit": f'"cost";{shown}'.encode()}


def test_what_was_spent_elsewhere_is_spent_here_and_told_without_names(clock: Clock) -> None:
    first, second = Budgets(60, "a secret", clock), Budgets(60, "a secret", clock)
    spent(first, "192.0.2.1", 40)
    told = first.spending()
    assert list(told.values()) == [40]
    assert "192.0.2.1" not in str(told)
    assert first.spending() == {}
    second.spent_elsewhere(told)
    assert [spent(second, "192.0.2.1", 20), spent(second, "192.0.2.1", 1), spent(second, "b", 60)] == [
        0,
        1,
        0,
    ]
    assert sorted(second.spending().values()) == [20, 60]


def test_buckets_are_bounded_and_the_emptiest_stay(
    budgets: Budgets, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 10)
    assert spent(budgets, "the worst", 60) == 0
    for number in range(100):
        spent(budgets, str(number))
        assert len(budgets._buckets) <= 10
        assert len(budgets._known) <= 10
    assert spent(budgets, "the worst", 60) == 60
