"""graphql-transport-ws and server-sent events, over real sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.app.serving import PROTOCOL, Served
from tests.catalogue import movie

LIVE = "subscription($after: Position) { interactions(after: $after) { position type movie { title } } }"
RATE = "mutation($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } event { position } } }"


async def rate(served: Served, token: str, key: str, stars: float) -> int:
    answer = await served.ask(
        RATE, token=token, variables={"i": {"movieId": f"Movie:{movie(key)}", "stars": stars}}
    )
    position: int = answer["data"]["rateMovie"]["event"]["position"]
    return position


def raw(served: Served, *protocols: str) -> Any:
    return connect(f"ws://127.0.0.1:{served.port}/graphql", subprotocols=list(protocols) or None)  # type: ignore[arg-type]


async def closed(socket: ClientConnection) -> int | None:
    """Return the code that the server closes with."""
    async with asyncio.timeout(10):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as close:
            return close.rcvd.code if close.rcvd else None


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["not json"], 4400),
        (["[]"], 4400),
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
    served: Served, messages: list[str], code: int
) -> None:
    async with raw(served, PROTOCOL) as socket:
        for message in messages:
            await socket.send(message)
        assert await closed(socket) == code


async def test_bytes_are_no_messages(served: Served) -> None:
    async with raw(served, PROTOCOL) as socket:
        await socket.send(b"{}")
        assert await closed(socket) == 4400


async def test_a_socket_of_another_protocol_is_not_acceptable(served: Served) -> None:
    async with raw(served) as socket:
        assert await closed(socket) == 4406


async def test_a_socket_that_does_not_begin_is_closed(served: Served) -> None:
    async with raw(served, PROTOCOL) as socket:
        assert await closed(socket) == 4408


async def test_an_id_in_use_cannot_be_used_again(served: Served) -> None:
    token = await served.sign_up()
    async with served.socket(token) as socket:
        await socket.subscribe("1", LIVE)
        await socket.subscribe("1", LIVE)
        assert await closed(socket.raw) == 4409


async def test_pings_are_answered(served: Served) -> None:
    async with raw(served, PROTOCOL) as socket:
        await socket.send('{"type": "ping"}')
        assert orjson.loads(await socket.recv()) == {"type": "pong"}


async def test_queries_and_mutations_go_over_a_socket_too(served: Served) -> None:
    token = await served.sign_up()
    async with served.socket(token) as socket:
        await socket.subscribe("q", "{ viewer { username } }")
        assert await socket.receive() == {
            "type": "next",
            "id": "q",
            "payload": {"data": {"viewer": {"username": "wanda"}}},
        }
        assert await socket.receive() == {"type": "complete", "id": "q"}
        given = {"i": {"movieId": f"Movie:{movie('heat')}", "stars": 4}}
        await socket.subscribe("m", RATE, given)
        assert (await socket.receive())["payload"]["data"]["rateMovie"]["errors"] == []


async def test_an_operation_that_cannot_run_is_an_error_message(served: Served) -> None:
    async with served.socket() as socket:
        for query in ("{ nothing }", "{ genres {", "subscription { interactions { position } }"):
            await socket.subscribe("1", query)
            message = await socket.receive()
            errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
            assert all(error["extensions"]["code"] for error in errors), message
            if message["type"] == "next":
                assert (await socket.receive())["type"] == "complete"


async def test_a_person_sees_their_own_actions_and_nobody_elses(served: Served) -> None:
    mine, other = await served.sign_up("wanda"), await served.sign_up("otto")
    async with served.socket(mine) as socket:
        await socket.subscribe("live", LIVE)
        await asyncio.sleep(0.3)  # nothing says that a subscription without `after` has begun
        await rate(served, other, "heat", 1)
        position = await rate(served, mine, "alien", 5)
        expected = {"position": position, "type": "movie_rated", "movie": {"title": "Alien"}}
        assert await socket.receive() == {
            "type": "next",
            "id": "live",
            "payload": {"data": {"interactions": expected}},
        }
        await socket.send(type="complete", id="live")
        await rate(served, mine, "heat", 5)
        await socket.subscribe("after", "{ __typename }")
        assert (await socket.receive())["id"] == "after"


async def test_a_subscription_resumes_from_a_position_without_gap_or_repetition(served: Served) -> None:
    token = await served.sign_up()
    expected = [await rate(served, token, "alien", stars) for stars in (1, 2, 3)]

    async def go_on() -> None:
        for stars in (1, 2, 3, 4, 5) * 6:
            expected.append(await rate(served, token, "heat", stars))

    seen: list[int] = []
    acting = asyncio.create_task(go_on())
    after = expected[0]
    while not acting.done() or seen[-1:] != expected[-1:]:
        async with served.socket(token) as socket:
            await socket.subscribe("live", LIVE, {"after": after})
            for _ in range(4):
                if acting.done() and seen[-1:] == expected[-1:]:
                    break
                message = await socket.receive()
                after = message["payload"]["data"]["interactions"]["position"]
                seen.append(after)
    await acting
    assert seen == expected[1:]


async def events_of(response: Any, count: int) -> list[Any]:
    found: list[Any] = []
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            found.append(orjson.loads(line[6:]))
            if len(found) == count:
                return found
    return found


async def test_server_sent_events_carry_a_subscription(served: Served) -> None:
    token = await served.sign_up()
    first = await rate(served, token, "alien", 3)
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {token}"}
    body = {"query": LIVE, "variables": {"after": 0}}
    async with served.http.stream("POST", "/graphql", json=body, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        (event,) = await events_of(response, 1)
        assert event["data"]["interactions"]["position"] == first
    async with asyncio.timeout(10):
        while "projectionist_subscriptions 0.0" not in (await served.http.get("/metrics")).text:
            await asyncio.sleep(0.05)


async def test_server_sent_events_end_with_complete(served: Served) -> None:
    response = await served.http.get(
        "/graphql", params={"query": "{ __typename }"}, headers={"accept": "text/event-stream"}
    )
    assert response.text.split("\n\n")[:2] == [
        'event: next\ndata: {"data":{"__typename":"Query"}}',
        "event: complete\ndata:",
    ]
