"""How much one socket and one address may take up, and how long a socket lasts."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import orjson
import pytest

from resolvers.documents import Operation
from resolvers.engine import Engine
from tests.app.following import LIVE, idle
from tests.app.serving import ALIVE, PROTOCOL, Served, serving
from tests.world import access_token


def message(size: int, letter: str) -> str:
    """Return a ping of so many bytes of UTF-8."""
    empty = orjson.dumps({"type": "ping", "payload": {"x": ""}}).decode()
    room = size - len(empty)
    more = letter * (room // len(letter.encode()))
    return empty.replace('""', f'"{more + "x" * (room - len(more.encode()))}"')


@pytest.mark.parametrize("letter", ["x", "ż", "🎬"])
async def test_a_message_is_measured_in_bytes(conninfo: str, letter: str) -> None:
    async with (
        serving(conninfo, filled=False, socket_message_bytes=1_000) as served,
        served.socket() as socket,
    ):
        await socket.raw.send(message(1_000, letter))
        assert await socket.receive() == {"type": "pong"}
        await socket.raw.send(message(1_001, letter))
        assert await socket.closed() == 1009


@pytest.mark.parametrize(
    ("value", "is_taken"),
    [
        ("[" * 62 + "]" * 62, True),
        ("[" * 63 + "]" * 63, False),
        ("9" * 308, True),
        ("9" * 309, False),
    ],
    ids=["64 deep", "65 deep", "308 digits", "309 digits"],
)
async def test_json_of_a_message_has_the_limits_of_a_body(shared: Served, value: str, is_taken: bool) -> None:
    async with shared.socket() as socket:
        await socket.raw.send(f'{{"type": "ping", "payload": {{"x": {value}}}}}')
        if is_taken:
            assert await socket.receive() == {"type": "pong"}
        else:
            assert await socket.closed() == 4400


async def test_a_socket_has_as_many_operations_as_the_operator_wants(conninfo: str) -> None:
    async with serving(conninfo, socket_operations=2) as served, served.socket(access_token("bob")) as socket:
        for key in ("1", "2", "3"):
            await socket.subscribe(key, LIVE)
        refused = await socket.receive()
        assert (refused["type"], refused["id"]) == ("error", "3")
        assert refused["payload"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"


async def test_an_address_has_so_many_sockets_and_others_have_theirs(conninfo: str) -> None:
    limits: dict[str, Any] = {"sockets_per_address": 3, "trusted_proxies": "127.0.0.1"}
    async with serving(conninfo, filled=False, **limits) as served:
        for _ in range(2):
            async with AsyncExitStack() as sockets:
                for _ in range(3):
                    await _alive(served, sockets, "192.0.2.1")
                async with served.silent_socket(PROTOCOL, **{"x-forwarded-for": "192.0.2.1"}) as socket:
                    assert await socket.closed() == 1013
                await _alive(served, sockets, "198.51.100.7")
            await idle(served)


async def _alive(served: Served, sockets: AsyncExitStack, address: str) -> None:
    opened = served.silent_socket(PROTOCOL, **{"x-forwarded-for": address})
    socket = await sockets.enter_async_context(opened)
    await socket.send(type="connection_init")
    assert await socket.receive() == {"type": "connection_ack"}


async def test_a_socket_ends_with_its_access_token_whatever_goes_on(conninfo: str) -> None:
    async with serving(conninfo) as served:
        async with (
            served.socket(access_token("alice", ago_s=897)) as ends,
            served.socket(access_token("alice")) as stays,
            served.socket() as stranger,
        ):
            await ends.subscribe("live", LIVE)
            assert await ends.closed() == 4403
            for socket in (stays, stranger):
                await socket.subscribe("1", "{ __typename }")
                assert (await socket.receive())["payload"] == ALIVE
        await idle(served)


async def test_a_failure_that_nobody_foresaw_ends_its_operation_and_frees_its_id(
    shared: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Engine.prepare

    def broken(self: Engine, query: str, *more: Any, **named: Any) -> Operation | Any:
        if "broken" in query:
            raise RuntimeError("a bug with a secret in it")
        return real(self, query, *more, **named)

    monkeypatch.setattr(Engine, "prepare", broken)
    async with shared.socket() as socket:
        for _ in range(2):
            await socket.subscribe("x", "query broken { __typename }")
            failed = await socket.receive()
            assert (failed["type"], failed["id"]) == ("error", "x")
            assert failed["payload"][0]["extensions"]["code"] == "INTERNAL_ERROR"
            assert "secret" not in str(failed)
        await socket.subscribe("x", "{ __typename }")
        assert (await socket.receive())["payload"] == ALIVE
        assert await socket.receive() == {"type": "complete", "id": "x"}
