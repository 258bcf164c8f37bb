"""Chats while PostgreSQL is away."""

from __future__ import annotations

from tests.app.serving import serving
from tests.assistant.test_following import FOLLOW, replies, send, start
from tests.faults.proxy import Fault, Proxy
from tests.world import access_token


async def test_who_follows_a_chat_goes_on_after_an_outage(
    conninfo: str, faulty: str, before_postgres: Proxy
) -> None:
    async with (
        serving(conninfo) as other,
        serving(faulty, filled=False) as served,
        served.socket(access_token("alice")) as socket,
    ):
        session = await start(other)
        first = await send(other, session, "Heat")
        await socket.subscribe("1", FOLLOW, {"id": session, "after": first["message"]["id"]})
        await replies(socket)
        async with before_postgres.suffers(Fault.REFUSE):
            second = await send(other, session, "I loved it")
        assert (await replies(socket))[-1]["message"]["id"] == second["reply"]["id"]
