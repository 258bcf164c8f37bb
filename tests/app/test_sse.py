"""Server-sent events: one connection an operation, and nothing left when the client goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from app import streams
from tests.app.following import LIVE, PROGRESS, idle, view
from tests.app.serving import ALIVE, EVENTS, Served
from tests.world import access_token


@contextlib.asynccontextmanager
async def streaming(
    served: Served, query: str, *, token: str | None = None, **variables: Any
) -> AsyncIterator[Stream]:
    """Open a stream of events."""
    headers = {"accept": EVENTS, **({"authorization": f"Bearer {token}"} if token else {})}
    body = {"query": query, "variables": variables}
    async with served.http.stream("POST", "/graphql", json=body, headers=headers) as response:
        yield Stream(response)


class Stream:
    """The events of one response; comments keep the connection alive and are no events."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def event(self) -> tuple[str, Any]:
        """Return the next event's name and data."""
        name = ""
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data:"):
                    data = line[5:].strip()
                    return name, orjson.loads(data) if data else None
        raise AssertionError("the stream has ended")

    async def comment(self) -> None:
        """Return after the next comment; fail when an event comes before it."""
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith(":"):
                    return
                assert line == ""
        raise AssertionError("the stream has ended")

    async def position(self) -> int:
        """Return the position of the next of one's own actions."""
        name, data = await self.event()
        assert name == "next"
        return int(data["data"]["interactions"]["position"])


async def test_a_subscription_is_a_stream_of_next(served: Served) -> None:
    token = access_token("carol")
    start = await view(served, token)
    async with streaming(served, LIVE, token=token, after=start) as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"].startswith(EVENTS)
        assert stream.response.headers["cache-control"] == "no-store"
        for _ in range(3):
            await view(served, access_token("bob"))
            at = await view(served, token)
            assert await stream.position() == at
    await idle(served)


async def test_it_resumes_from_a_position(served: Served) -> None:
    token = access_token("carol")
    start = await view(served, token)
    written, seen = [start], [start]
    for _ in range(4):
        written += [await view(served, token) for _ in range(3)]
        async with streaming(served, LIVE, token=token, after=seen[-1]) as stream:
            written.append(await view(served, token))
            while seen[-1] < written[-1]:
                seen.append(await stream.position())
    assert seen == written
    await idle(served)


@pytest.mark.parametrize("query", ["{ __typename }", "{ nothing }", '{ movies(after: "x") { totalCount } }'])
async def test_a_query_is_one_next_and_complete(shared: Served, query: str) -> None:
    expected = (await shared.post(query)).text
    async with streaming(shared, query) as stream:
        assert await stream.event() == ("next", orjson.loads(expected))
        assert await stream.event() == ("complete", None)
    by_get = await shared.http.get("/graphql", params={"query": query}, headers={"accept": EVENTS})
    assert by_get.text == f"event: next\ndata: {expected}\n\nevent: complete\ndata:\n\n"


@pytest.mark.parametrize(
    ("token", "query", "code"),
    [
        (None, LIVE, "UNAUTHENTICATED"),
        ("forged", LIVE, "UNAUTHENTICATED"),
        (access_token("alice"), PROGRESS, "FORBIDDEN"),
        (None, "subscription { a: interactions { id } b: interactions { id } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
    ids=range(4),
)
async def test_a_refusal_is_one_next_with_errors_and_complete(
    shared: Served, token: str | None, query: str, code: str
) -> None:
    async with streaming(shared, query, token=token) as stream:
        name, data = await stream.event()
        assert name == "next"
        assert {error["extensions"]["code"] for error in data["errors"]} == {code}
        assert await stream.event() == ("complete", None)


async def test_a_quiet_stream_is_kept_alive(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.05)
    token = access_token("carol")
    async with streaming(served, LIVE, token=token, after=await view(served, token)) as stream:
        for _ in range(3):
            await stream.comment()
        at = await view(served, token)
        assert await stream.position() == at
    await idle(served)


@pytest.mark.parametrize("moment", ["at once", "after an event", "while it is quiet"])
async def test_a_client_that_goes_leaves_nothing_behind(served: Served, moment: str) -> None:
    for query, by, variables in ((LIVE, "alice", {"after": 0}), (PROGRESS, "olga", {})):
        async with streaming(served, query, token=access_token(by), **variables) as stream:
            if moment != "at once":
                await stream.event()
            if moment == "while it is quiet":
                at = await view(served, access_token("alice"))
                while query is LIVE and await stream.position() != at:
                    pass  # from here on nothing is waiting to be sent
    await idle(served)
    assert await served.ask("{ __typename }") == ALIVE


@pytest.mark.parametrize("busy", [False, True])
async def test_a_stream_ends_with_its_access_token(served: Served, busy: bool) -> None:
    token = access_token("carol", ago_s=897)
    async with streaming(served, LIVE, token=token, after=await view(served, token)) as stream:
        data: Any = {}
        while "errors" not in data:
            if busy:
                await view(served, access_token("carol"))
            name, data = await stream.event()
            assert name == "next"
        assert [error["extensions"]["code"] for error in data["errors"]] == ["UNAUTHENTICATED"]
        assert await stream.event() == ("complete", None)
    await idle(served)
