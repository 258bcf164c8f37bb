"""What the test suites and reference clients of the protocols ask for."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from tests.app.following import LIVE
from tests.app.serving import ALIVE, PROTOCOL, Served
from tests.world import access_token

QUERY = "{ __typename }"


@pytest.mark.parametrize("kind", ["ping", "pong"])
@pytest.mark.parametrize("payload", ["x", 0, False, []])
async def test_a_ping_or_pong_whose_payload_is_no_object_closes_the_socket(
    shared: Served, kind: str, payload: Any
) -> None:
    async with shared.silent_socket(PROTOCOL) as socket:
        await socket.send(type=kind, payload=payload)
        assert await socket.closed() == 4400


@pytest.mark.parametrize("payload", [{}, {"a": 1}, None])
async def test_a_ping_may_carry_an_object_or_nothing(shared: Served, payload: Any) -> None:
    async with shared.silent_socket(PROTOCOL) as socket:
        await socket.send(type="pong", payload=payload)
        await socket.send(type="ping", payload=payload)
        assert await socket.receive() == {"type": "pong"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"variables": []},
        {"variables": "{}"},
        {"variables": 0},
        {"extensions": []},
        {"extensions": "x"},
        {"operationName": 1},
        {"operationName": []},
        {"query": 1},
        {"query": None},
    ],
)
async def test_an_operation_that_is_not_of_the_protocols_form_closes_the_socket(
    shared: Served, wrong: dict[str, Any]
) -> None:
    async with shared.socket() as socket:
        await socket.send(type="subscribe", id="1", payload={"query": QUERY, **wrong})
        assert await socket.closed() == 4400


@pytest.mark.parametrize("nothing", [None, {}])
async def test_what_an_operation_does_not_need_may_be_null(
    shared: Served, nothing: dict[str, Any] | None
) -> None:
    async with shared.socket() as socket:
        payload = {"query": QUERY, "variables": nothing, "extensions": nothing, "operationName": None}
        await socket.send(type="subscribe", id="1", payload=payload)
        assert (await socket.receive())["payload"] == ALIVE


@pytest.mark.parametrize("key", ["x" * 300, "é" * 300, "🎬" * 300])
async def test_the_reason_for_closing_fits_its_frame_whatever_the_id(shared: Served, key: str) -> None:
    async with shared.socket(access_token("alice")) as socket:
        await socket.subscribe(key, LIVE)
        await socket.subscribe(key, LIVE)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.receive()
        frame = closed.value.rcvd
        assert frame is not None
        assert frame.code == 4409
        assert frame.reason.startswith(f"Subscriber for {key[:20]}")


@pytest.mark.parametrize("kind", ["connection_ack", "next", "error"])
async def test_what_only_servers_say_closes_the_socket_of_a_client(shared: Served, kind: str) -> None:
    async with shared.socket() as socket:
        await socket.send(type=kind, id="1", payload=[])
        assert await socket.closed() == 4400


async def test_the_result_of_an_operation_that_was_given_up_is_not_sent(shared: Served) -> None:
    query = "mutation ($i: SignInInput!) { signIn(input: $i) { errors { code } } }"
    async with shared.socket() as socket:
        await socket.subscribe("1", query, {"i": {"login": "nobody", "password": "not a password"}})
        await socket.send(type="complete", id="1")
        await socket.subscribe("2", query, {"i": {"login": "nobody", "password": "not a password"}})
        assert [(await socket.receive())["id"] for _ in "ab"] == ["2", "2"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "/graphql", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/graphql?operationId=1", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/graphql?token=reserved", 400, "BAD_REQUEST"),
    ],
)
async def test_a_client_that_wants_one_stream_of_events_for_all_is_told_that_there_is_none(
    shared: Served, method: str, path: str, status: int, code: str
) -> None:
    response = await shared.http.request(method, path, headers={"accept": "text/event-stream"})
    assert response.status_code == status
    assert [error["extensions"]["code"] for error in orjson.loads(response.content)["errors"]] == [code]
