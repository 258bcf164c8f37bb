"""A person who talks with the assistant, over GraphQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.waiting import SOON_S
from tests.world import World

START = "mutation ($i: StartChatInput!) { startChat(input: $i) { errors { code path } session { id mayAskModel } } }"
SAID = "id role text state answerer movies { title releaseYear }"
SEND = f"""mutation ($i: SendChatMessageInput!) {{ sendChatMessage(input: $i) {{
  errors {{ code path message }} session {{ id }} message {{ {SAID} }} reply {{ {SAID} }} }} }}"""
DELETE = "mutation ($i: DeleteChatSessionInput!) { deleteChatSession(input: $i) { errors { code path } } }"


@dataclass(frozen=True)
class Chat:
    """A chat of one of the people."""

    world: World
    id: str
    by: str = "alice"

    async def send(self, text: str, *, by: str | None = None, **more: Any) -> Any:
        """Return the payload of a message."""
        given = {"sessionId": self.id, "text": text, **more}
        return (await self.world.data(SEND, {"i": given}, by=by or self.by))["sendChatMessage"]

    async def say(self, text: str, **more: Any) -> tuple[str, list[str]]:
        """Return the answer to a message: its text, and the titles of its movies."""
        sent = await self.send(text, **more)
        assert sent["errors"] == []
        assert sent["reply"]["state"] == "DONE", sent["reply"]
        return sent["reply"]["text"], [movie["title"] for movie in sent["reply"]["movies"]]


async def started(world: World, by: str = "alice", **given: Any) -> Chat:
    """Start a chat."""
    payload = (await world.data(START, {"i": given}, by=by))["startChat"]
    assert payload["errors"] == []
    return Chat(world, payload["session"]["id"], by)


def codes(payload: Any) -> list[str]:
    """Return the codes of a payload's errors."""
    return [error["code"] for error in payload["errors"]]


async def eventually(true: Callable[[], object]) -> None:
    """Return when something of this loop is true; fail when that does not come."""
    async with asyncio.timeout(SOON_S):
        while not true():
            await asyncio.sleep(0.005)
