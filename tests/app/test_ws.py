"""graphql-transport-ws, beyond the rules of the protocol: who sees what, how much, and what is left behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect

from app import graphql_ws
from database.connect import connect as connect_database
from projections.follow import catch_up
from tests.app.serving import PROTOCOL, Served, Socket, serving
from tests.catalogue import movie
from tests.world import access_token

LIVE = "subscription ($after: Position) { interactions(after: $after) { position type movie { title } } }"
PROGRESS = "subscription { projectionProgress { name status lag { events } } }"
VIEW = "mutation ($i: RecordViewInput!) { recordView(input: $i) { event { position } } }"


def working() -> Counter[str]:
    """Return how many tasks there are of each coroutine of ours."""
    coroutines = [task.get_coro() for task in asyncio.all_tasks()]
    names = [getattr(coroutine, "__qualname__", "") for coroutine in coroutines]
    return Counter(name for name in names if name.startswith(("GraphQL", "Live.", "Reader.", "Engine.")))


async def idle(served: Served) -> None:
    """Return when nobody follows anything and no task of ours is left; fail when that does not come."""
    async with asyncio.timeout(10):
        while working() or "projectionist_subscriptions 0.0" not in (await served.http.get("/metrics")).text:
            await asyncio.sleep(0.02)


async def view(served: Served, token: str, key: str = "heat") -> int:
    """Open a movie's page and return the event's position."""
    given = {"i": {"movieId": f"Movie:{movie(key)}"}}
    answer = await served.ask(VIEW, token=token, variables=given)
    return int(answer["data"]["recordView"]["event"]["position"])


async def closed(raw: ClientConnection) -> int | None:
    """Return the code that the server closes with, whatever it says before."""
    async with asyncio.timeout(10):
        await raw.wait_closed()
    return raw.close_code


async def follow(socket: Socket, key: str, after: int) -> None:
    """Follow one's own actions from a position."""
    await socket.subscribe(key, LIVE, {"after": after})


async def position(socket: Socket) -> tuple[str, int]:
    """Return the operation and position of the next event."""
    message = await socket.receive()
    assert message["type"] == "next", message
    return message["id"], message["payload"]["data"]["interactions"]["position"]


async def test_every_socket_and_operation_of_a_person_gets_each_event(served: Served) -> None:
    token = access_token("carol")
    start = await view(served, token)
    async with served.socket(token) as phone, served.socket(token) as laptop:
        for socket in (phone, laptop):
            await follow(socket, "a", start)
        await follow(phone, "b", start)
        for _ in range(3):
            at = await view(served, token)
            assert {await position(phone), await position(phone)} == {("a", at), ("b", at)}
            assert await position(laptop) == ("a", at)
    await idle(served)


async def test_nobody_hears_of_what_others_do(served: Served) -> None:
    carol, bob = access_token("carol"), access_token("bob")
    async with served.socket(carol) as socket:
        await follow(socket, "live", await view(served, carol))
        others = [await view(served, bob) for _ in range(20)]
        mine = await view(served, carol)
        assert mine > max(others)
        assert await position(socket) == ("live", mine)


async def test_a_person_who_begins_at_nought_gets_everything_there_is(served: Served) -> None:
    async with served.socket(access_token("alice")) as socket:
        await follow(socket, "live", 0)
        seen = [await position(socket) for _ in range(24)]
        positions = [at for _, at in seen]
        assert positions == sorted(set(positions))
        at = await view(served, access_token("alice"))
        assert await position(socket) == ("live", at)


async def test_many_writers_leave_no_gap_and_nothing_twice(served: Served) -> None:
    token = access_token("carol")
    start = await view(served, token)
    async with served.socket(token) as socket:
        await follow(socket, "live", start)
        written = await asyncio.gather(
            *(
                view(served, access_token(by), key)
                for key in ("heat", "alien", "fargo")
                for by in ("carol", "bob", "carol") * 8
            )
        )
        mine = sorted(written[index] for index in range(len(written)) if index % 3 != 1)
        assert [(await position(socket))[1] for _ in mine] == mine
        after = await view(served, token)
        assert await position(socket) == ("live", after)


async def test_a_subscription_takes_aliases_fragments_and_variables(served: Served) -> None:
    token = access_token("carol")
    start = await view(served, token)
    query = """subscription S($after: Position, $more: Boolean!) { act: interactions(after: $after) { ...E } }
    fragment E on Event { type movie @include(if: $more) {
      title viewerState { watchCount } similar(first: 1) { nodes { title } }
    } }"""
    async with served.socket(token) as socket:
        await socket.subscribe("yes", query, {"after": start, "more": True})
        await socket.subscribe("no", query, {"after": start, "more": False})
        await view(served, token, "alien")
        messages = [await socket.receive(), await socket.receive()]
        found = {message["id"]: message["payload"]["data"]["act"] for message in messages}
        assert found["no"] == {"type": "movie_viewed"}
        assert found["yes"]["movie"] == {
            "title": "Alien",
            "viewerState": {"watchCount": 0},
            "similar": {"nodes": [{"title": "The Thing"}]},
        }


