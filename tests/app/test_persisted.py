"""Automatic persisted queries: a document is sent once, and named by its SHA-256 afterwards."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import orjson
import pytest
import redis

from app import persisted
from app.persisted import PersistedQueries
from tests.app.serving import ALIVE, EVENTS, PLAIN, STRICT, Served, codes, serving

QUERY = "{ __typename }"


def digest(query: str) -> str:
    """Return what a document is named by."""
    return sha256(query.encode()).hexdigest()


def named(query: str, **more: Any) -> dict[str, Any]:
    """Return the extensions that name a document."""
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(query), **more}}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_document_is_sent_once_and_named_afterwards(served: Served, method: str) -> None:
    query = f"query ($b: Boolean!) {{ __typename @skip(if: $b) }} # {method}"
    extensions, variables = named(query), {"b": False}

    async def ask(**more: Any) -> Any:
        given = {"extensions": extensions, "variables": variables, **more}
        if method == "POST":
            return await served.http.post("/graphql", json=given)
        params = {k: v if isinstance(v, str) else orjson.dumps(v).decode() for k, v in given.items()}
        return await served.http.get("/graphql", params=params)

    unknown = await ask()
    assert (unknown.status_code, codes(unknown)) == (200, ["PERSISTED_QUERY_NOT_FOUND"])
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"  # what older clients look at
    assert (await ask(query=query)).json() == ALIVE
    assert (await ask()).json() == ALIVE
    assert (await ask(query="")).json() == ALIVE


@pytest.mark.parametrize(
    ("query", "given", "code"),
    [
        (QUERY, {"version": 2, "sha256Hash": digest(QUERY)}, "PERSISTED_QUERY_NOT_SUPPORTED"),
        (None, {"version": 2, "sha256Hash": digest(QUERY)}, "PERSISTED_QUERY_NOT_SUPPORTED"),
        (None, {"sha256Hash": digest(QUERY)}, "PERSISTED_QUERY_NOT_SUPPORTED"),
        (QUERY, {"version": 1, "sha256Hash": digest("{ a }")}, "BAD_OPERATION"),
        (QUERY, {"version": 1, "sha256Hash": digest(QUERY).upper()}, "BAD_OPERATION"),
        (QUERY, {"version": 1, "sha256Hash": 7}, "BAD_OPERATION"),
        (QUERY, {"version": 1}, "BAD_OPERATION"),
        (None, {"version": 1}, "BAD_OPERATION"),
        (None, {"version": 1, "sha256Hash": "x" * 1_000}, "PERSISTED_QUERY_NOT_FOUND"),
        (None, {"version": 1, "sha256Hash": ""}, "PERSISTED_QUERY_NOT_FOUND"),
        (None, "x", "BAD_REQUEST"),
        (None, [1], "BAD_REQUEST"),
        (None, {}, "BAD_REQUEST"),
        (None, None, "BAD_REQUEST"),
    ],
    ids=range(14),
)
async def test_what_is_not_of_the_protocol_is_refused(
    shared: Served, query: str | None, given: Any, code: str
) -> None:
    body = {"query": query, "extensions": {"persistedQuery": given}}
    response = await shared.http.post("/graphql", json=body, headers={"accept": STRICT})
    assert (response.status_code, codes(response)) == (400, [code])
    assert "xxx" not in response.text


@pytest.mark.parametrize("query", ["{ nothing }", "{ a", "{ __typename } #" + " " * 21_000])
async def test_a_document_that_cannot_run_is_not_kept(shared: Served, query: str) -> None:
    refused = await shared.post(query, extensions=named(query))
    assert codes(refused)[0] != "PERSISTED_QUERY_NOT_FOUND"
    response = await shared.http.post("/graphql", json={"extensions": named(query)})
    assert codes(response) == ["PERSISTED_QUERY_NOT_FOUND"]


@pytest.mark.parametrize(
    ("query", "is_kept"),
    [
        ('mutation { signIn(input: {login: "a", password: "b"}) { errors { code } } }', False),
        ('mutation { signIn(input: {login: """a""", password: ""}) { errors { code } } }', False),
        (
            'mutation ($i: SignInInput = {login: "a", password: "b"}) { signIn(input: $i) { errors { code } } }',
            False,
        ),
        (
            'mutation A { __typename } mutation B { signIn(input: {login: "a", password: "b"}) { errors { code } } }',
            False,
        ),
        ('mutation A { __typename } # "a"', True),
        ('query A { movie(by: {imdbId: "tt1"}) { id } }', True),
    ],
)
async def test_a_document_with_a_text_written_into_a_mutation_is_not_kept(
    conninfo: str, redis_url: str, query: str, is_kept: bool
) -> None:
    given = {"operationName": "A"} if " A " in query else {}
    async with serving(conninfo, filled=False, redis_url=redis_url) as served:
        run = await served.post(query, extensions=named(query), **given)
        assert "data" in run.json(), run.json()
        again = (await served.http.post("/graphql", json={"extensions": named(query), **given})).json()
    if is_kept:
        assert "errors" not in again
    else:
        assert again["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    with redis.Redis.from_url(redis_url) as client:
        assert bool(client.keys("projectionist:persisted:*")) == is_kept


async def test_a_mutation_that_is_named_still_goes_by_post_only(shared: Served) -> None:
    query = "mutation { __typename }"
    posted = await shared.post(query, extensions=named(query))
    assert posted.json()["data"] == {"__typename": "Mutation"}
    params = {"extensions": orjson.dumps(named(query)).decode()}
    response = await shared.http.get("/graphql", params=params)
    assert (response.status_code, codes(response)) == (405, ["METHOD_NOT_ALLOWED"])


async def test_documents_are_named_over_sockets_and_in_streams_and_batches_too(shared: Served) -> None:
    query = "query Named { __typename }"
    async with shared.socket() as socket:
        await socket.send(type="subscribe", id="1", payload={"extensions": named(query)})
        refused = await socket.receive()
        assert refused["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        await socket.send(type="subscribe", id="2", payload={"query": query, "extensions": named(query)})
        assert (await socket.receive())["payload"] == ALIVE
        await socket.receive()
        await socket.send(type="subscribe", id="3", payload={"extensions": named(query)})
        assert (await socket.receive())["payload"] == ALIVE
    body = {"extensions": named(query)}
    stream = await shared.http.post("/graphql", json=body, headers={"accept": EVENTS})
    assert stream.text.startswith('event: next\ndata: {"data":{"__typename":"Query"}')
    assert (await shared.http.post("/graphql", json=[body, body])).json() == [ALIVE, ALIVE]


async def test_processes_share_documents_through_redis(conninfo: str, redis_url: str) -> None:
    query = "query Shared { __typename }"
    async with serving(conninfo, redis_url=redis_url) as one:
        assert (await one.post(query, extensions=named(query))).json() == ALIVE
    async with serving(conninfo, redis_url=redis_url, filled=False) as other:
        assert (await other.http.post("/graphql", json={"extensions": named(query)})).json() == ALIVE
    with redis.Redis.from_url(redis_url) as client:
        (key,) = client.keys("projectionist:persisted:*")
        assert 0 < int(client.ttl(key)) <= persisted.KEPT_S


@pytest.fixture
async def queries(redis_url: str) -> AsyncIterator[PersistedQueries]:
    """Persisted queries of one process, without a server around them."""
    found = PersistedQueries(redis_url)
    yield found
    await found.close()


async def test_what_redis_has_is_believed_only_where_it_is_the_document(
    queries: PersistedQueries, redis_url: str
) -> None:
    with redis.Redis.from_url(redis_url) as client:
        for text in (b"{ viewer { id } }", b"\xff\xfe", b""):
            client.set(f"projectionist:persisted:{digest(QUERY)}", text)
            assert await queries.find(digest(QUERY)) is None
        client.set(f"projectionist:persisted:{digest(QUERY)}", QUERY)
        assert await queries.find(digest(QUERY)) == QUERY


@pytest.mark.parametrize("url", [None, "redis://127.0.0.1:1/0"])
async def test_a_process_keeps_the_last_documents_and_no_more(
    url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persisted, "KEPT", 3)
    queries = PersistedQueries(url)
    for number in range(3):
        await queries.keep(digest(str(number)), str(number))
    assert await queries.find(digest("0")) == "0"  # asked for again: the last one now
    await queries.keep(digest("3"), "3")
    assert [await queries.find(digest(str(n))) for n in range(4)] == ["0", None, "2", "3"]
    await queries.close()


async def test_a_redis_that_swallows_everything_costs_a_moment_once_and_no_error(conninfo: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        async with serving(conninfo, redis_url=url) as served:
            for number in range(3):
                query = f"query Q{number} {{ __typename }}"
                response = await served.http.post(
                    "/graphql", json={"extensions": named(query)}, headers={"accept": PLAIN}
                )
                assert response.elapsed.total_seconds() < 1.0
                assert codes(response) == ["PERSISTED_QUERY_NOT_FOUND"]
                assert (await served.post(query, extensions=named(query))).json() == ALIVE
                assert (await served.http.post("/graphql", json={"extensions": named(query)})).json() == ALIVE
