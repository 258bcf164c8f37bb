"""graphql-transport-ws: the rules of the protocol, what is refused, and how a socket ends."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.app.following import LIVE, PROGRESS, working
from tests.app.serving import ALIVE, PROTOCOL, Served, answered, serving
from tests.catalogue import movie
from tests.world import access_token, settings


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["not json"], 4400),
        (["[]"], 4400),
        ([b"{}"], 4400),
        (['{"type": "nonsense"}'], 4400),
        (['{"type": "connection_init", "payload": 7}'], 4400),
        (['{"type": "connection_init", "payload": {"authorization": "Bearer forged"}}'], 4403),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}'], 4401),
        (['{"type": "connection_init"}', '{"type": "connection_init"}'], 4429),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "1"}'], 4400),
        (['{"type": "connection_init"}', '{"type": "subscribe", "payload": {"query": "{ a }"}}'], 4400),
    ],
)
async def test_a_socket_that_breaks_the_protocol_is_closed_with_the_code_for_it(
    shared: Served, messages: list[str | bytes], code: int
) -> None:
    async with shared.silent_socket(PROTOCOL) as socket:
        for message in messages:
            await socket.raw.send(message)
        assert await socket.closed() == code


async def test_a_socket_of_another_protocol_is_not_acceptable(shared: Served) -> None:
    for protocols in ((), ("graphql-ws",)):
        async with shared.silent_socket(*protocols) as socket:
            assert await socket.closed() == 4406


async def test_a_socket_that_does_not_begin_is_closed(conninfo: str) -> None:
    async with serving(conninfo, socket_init_s=0.1) as served, served.silent_socket(PROTOCOL) as socket:
        await socket.send(type="ping")
        assert await socket.closed() == 4408


async def test_an_id_in_use_cannot_be_used_again(shared: Served) -> None:
    async with shared.socket(access_token("alice")) as socket:
        await socket.subscribe("1", LIVE)
        await socket.subscribe("1", LIVE)
        assert await socket.closed() == 4409


async def test_pings_are_answered_before_a_socket_has_begun(shared: Served) -> None:
    async with shared.silent_socket(PROTOCOL) as socket:
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_a_socket_may_be_authorised_by_the_header_of_its_request(shared: Served) -> None:
    async with shared.silent_socket(PROTOCOL, authorization=f"Bearer {access_token('alice')}") as socket:
        await socket.send(type="connection_init")
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.subscribe("1", "{ viewer { username } }")
        assert (await socket.receive())["payload"] == answered({"viewer": {"username": "alice"}}, 1)
    async with shared.silent_socket(PROTOCOL, authorization="Bearer forged") as socket:
        await socket.send(type="connection_init")
        assert await socket.closed() == 4403


async def test_queries_and_mutations_go_over_a_socket_too(shared: Served) -> None:
    rate = "mutation ($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } event { type } } }"
    async with shared.socket(access_token("alice")) as socket:
        await socket.subscribe("q", "{ viewer { username } }")
        data: dict[str, Any] = {"viewer": {"username": "alice"}}
        assert await socket.receive() == {"type": "next", "id": "q", "payload": answered(data, 1)}
        assert await socket.receive() == {"type": "complete", "id": "q"}
        await socket.subscribe("m", rate, {"i": {"movieId": f"Movie:{movie('heat')}", "stars": 4}})
        data = {"rateMovie": {"errors": [], "event": {"type": "movie_rated"}}}
        assert await socket.receive() == {"type": "next", "id": "m", "payload": answered(data, 12)}
        assert await socket.receive() == {"type": "complete", "id": "m"}


@pytest.mark.parametrize(
    ("by", "query", "field", "code"),
    [
        (None, LIVE, "interactions", "UNAUTHENTICATED"),
        (None, PROGRESS, "projectionProgress", "UNAUTHENTICATED"),
        ("alice", PROGRESS, "projectionProgress", "FORBIDDEN"),
        ("ann", PROGRESS, "projectionProgress", "FORBIDDEN"),
    ],
    ids=range(4),
)
async def test_what_is_for_others_is_refused_and_the_socket_goes_on(
    shared: Served, by: str | None, query: str, field: str, code: str
) -> None:
    async with shared.socket(by and access_token(by)) as socket:
        await socket.subscribe("p", query)
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("next", "p")
        (error,) = message["payload"]["errors"]
        assert (error["extensions"]["code"], error["path"]) == (code, [field])
        assert await socket.receive() == {"type": "complete", "id": "p"}
        await socket.subscribe("p", "{ __typename }")
        assert (await socket.receive())["payload"] == ALIVE


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{ genres {"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { __typename } query B { __typename }"}, "BAD_OPERATION"),
        ({"query": "query ($n: Int!) { movies(first: $n) { totalCount } }"}, "BAD_USER_INPUT"),
        ({"query": "{ __typename } #" + "x" * 21_000}, "DOCUMENT_TOO_LARGE"),
        ({"query": "{ viewer " * 1_500}, "GRAPHQL_PARSE_FAILED"),
        (
            {"query": "subscription { a: interactions { id } b: interactions { id } }"},
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ({"query": "subscription { __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
    ],
    ids=range(9),
)
async def test_an_operation_that_cannot_begin_is_an_error_and_the_socket_goes_on(
    shared: Served, payload: dict[str, Any], code: str
) -> None:
    async with shared.socket(access_token("alice")) as socket:
        await socket.send(type="subscribe", id="x", payload=payload)
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("error", "x")
        assert {error["extensions"]["code"] for error in message["payload"]} == {code}
        await socket.subscribe("x", "{ __typename }")
        assert (await socket.receive())["type"] == "next"
        assert (await socket.receive()) == {"type": "complete", "id": "x"}


async def test_a_subscription_of_nothing_is_refused_with_a_code(shared: Served) -> None:
    query = "subscription ($b: Boolean!) { interactions @skip(if: $b) { id } }"
    async with shared.socket(access_token("alice")) as socket:
        await socket.subscribe("x", query, {"b": True})
        message = await socket.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert {error["extensions"]["code"] for error in errors} <= {
            "BAD_OPERATION",
            "GRAPHQL_VALIDATION_FAILED",
        }


async def test_a_socket_has_a_bounded_number_of_operations(shared: Served) -> None:
    async with shared.socket(access_token("bob")) as socket:
        for number in range(settings().socket_operations):
            await socket.subscribe(str(number), LIVE)
        await socket.subscribe("one more", LIVE)
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("error", "one more")
        assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
        await socket.send(type="complete", id="0")
        await socket.subscribe("one more", "{ __typename }")
        assert (await socket.receive())["id"] == "one more"


@pytest.mark.parametrize("size", [70_000, 2_000_000])
async def test_a_message_without_end_closes_the_socket(shared: Served, size: int) -> None:
    async with shared.socket() as socket:
        await socket.raw.send('{"type": "ping", "payload": {"x": "' + "x" * size + '"}}')
        assert await socket.closed() == 1009


async def test_a_server_that_ends_closes_its_sockets_and_is_soon_gone(conninfo: str) -> None:
    async with AsyncExitStack() as sockets:
        async with asyncio.timeout(15), serving(conninfo) as served:
            socket = await sockets.enter_async_context(served.socket(access_token("carol")))
            await socket.subscribe("live", LIVE)
            await socket.subscribe("q", "{ __typename }")
            assert (await socket.receive())["id"] == "q"
        assert await socket.closed() in (1001, 1012)
        assert not working()
