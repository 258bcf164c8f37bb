"""An OpenAI-compatible endpoint on a port of its own, that answers as it is told, piece by piece."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answered:
    """One response: its pieces as server-sent events, or a status with a body; `goes_on` holds the end back."""

    pieces: Sequence[str] = ()
    status: int = 200
    body: str = ""
    is_cut: bool = False
    goes_on: asyncio.Event | None = None


@dataclass
class Endpoint:
    """What it was asked, and what it will answer; past the last answer it says so with a 500."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)

    @property
    def seen(self) -> str:
        """All that ever came here."""
        return json.dumps(self.asked, ensure_ascii=False) + "".join(self.headers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line.partition(":")[2])
                for line in head.splitlines()
                if line.lower().startswith("content-length")
            )
            self.headers.append(head)
            self.asked.append(json.loads(await reader.readexactly(length)))
            answer = self.answers.pop(0) if self.answers else Answered(status=500, body="{}")
            await self._answer(writer, answer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, writer: asyncio.StreamWriter, answer: Answered) -> None:
        kind = "text/event-stream" if answer.pieces else "application/json"
        head = f"HTTP/1.1 {answer.status} X\r\ncontent-type: {kind}\r\nconnection: close\r\n"
        if not answer.pieces:
            body = answer.body.encode()
            if answer.goes_on:
                await answer.goes_on.wait()
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            return
        writer.write(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        for piece in answer.pieces:
            data = f"data: {piece}\n\n".encode()
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await writer.drain()
        if answer.goes_on:
            await answer.goes_on.wait()
        if answer.is_cut:
            return
        writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
        await writer.drain()


def piece(**delta: Any) -> str:
    """Return a chunk of a streamed completion."""
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "a-model",
            "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
        }
    )


def said(*parts: str, **more: Any) -> Answered:
    """Return an answer in words, in these parts."""
    return Answered([piece(role="assistant", content=""), *(piece(content=part) for part in parts)], **more)


def called(*calls: tuple[str, Any], words: str = "") -> Answered:
    """Return an answer that asks for tools; arguments come in two parts, a string as it is."""
    pieces = [piece(role="assistant", content=words or None)]
    for index, (name, given) in enumerate(calls):
        text = given if isinstance(given, str) else json.dumps(given)
        first = {"name": name, "arguments": text[:5]}
        pieces.append(
            piece(tool_calls=[{"index": index, "id": f"call_{index}", "type": "function", "function": first}])
        )
        pieces.append(piece(tool_calls=[{"index": index, "function": {"arguments": text[5:]}}]))
    return Answered(pieces)


@asynccontextmanager
async def endpoint(*answers: Answered) -> AsyncIterator[Endpoint]:
    """Serve these answers, one a request."""
    running = Endpoint(answers=list(answers))
    server = await asyncio.start_server(running._serve, "127.0.0.1", 0)
    running.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield running
    finally:
        for answer in answers:
            if answer.goes_on:
                answer.goes_on.set()
        server.close()
        await server.wait_closed()
