"""Queries that are known are answered without a task, and as they would be with one."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Any

import pytest

from app.graphql_http import GraphQLHTTP
from app.quick import Waiting
from database.backlog import Overloaded
from database.errors import DatabaseUnavailable
from resolvers.reader import Reader
from tests.app.bare import raw
from tests.app.serving import Served, codes

QUERY = "query Q($first: Int!) { movies(first: $first) { edges { node { title } } } }"
GIVEN = {"first": 2}


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How each request was answered."""
    found: list[str] = []
    begin, post = Waiting.__init__, GraphQLHTTP.post

    def noted(self: Waiting, *given: Any) -> None:
        found.append("quick")
        begin(self, *given)

    async def posted(self: GraphQLHTTP, *given: Any) -> Any:
        found.append("task")
        return await post(self, *given)

    monkeypatch.setattr(Waiting, "__init__", noted)
    monkeypatch.setattr(GraphQLHTTP, "post", posted)
    return found


async def test_what_is_known_needs_no_task(shared: Served, ways: list[str]) -> None:
    answers = [(await shared.post(QUERY, variables=GIVEN)).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert ways[1:] == ["quick", "quick"]


DIGEST = sha256(QUERY.encode()).hexdigest()
PERSISTED = {"persistedQuery": {"version": 1, "sha256Hash": DIGEST}}


@pytest.mark.parametrize(
    "more",
    [
        {"query": QUERY, "extensions": {"clientLibrary": {"name": "@apollo/client", "version": "4.0.0"}}},
        {"query": QUERY, "operationName": "Q", "extensions": None},
        {"query": QUERY, "extensions": PERSISTED},
        {"extensions": PERSISTED},
        {"query": "", "extensions": PERSISTED},
    ],
)
async def test_so_may_what_clients_add(shared: Served, ways: list[str], more: dict[str, Any]) -> None:
    known = await shared.http.post(
        "/graphql", json={"query": QUERY, "variables": GIVEN, "extensions": PERSISTED}
    )
    await shared.http.post("/graphql", json={"variables": GIVEN, **more})  # a name makes a plan of its own
    ways.clear()
    found = await shared.http.post("/graphql", json={"variables": GIVEN, **more})
    assert (found.json(), ways) == (known.json(), ["quick"])


@pytest.mark.parametrize(
    "more",
    [
        {"variables": {"first": "two"}},
        {"variables": {"first": None}},
        {"variables": {}},
        {"variables": []},
        {"variables": {"first": 5_000}, "operationName": "Q"},
        {"variables": GIVEN, "operationName": "Other"},
        {"variables": GIVEN, "operationName": 1},
        {"variables": GIVEN, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
        {"variables": GIVEN, "headers": {"authorization": "Bearer no.such.token"}},
        {"variables": {"first": 2, "deep": [[[[[[{"a": [[[[[[[]]]]]]]}]]]]]]}},
    ],
)
async def test_what_is_wrong_is_told_as_always(shared: Served, ways: list[str], more: dict[str, Any]) -> None:
    await shared.post(QUERY, variables=GIVEN)
    ways.clear()
    headers = more.pop("headers", {})
    found = await shared.post(QUERY, headers=headers, **more)
    by_asgi = await shared.post(QUERY, headers=headers | {"expect": "100-continue"}, **more)
    assert (found.status_code, found.json()) == (by_asgi.status_code, by_asgi.json())
    if "errors" in found.json():
        assert ways == ["task"]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (DatabaseUnavailable("gone"), 200, "SERVICE_UNAVAILABLE"),
        (ValueError("a secret"), 200, "INTERNAL_ERROR"),
        (Overloaded(3.0), 503, "OVERLOADED"),
    ],
)
async def test_failures_are_told_as_always(
    shared: Served,
    ways: list[str],
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    status: int,
    code: str,
) -> None:
    await shared.post(QUERY, variables=GIVEN)
    ways.clear()

    def submit(self: Reader, plan: Any, values: Any, waiter: Any, **_: Any) -> None:
        if isinstance(failure, Overloaded):
            raise failure
        asyncio.get_running_loop().call_soon(waiter.set_exception, failure)

    monkeypatch.setattr(Reader, "submit", submit)
    found = await shared.post(QUERY, variables=GIVEN)
    assert (found.status_code, codes(found), ways) == (status, [code], ["quick"])
    assert found.headers["retry-after" if status == 503 else "cache-control"] in ("3", "no-store")
    by_asgi = await shared.post(
        QUERY, variables=GIVEN, headers={"expect": "100-continue", "x-request-id": "same-same"}
    )
    again = await shared.post(QUERY, variables=GIVEN, headers={"x-request-id": "same-same"})
    assert (again.status_code, again.json()) == (by_asgi.status_code, by_asgi.json())
    assert {*again.headers} == {*by_asgi.headers}


async def test_nobody_waits_for_ever(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await shared.post(QUERY, variables=GIVEN)
    waiting: list[Waiting] = []

    def submit(self: Reader, plan: Any, values: Any, waiter: Waiting, **_: Any) -> None:
        waiter.started -= 3_600
        waiting.append(waiter)

    monkeypatch.setattr(Reader, "submit", submit)
    found = await shared.post(QUERY, variables=GIVEN)
    assert codes(found) == ["TIMEOUT"]
    assert all(one.done() for one in waiting)


async def test_who_has_left_is_not_waited_for(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await shared.post(QUERY, variables=GIVEN)
    waiting: asyncio.Future[Waiting] = asyncio.get_running_loop().create_future()

    def noted(self: Reader, plan: Any, values: Any, waiter: Waiting, **_: Any) -> None:
        waiting.set_result(waiter)

    body = b'{"query": "%s", "variables": {"first": 2}}' % QUERY.encode()
    async with raw(shared) as connection:
        with monkeypatch.context() as patched:
            patched.setattr(Reader, "submit", noted)
            connection.send(body, f"content-length: {len(body)}")
            async with asyncio.timeout(5):
                gone = await waiting
        assert not gone.done()
        connection.writer.transport.abort()
        async with asyncio.timeout(5):
            while not gone.done():
                await asyncio.sleep(0.01)
        gone.set_result(b"{}")  # nobody hears it, and nothing breaks
