"""Which requests take the quick way in: one that plain clients send all the time, and none that needs more."""

from __future__ import annotations

import asyncio

import pytest

from app.door import _Exchange
from tests.app.bare import GOOD, raw
from tests.app.serving import EVENTS, PLAIN, STRICT, Served, serving

QUERY = "{ __typename }"
LENGTH = f"content-length: {len(GOOD)}"


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the requests that the door answered."""
    paths: list[str] = []
    respond = _Exchange.respond

    def noted(self: _Exchange, status: int, headers: bytes, body: bytes) -> None:
        paths.append(self.door.path.decode())
        respond(self, status, headers, body)

    monkeypatch.setattr(_Exchange, "respond", noted)
    return paths


@pytest.mark.parametrize("accept", [PLAIN, STRICT, "*/*"])
async def test_a_plain_request_is_answered_as_by_asgi(shared: Served, taken: list[str], accept: str) -> None:
    query = "query G($slug: String) { genres { slug } a: __typename @skip(if: true) }"
    headers = {"accept": accept, "x-request-id": "as-i-call-it"}
    first = await shared.post(query, headers=headers)
    known = await shared.post(query, headers=headers)  # without a task
    assert len(taken) == 2
    slow = await shared.post(query, headers=headers | {"expect": "100-continue"})
    assert len(taken) == 2
    for quick in (first, known):
        assert (quick.status_code, quick.json()) == (slow.status_code, slow.json())
        assert {**quick.headers, "date": "", "ratelimit": ""} == {**slow.headers, "date": "", "ratelimit": ""}


@pytest.mark.parametrize(
    "headers",
    [
        ["accept: " + EVENTS],
        ["accept: multipart/mixed;subscriptionSpec=1.0, application/json"],
        ["expect: 100-continue"],
        ["x-twice: 1", "x-twice: 2"],
    ],
)
async def test_what_needs_more_goes_by_asgi(shared: Served, taken: list[str], headers: list[str]) -> None:
    async with raw(shared) as connection:
        connection.send(GOOD, LENGTH, *headers)
        async with asyncio.timeout(10):
            assert b"200" in await connection.reader.readline() or "expect: 100-continue" in headers
        assert taken == []


async def test_a_request_in_pieces_goes_by_asgi_and_the_next_one_does_not(
    shared: Served, taken: list[str]
) -> None:
    async with raw(shared) as connection:
        connection.send(GOOD[:9], LENGTH)
        await asyncio.sleep(0.05)
        connection.writer.write(GOOD[9:])
        assert (await connection.answer())[0] == 200
        assert taken == []
        connection.send_good()
        assert (await connection.answer())[0] == 200
        assert taken == ["/graphql"]


async def test_requests_sent_at_once_are_answered_in_their_order(shared: Served, taken: list[str]) -> None:
    async with raw(shared) as connection:
        for number in range(5):
            body = b'{"query": "{ a%d: __typename }"}' % number
            connection.send(body, f"content-length: {len(body)}")
        for number in range(5):
            _, answer = await connection.answer()
            assert answer["data"] == {f"a{number}": "Query"}
    assert taken


async def test_a_client_that_wants_to_leave_is_let_go(shared: Served, taken: list[str]) -> None:
    async with raw(shared) as connection:
        connection.send(GOOD, LENGTH, "connection: close")
        assert (await connection.answer())[0] == 200
        assert await connection.is_closed()
    assert taken[0] == "/graphql"


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("cookies", [True, False])
async def test_a_listed_page_is_answered_as_by_asgi(
    conninfo: str, catalogue_template: str, taken: list[str], *, direct: bool, cookies: bool
) -> None:
    async with serving(
        conninfo, cors_origins=("https://movies.example",), refresh_cookie=cookies, direct_http=direct
    ) as served:
        listed = {"origin": "https://movies.example"}
        first = await served.post(QUERY, headers=listed)
        known = await served.post(QUERY, headers=listed)
        assert len(taken) == (2 if direct else 0)
        slow = await served.post(QUERY, headers=listed | {"accept": f"{PLAIN}, {EVENTS}"})
        for quick in (first, known):
            assert quick.json() == slow.json()
            for name in ("access-control-allow-origin", "access-control-allow-credentials", "vary"):
                assert quick.headers.get(name) == slow.headers.get(name), name
            assert quick.headers["access-control-allow-origin"] == listed["origin"]
            assert "ratelimit" in quick.headers["access-control-expose-headers"]
        for origin in ("https://evil.example", "null"):
            other = await served.post(QUERY, headers={"origin": origin})
            assert "access-control-allow-origin" not in other.headers
        assert len(taken) == (2 if direct else 0)
