"""The whole server on a port of its own, in the test's process, as clients reach it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.asgi import application
from app.server import listening
from database.connect import connect as connect_database
from resolvers.limits import Limits
from tests.catalogue import fill
from tests.world import settings

Json = Any
PROTOCOL = "graphql-transport-ws"
STRICT = "application/graphql-response+json"
PLAIN = "application/json"
EVENTS = "text/event-stream"
_INSIDE = ("Traceback", "psycopg", "select ", "site-packages", "/tests/", "resolvers", "Error(", "Exception")
"""What no client is ever to read."""


def answered(data: Json, cost: int) -> Json:
    """Return the response to an operation that has no errors."""
    return {"data": data, "extensions": {"cost": {"requested": cost, "limit": Limits.cost}}}


ALIVE = answered({"__typename": "Query"}, 0)
"""What a server answers that `{ __typename }` is asked of."""


def codes(response: httpx.Response) -> list[str]:
    """Return the codes of an answer's errors; each error has a message and one code, and nothing of our insides."""
    errors = response.json()["errors"]
    assert all(
        error["message"] and set(error) <= {"message", "locations", "path", "extensions"} for error in errors
    )
    text = response.text.replace("must select ", "")  # GraphQL's own words, of subscriptions
    assert not any(word in text for word in _INSIDE)
    return [error["extensions"]["code"] for error in errors]


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class Served:
    """A server that runs: its address, and a client of it."""

    port: int
    http: httpx.AsyncClient

    async def post(self, query: str, *, token: str | None = None, **more: Any) -> httpx.Response:
        """Send an operation as most clients do."""
        headers = dict(more.pop("headers", {}))
        if token:
            headers["authorization"] = f"Bearer {token}"
        return await self.http.post("/graphql", json={"query": query, **more}, headers=headers)

    async def ask(self, query: str, *, token: str | None = None, **more: Any) -> Json:
        """Return the response to an operation."""
        return (await self.post(query, token=token, **more)).json()

    async def sign_up(self, name: str = "wanda") -> str:
        """Make an account and return its access token."""
        document = (
            "mutation($i: SignUpInput!) { signUp(input: $i) { errors { code } session { accessToken } } }"
        )
        given = {"email": f"{name}@example.org", "username": name, "password": "a fish called " + name}
        answer = await self.ask(document, variables={"i": given})
        token: str = answer["data"]["signUp"]["session"]["accessToken"]
        return token

    @contextlib.asynccontextmanager
    async def silent_socket(self, *protocols: str, **headers: str) -> AsyncIterator[Socket]:
        """Open a socket that has said nothing yet."""
        async with connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=[Subprotocol(name) for name in protocols] or None,
            additional_headers=headers,
        ) as raw:
            yield Socket(raw)

    @contextlib.asynccontextmanager
    async def socket(self, token: str | None = None) -> AsyncIterator[Socket]:
        """Open a socket that is initialised."""
        async with self.silent_socket(PROTOCOL) as socket:
            payload = {"authorization": f"Bearer {token}"} if token else {}
            await socket.send(type="connection_init", payload=payload)
            assert await socket.receive() == {"type": "connection_ack"}
            yield socket


@dataclass(frozen=True)
class Socket:
    """A client of graphql-transport-ws."""

    raw: ClientConnection

    async def send(self, **message: Json) -> None:
        """Send a message."""
        await self.raw.send(orjson.dumps(message).decode())

    async def receive(self, within_s: float = 10.0) -> Json:
        """Return the next message."""
        async with asyncio.timeout(within_s):
            return orjson.loads(await self.raw.recv())

    async def closed(self) -> int | None:
        """Return the code that the server closes with, whatever it says before."""
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.raw.recv()
        return self.raw.close_code

    async def subscribe(self, key: str, query: str, variables: Mapping[str, Json] | None = None) -> None:
        """Begin an operation."""
        await self.send(
            type="subscribe", id=key, payload={"query": query, "variables": dict(variables or {})}
        )


@contextlib.asynccontextmanager
async def serving(
    conninfo: str, *, filled: bool = True, redis_url: str | None = None, **more: Any
) -> AsyncIterator[Served]:
    """Serve a database, with the catalogue in it unless told otherwise."""
    if filled:
        with connect_database(conninfo) as conn:
            fill(conn)
    chosen = settings(port=0, **more)
    config = listening(application(chosen, conninfo, redis_url=redis_url), chosen)
    config.timeout_graceful_shutdown = 1
    server = _Server(config)
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            yield Served(port, client)
    finally:
        server.should_exit = True
        await running