async def test_complete_stops_the_stream_and_frees_the_id(served: Served) -> None:
    token = access_token("carol")
    async with served.socket(token) as socket:
        for _ in range(3):
            start = await view(served, token)
            await follow(socket, "same", start)
            at = await view(served, token)
            assert await position(socket) == ("same", at)
            await socket.send(type="complete", id="same")
        await view(served, token)
        await socket.send(type="complete", id="never began")
        await socket.send(type="pong")
        await socket.send(type="ping", payload={"a": 1})
        assert await socket.receive() == {"type": "pong"}
        await idle(served)


async def test_a_client_that_vanishes_leaves_nothing_behind(served: Served) -> None:
    token = access_token("carol")
    for _ in range(3):
        async with served.socket(token) as socket:
            for key in "abc":
                await follow(socket, key, 0)
            await socket.subscribe("d", LIVE)
            assert (await socket.receive())["type"] == "next"
            socket.raw.transport.abort()
    await idle(served)
    assert await served.ask("{ __typename }") == {"data": {"__typename": "Query"}}


async def test_operators_see_projections_move(served: Served, conninfo: str) -> None:
    async with served.socket(access_token("olga")) as socket:
        await socket.subscribe("p", PROGRESS)
        first = (await socket.receive())["payload"]["data"]["projectionProgress"]
        assert [entry["name"] for entry in first] == sorted(entry["name"] for entry in first)
        assert all(entry["lag"]["events"] == 0 and entry["status"] == "LIVE" for entry in first)
        await view(served, access_token("carol"))
        with connect_database(conninfo) as conn:
            catch_up(conn)
        moved = (await socket.receive())["payload"]["data"]["projectionProgress"]
        assert [entry["name"] for entry in moved] == [entry["name"] for entry in first]
        rebuild = 'mutation { rebuildProjection(input: { name: "favorites" }) { errors { code } } }'
        await served.ask(rebuild, token=access_token("olga"))
        while True:
            entries = (await socket.receive())["payload"]["data"]["projectionProgress"]
            if {"name": "favorites", "status": "REBUILDING", "lag": {"events": 0}} in entries:
                break
        await socket.send(type="complete", id="p")
    await idle(served)


@pytest.mark.parametrize(
    ("by", "code"), [(None, "UNAUTHENTICATED"), ("alice", "FORBIDDEN"), ("ann", "FORBIDDEN")]
)
async def test_what_is_for_operators_is_refused_to_others_and_the_socket_goes_on(
    shared: Served, by: str | None, code: str
) -> None:
    async with shared.socket(by and access_token(by)) as socket:
        await socket.subscribe("p", PROGRESS)
        message = await socket.receive()
        assert (message["type"], message["id"]) == ("next", "p")
        (error,) = message["payload"]["errors"]
        assert (error["extensions"]["code"], error["path"]) == (code, ["projectionProgress"])
        assert await socket.receive() == {"type": "complete", "id": "p"}
        await socket.subscribe("p", "{ __typename }")
        assert (await socket.receive())["payload"] == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{ genres {"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { __typename } query B { __typename }"}, "BAD_OPERATION"),
        ({"query": "query ($n: Int!) { movies(first: $n) { totalCount } }"}, "BAD_USER_INPUT"),
        ({"query": "{ __typename }", "variables": []}, "BAD_REQUEST"),
        ({"query": "{ __typename }", "operationName": 1}, "BAD_REQUEST"),
        ({"query": "{ __typename } #" + "x" * 21_000}, "DOCUMENT_TOO_LARGE"),
        ({"query": "{ viewer " * 1_500}, "GRAPHQL_PARSE_FAILED"),
        (
            {"query": "subscription { a: interactions { id } b: interactions { id } }"},
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ({"query": "subscription { __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
    ],
    ids=range(11),
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


async def test_a_socket_may_be_authorised_by_the_header_of_its_request(shared: Served) -> None:
    def opened(header: str) -> Any:
        return connect(
            f"ws://127.0.0.1:{shared.port}/graphql",
            subprotocols=[PROTOCOL],  # type: ignore[list-item]
            additional_headers={"authorization": header},
        )

    async with opened(f"Bearer {access_token('alice')}") as raw:
        await raw.send('{"type": "connection_init"}')
        assert orjson.loads(await raw.recv()) == {"type": "connection_ack"}
        await Socket(raw).subscribe("1", "{ viewer { username } }")
        assert (await Socket(raw).receive())["payload"] == {"data": {"viewer": {"username": "alice"}}}
    async with opened("Bearer forged") as raw:
        await raw.send('{"type": "connection_init"}')
        assert await closed(raw) == 4403


async def test_a_socket_has_a_bounded_number_of_operations(shared: Served) -> None:
    async with shared.socket(access_token("bob")) as socket:
        for number in range(graphql_ws.OPERATIONS):
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
        assert await closed(socket.raw) == 1009


async def test_a_server_that_ends_closes_its_sockets_and_is_soon_gone(conninfo: str) -> None:
    async with asyncio.timeout(15):
        async with serving(conninfo) as served:
            raw = await connect(f"ws://127.0.0.1:{served.port}/graphql", subprotocols=[PROTOCOL])  # type: ignore[list-item]
            socket = Socket(raw)
            await socket.send(
                type="connection_init", payload={"authorization": f"Bearer {access_token('carol')}"}
            )
            await socket.receive()
            await socket.subscribe("live", LIVE)
            await socket.subscribe("q", "{ __typename }")
            assert (await socket.receive())["id"] == "q"
        assert await closed(raw) in (1001, 1012)
    assert not working()
