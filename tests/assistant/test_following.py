"""Answers as they are written, over real sockets: in parts, from any process, and whole for who comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.app.serving import EVENTS, Served, Socket, serving
from tests.assistant.endpoint import Answered, endpoint, said
from tests.assistant.talking import DELETE, SEND, START
from tests.waiting import SOON_S
from tests.world import access_token

FOLLOW = """subscription ($id: ID!, $after: ID) { chatReplies(sessionId: $id, after: $after) {
  part isDone message { id text state answerer } } }"""


@asynccontextmanager
async def outside(conninfo: str, *answers: Answered) -> AsyncIterator[tuple[Served, str]]:
    """A server with a model outside, and a chat of alice's in it."""
    async with (
        endpoint(*answers) as running,
        serving(conninfo, chat_url=running.url, chat_model="a-model", chat_key="k") as served,
    ):
        yield served, await start(served)


async def start(served: Served) -> str:
    answer = await served.ask(START, token=access_token("alice"), variables={"i": {"mayAskModel": True}})
    session: str = answer["data"]["startChat"]["session"]["id"]
    return session


async def send(served: Served, session: str, text: str) -> Any:
    given = {"i": {"sessionId": session, "text": text}}
    answer = await served.ask(SEND, token=access_token("alice"), variables=given)
    assert answer["data"]["sendChatMessage"]["errors"] == []
    return answer["data"]["sendChatMessage"]


async def replies(socket: Socket) -> list[Any]:
    """Return what comes until an answer is whole."""
    found: list[Any] = []
    while not found or not found[-1]["isDone"]:
        message = await socket.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        found.append(message["payload"]["data"]["chatReplies"])
    return found


async def test_k85_an_answer_comes_in_parts_and_whole_at_last(conninfo: str) -> None:
    hold = asyncio.Event()
    async with (
        outside(conninfo, said("Heat", goes_on=hold)) as (served, session),
        served.socket(access_token("alice")) as socket,
    ):
        await socket.subscribe("1", FOLLOW, {"id": session})
        sent = await send(served, session, "a thriller?")
        assert (sent["reply"]["state"], sent["reply"]["text"]) == ("WRITING", "")
        first = (await socket.receive())["payload"]["data"]["chatReplies"]
        assert (first["part"], first["isDone"], first["message"]["state"]) == ("Heat", False, "WRITING")
        hold.set()
        rest = await replies(socket)
        whole = {"id": sent["reply"]["id"], "text": "Heat", "state": "DONE", "answerer": "MODEL"}
        assert rest[-1]["message"] == whole
        assert first["part"] + "".join(each["part"] for each in rest) == "Heat"


async def test_k85_who_comes_back_gets_the_whole_answer(conninfo: str) -> None:
    hold = asyncio.Event()
    async with outside(conninfo, said("Heat", " is one.", goes_on=hold)) as (served, session):
        async with served.socket(access_token("alice")) as socket:
            await socket.subscribe("1", FOLLOW, {"id": session})
            sent = await send(served, session, "a thriller?")
            await socket.receive()
        hold.set()  # nobody listens any more
        async with served.socket(access_token("alice")) as socket:
            await socket.subscribe("2", FOLLOW, {"id": session, "after": sent["message"]["id"]})
            found = await replies(socket)
            assert "".join(each["part"] for each in found) == found[-1]["message"]["text"] == "Heat is one."


async def test_another_server_tells_of_it_too(conninfo: str) -> None:
    hold = asyncio.Event()
    async with (
        outside(conninfo, said("Heat", goes_on=hold)) as (served, session),
        serving(conninfo, filled=False) as other,
        other.socket(access_token("alice")) as socket,
    ):
        await socket.subscribe("1", FOLLOW, {"id": session})
        await send(served, session, "a thriller?")
        await socket.receive()
        hold.set()
        assert (await replies(socket))[-1]["message"]["text"] == "Heat"


async def test_the_answer_of_the_house_is_told_at_once_and_in_order(conninfo: str) -> None:
    async with serving(conninfo) as served, served.socket(access_token("alice")) as socket:
        session = await start(served)
        sent = await send(served, session, "Heat")
        await socket.subscribe("1", FOLLOW, {"id": session, "after": sent["message"]["id"]})
        for text in ("I loved it", "undo", "undo"):
            (found,) = await replies(socket)
            assert (found["part"], found["message"]["id"]) == (sent["reply"]["text"], sent["reply"]["id"])
            sent = await send(served, session, text)


async def test_it_comes_as_server_sent_events_as_well(conninfo: str) -> None:
    async with serving(conninfo) as served:
        session = await start(served)
        sent = await send(served, session, "Heat")
        given = {"query": FOLLOW, "variables": {"id": session, "after": sent["message"]["id"]}}
        headers = {"accept": EVENTS, "authorization": f"Bearer {access_token('alice')}"}
        async with served.http.stream("POST", "/graphql", json=given, headers=headers) as response:
            lines = response.aiter_lines()
            data = [line async for line in _until(lines, "data: ")]
        assert '"isDone":true' in data[-1]


async def _until(lines: AsyncIterator[str], start: str) -> AsyncIterator[str]:
    async for line in lines:
        if line.startswith(start):
            yield line
            return


async def test_following_ends_with_the_chat(conninfo: str) -> None:
    async with serving(conninfo) as served, served.socket(access_token("alice")) as socket:
        session = await start(served)
        sent = await send(served, session, "Heat")
        await socket.subscribe("1", FOLLOW, {"id": session, "after": sent["message"]["id"]})
        await replies(socket)
        await served.ask(DELETE, token=access_token("alice"), variables={"i": {"sessionId": session}})
        assert await socket.receive() == {"type": "complete", "id": "1"}


@pytest.mark.parametrize(
    ("by", "code"), [("bob", "NOT_FOUND"), ("adam", "NOT_FOUND"), (None, "UNAUTHENTICATED")]
)
async def test_nobody_else_hears_anything(conninfo: str, by: str | None, code: str) -> None:
    async with serving(conninfo) as served:
        session = await start(served)
        sent = await send(served, session, "Heat")
        async with served.socket(access_token(by) if by else None) as socket:
            for after in (None, sent["message"]["id"]):
                await socket.subscribe("1", FOLLOW, {"id": session, "after": after})
                message = await socket.receive()
                payload = message["payload"]
                errors = payload["errors"] if isinstance(payload, dict) else payload
                assert [error["extensions"]["code"] for error in errors] == [code]
                assert (await socket.receive())["type"] == "complete"


async def test_a_client_that_does_not_wait_for_its_answer_is_answered_all_the_same(conninfo: str) -> None:
    async with serving(conninfo) as served:
        session = await start(served)
        given = {"query": SEND, "variables": {"i": {"sessionId": session, "text": "rate Heat 4 stars"}}}
        headers = {"authorization": f"Bearer {access_token('alice')}"}
        async with httpx.AsyncClient(base_url=served.http.base_url) as hasty:
            with pytest.raises(httpx.ReadTimeout):
                await hasty.post(
                    "/graphql", json=given, headers=headers, timeout=httpx.Timeout(5, read=0.001)
                )
        query = "query ($id: ID!) { chatSession(by: {id: $id}) { conversation } }"
        said_: list[Any] = []
        async with asyncio.timeout(SOON_S):
            while len(said_) < 2:
                answer = await served.ask(query, token=access_token("alice"), variables={"id": session})
                said_ = answer["data"]["chatSession"]["conversation"]
        assert said_[1] == {"role": "assistant", "content": "Heat (1995) has 4 stars from you."}
