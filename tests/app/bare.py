"""A client of HTTP that sends what it is told to, byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson

from tests.app.serving import ALIVE, Json, Served

GOOD = b'{"query": "{ __typename }"}'


@dataclass
class Raw:
    """A connection, byte by byte."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, body: bytes = b"", *headers: str, method: str = "POST") -> None:
        """Send a head and whatever comes after it."""
        lines = [f"{method} /graphql HTTP/1.1", "host: localhost", "content-type: application/json", *headers]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def send_good(self) -> None:
        """Send a request as it should be."""
        self.send(GOOD, f"content-length: {len(GOOD)}")

    async def answer(self) -> tuple[int, Json]:
        """Return the status of the next response, and its body: JSON, or the text that is none."""
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            body = await self.reader.readexactly(length)
        status = int(head.split()[1])
        return status, orjson.loads(body) if "json" in head else body.decode()

    async def code(self) -> tuple[int, str]:
        """Return the status of the next response, and the code of its one error."""
        status, body = await self.answer()
        (error,) = body["errors"]
        return status, error["extensions"]["code"]

    async def is_closed(self) -> bool:
        """Whether the server closes the connection and says nothing more."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read() == b""
            except ConnectionResetError:
                return True


@contextlib.asynccontextmanager
async def raw(served: Served) -> AsyncIterator[Raw]:
    """Open a connection; afterwards the server is as well as before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()
    assert await served.ask("{ __typename }") == ALIVE
