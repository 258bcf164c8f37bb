"""Signing in, up and refreshing over HTTP: who must wait, in one process and in several."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import redis

from app.logs import configure
from tests.app.serving import PLAIN, STRICT, Served, codes, serving

SIGN_IN = "mutation ($i: SignInInput!) { signIn(input: $i) { errors { code } viewer { username } } }"
SIGN_UP = "mutation ($i: SignUpInput!) { signUp(input: $i) { errors { code } } }"
REFRESH = "mutation ($i: RefreshSessionInput!) { refreshSession(input: $i) { errors { code } } }"
HOME, AWAY = "192.0.2.1", "198.51.100.7"
PROXIED: dict[str, Any] = {"trusted_proxies": "127.0.0.1, ::1"}


async def sign_in(
    served: Served, password: str, *, address: str = HOME, login: str = "wanda", accept: str = PLAIN
) -> httpx.Response:
    given = {"i": {"login": login, "password": password}}
    headers = {"x-forwarded-for": address, "accept": accept}
    return await served.post(SIGN_IN, variables=given, headers=headers)


async def fail(served: Served, times: int, **more: Any) -> None:
    """Try wrong passwords; each is looked at."""
    for _ in range(times):
        response = await sign_in(served, "not her password", **more)
        errors = response.json()["data"]["signIn"]["errors"]
        assert (response.status_code, errors) == (200, [{"code": "INVALID_CREDENTIALS"}])


def refused(response: httpx.Response, wait_s: int) -> None:
    """Assert that somebody must wait."""
    assert (response.status_code, codes(response)) == (429, ["TOO_MANY_ATTEMPTS"])
    left = response.json()["errors"][0]["extensions"]["retryAfter"]
    assert wait_s - 20 < left <= wait_s
    assert response.headers["retry-after"] == str(left)


RIGHT = "a fish called wanda"


@contextlib.asynccontextmanager
async def one(conninfo: str, redis_url: str | None = None, **more: Any) -> AsyncIterator[Served]:
    """One server behind a proxy, with wanda's account."""
    async with serving(conninfo, filled=False, redis_url=redis_url, **PROXIED, **more) as served:
        await served.sign_up()
        yield served


@pytest.fixture
async def swallowing() -> AsyncIterator[str]:
    """A Redis that takes what it is told and never answers."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    server.close()
    for writer in held:
        writer.close()


@pytest.mark.parametrize("accept", [PLAIN, STRICT])
async def test_after_ten_failures_not_even_the_right_password_is_looked_at(
    conninfo: str, accept: str
) -> None:
    async with one(conninfo) as served:
        await fail(served, 10)
        refused(await sign_in(served, RIGHT, accept=accept), 60)
        refused(await sign_in(served, "not her password", accept=accept), 60)
        assert (await sign_in(served, RIGHT, address=AWAY)).json()["data"]["signIn"]["errors"] == []


@pytest.mark.parametrize(
    ("name", "other"), [("wanda", "wanda@example.org"), ("nobody", "nobody@example.org")]
)
async def test_a_name_is_counted_however_it_is_written_and_tells_nothing_of_the_account(
    conninfo: str, name: str, other: str
) -> None:
    async with one(conninfo) as served:
        await fail(served, 5, login=name)
        await fail(served, 5, login=f" {name.upper()} ")
        refused(await sign_in(served, RIGHT, login=name), 60)
        await fail(served, 10, login=other)
        refused(await sign_in(served, RIGHT, login=other), 60)


async def test_success_begins_anew(conninfo: str) -> None:
    async with one(conninfo) as served:
        for _ in range(3):
            await fail(served, 9)
            assert (await sign_in(served, RIGHT)).json()["data"]["signIn"]["errors"] == []


async def test_each_limit_is_a_setting(conninfo: str) -> None:
    limits: dict[str, Any] = {
        "sign_in_failures": 2,
        "sign_in_failures_per_address": 4,
        "sign_in_failures_per_account": 5,
    }
    async with one(conninfo, **limits) as served:
        await fail(served, 2)
        refused(await sign_in(served, RIGHT), 60)
        await fail(served, 2, login="somebody")
        refused(await sign_in(served, RIGHT, login="somebody else"), 60)
        for address in ("203.0.113.1", "203.0.113.2", "203.0.113.3"):
            await fail(served, 1, address=address)
        refused(await sign_in(served, RIGHT, address="203.0.113.4"), 30)


async def test_so_many_sign_up_and_refresh_from_an_address(conninfo: str) -> None:
    async with one(conninfo, sign_ups_per_address=2, refreshes_per_address=3) as served:
        for document, given, most in (
            (SIGN_UP, {"email": "nobody", "password": "x"}, 2),
            (REFRESH, {"refreshToken": "x"}, 3),
        ):
            for address in (HOME, AWAY):
                headers = {"x-forwarded-for": address}
                for _ in range(most):
                    response = await served.post(document, variables={"i": given}, headers=headers)
                    assert response.status_code == 200
                refused(await served.post(document, variables={"i": given}, headers=headers), 60)


async def test_processes_share_what_they_count_through_redis_and_it_names_nobody(
    conninfo: str, redis_url: str, logged: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("debug")
    logging.getLogger("asyncio").setLevel("WARNING")
    async with (
        one(conninfo, redis_url, slow_ms=0) as first,
        serving(conninfo, filled=False, redis_url=redis_url, **PROXIED) as second,
    ):
        await fail(first, 5)
        await fail(second, 5)
        refused(await sign_in(first, RIGHT), 60)
        refused(await sign_in(second, RIGHT), 60)
        with redis.Redis.from_url(redis_url, decode_responses=True) as client:
            keys = client.keys("*")
            assert len(keys) == 5  # pair, its wait, address, account; and the address that signed up
            assert all(0 < client.ttl(key) <= 900 for key in keys)
        seen = " ".join(keys) + capsys.readouterr().err
        assert not [word for word in ("wanda", "example.org", HOME) if word in seen]


async def test_while_redis_is_away_each_process_counts_by_itself(conninfo: str) -> None:
    async with one(conninfo, "redis://127.0.0.1:1/0") as served:
        await fail(served, 10)
        refused(await sign_in(served, RIGHT), 60)


async def test_a_redis_that_swallows_costs_a_fifth_of_a_second_and_no_error(
    conninfo: str, swallowing: str
) -> None:
    async with one(conninfo, swallowing) as served:
        started = time.monotonic()
        await fail(served, 10)
        refused(await sign_in(served, RIGHT), 60)
        assert time.monotonic() - started < 11 * (0.2 + 0.5)
