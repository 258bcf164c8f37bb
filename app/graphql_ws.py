"""The graphql-transport-ws protocol: https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md

Answers go out as the bytes that the engine made; a slow client holds only its own socket back.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from contextlib import aclosing
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.asked import Asked, Malformed, asked_of, json_of, object_or_none
from app.auth import Gate
from app.browsers import is_ours
from app.documents import Documents
from app.metrics import Metrics
from app.operations import ends_at, refused, refused_with, stream
from app.requests import Entry, Requests
from app.settings import Settings
from resolvers.activity import VISITOR_HEADER
from resolvers.answers import Answer, refusal_of
from resolvers.engine import Engine

PROTOCOL = "graphql-transport-ws"
REASON_BYTES = 123
"""What a frame that closes a socket has room for."""


class _Close(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason.encode()[:REASON_BYTES].decode(errors="ignore")


class Sockets:
    """The sockets of one process: some of each address, and no more."""

    def __init__(
        self, engine: Engine, documents: Documents, gate: Gate, settings: Settings, metrics: Metrics
    ) -> None:
        self._parts = engine, documents, gate, settings, metrics
        self._gate, self._most = gate, settings.sockets_per_address
        self._open: Counter[str] = Counter()

    async def serve(self, socket: WebSocket) -> None:
        """Return when the socket is closed."""
        address = self._gate.address(socket.scope)
        self._open[address] += 1
        try:
            opened = GraphQLWebSocket(socket, *self._parts)
            await opened.run(may_stay=self._open[address] <= self._most)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]


class GraphQLWebSocket:
    """One socket: `run` returns when it is closed, with every operation of it ended."""

    def __init__(
        self,
        socket: WebSocket,
        engine: Engine,
        documents: Documents,
        gate: Gate,
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self._socket, self._engine, self._documents, self._gate = socket, engine, documents, gate
        self._settings, self._metrics = settings, metrics
        self._requests = Requests(metrics, settings.slow_ms)
        self._asker = gate.asker(gate.address(socket.scope), None, socket.headers)
        self._initialised = False
        self._acknowledged = False
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def run(self, *, may_stay: bool) -> None:
        """Speak the protocol until either side closes; a page of another site is not spoken to.

        Where there are too many sockets of this address, it is closed at once.
        """
        headers = self._socket.headers
        if "origin" in headers and not is_ours(headers["origin"], headers, self._settings.cors_origins):
            await self._socket.close()  # before it was accepted: the browser reads a 403
            return
        spoken = PROTOCOL in self._socket.scope.get("subprotocols", [])
        await self._socket.accept(subprotocol=PROTOCOL if spoken else None)
        try:
            if not spoken:
                raise _Close(4406, "Subprotocol not acceptable")
            if not may_stay:
                raise _Close(1013, "Too many sockets of your address: close some, and try again")
            await self._converse()
        except Malformed as malformed:
            await self._close(_Close(4400, str(malformed)))
        except _Close as close:
            await self._close(close)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            tasks = list(self._operations.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, close: _Close) -> None:
        self._requests.ended(self._entry(), close.code)
        await self._socket.close(close.code, close.reason)

    async def _converse(self) -> None:
        try:
            async with asyncio.timeout(self._settings.socket_init_s) as self._limit:
                while True:
                    message = await self._socket.receive()
                    if message["type"] == "websocket.disconnect":
                        return
                    await self._take(self._parsed(message.get("text")))
        except TimeoutError:
            if self._acknowledged:
                raise _Close(4403, "Forbidden: the access token has ended") from None
            raise _Close(4408, "Connection initialisation timeout") from None

    def _parsed(self, text: str | None) -> dict[str, Any]:
        if text is None:
            raise _Close(4400, "Messages must be text")
        if len(text.encode(errors="replace")) > self._settings.socket_message_bytes:
            raise _Close(1009, "Message too large")
        message = json_of(text, "The message", self._settings.json_depth)
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise _Close(4400, "Messages must be objects with a type")
        return message

    async def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "connection_init":
                await self._init(object_or_none(message, "payload") or {})
            case "ping":
                object_or_none(message, "payload")
                await self._send(b'{"type":"pong"}')
            case "pong":
                object_or_none(message, "payload")
            case "subscribe":
                await self._subscribe(_id(message), message.get("payload"))
            case "complete":
                task = self._operations.pop(_id(message), None)
                if task:
                    task.cancel()
            case _:
                raise _Close(4400, "Unknown message type")

    async def _init(self, payload: dict[str, Any]) -> None:
        if self._initialised:
            raise _Close(4429, "Too many initialisation requests")
        self._initialised = True
        given = {key.lower(): value for key, value in payload.items()}
        headers = {**self._socket.headers}
        if VISITOR_HEADER in given:  # browsers give a handshake no headers
            headers[VISITOR_HEADER] = str(given[VISITOR_HEADER])
        authorization = given.get("authorization") or headers.get("authorization")
        said = None if authorization is None else str(authorization) or " "
        self._asker = self._gate.asker(self._asker.address, said, headers)
        if not self._asker.is_valid:
            raise _Close(4403, "Forbidden")
        self._limit.reschedule(ends_at(self._asker.viewer))
        self._acknowledged = True
        await self._send(b'{"type":"connection_ack"}')

    async def _subscribe(self, operation_id: str, payload: Any) -> None:
        if not self._acknowledged:
            raise _Close(4401, "Unauthorized")
        if operation_id in self._operations:
            raise _Close(4409, f"Subscriber for {operation_id} already exists")
        asked = asked_of(payload)
        entry = self._entry()
        if len(self._operations) >= self._settings.socket_operations:
            message = f"At most {self._settings.socket_operations} operations at once."
            await self._refuse(operation_id, entry, refused_with("TOO_MANY_REQUESTS", message))
            self._requests.ended(entry)
            return
        self._operations[operation_id] = asyncio.create_task(self._operate(operation_id, asked, entry))

    async def _operate(self, operation_id: str, asked: Asked, entry: Entry) -> None:
        """Run an operation to its end; its id is free again before the client hears of it."""
        self._metrics.subscriptions.inc()
        try:
            failed = await self._answers(operation_id, asked, entry)
            if self._operations.get(operation_id) is asyncio.current_task():
                del self._operations[operation_id]
            if failed:
                await self._refuse(operation_id, entry, failed)
            else:
                await self._send(b'{"type":"complete","id":' + orjson.dumps(operation_id) + b"}")
        except WebSocketDisconnect:
            pass
        finally:
            self._metrics.subscriptions.dec()
            self._requests.ended(entry)

    async def _answers(self, operation_id: str, asked: Asked, entry: Entry) -> Answer | None:
        """Send the answers of an operation; return the one that says why it failed as a whole."""
        budgets, bucket = self._gate.budgets, self._asker.bucket
        timeout_s = self._settings.request_timeout_s
        try:
            self._gate.admit(self._asker)
            prepared = await self._documents.prepare(asked, self._asker.viewer, entry)
            if isinstance(prepared, Answer):
                return prepared
            budgets.spend(bucket, prepared.cost - 1)
            context = self._gate.context(self._asker, entry.id)
            async with aclosing(stream(self._engine, prepared, context, timeout_s)) as answers:
                async for answer in answers:
                    self._requests.erred(entry, answer.errors)
                    await self._message("next", operation_id, answer.body(), entry)
        except WebSocketDisconnect:
            raise
        except Exception as failure:
            return refused(refusal_of(failure, entry.id))
        return None

    def _entry(self) -> Entry:
        return Entry(uuid.uuid4().hex, "websocket", None, self._socket.scope["path"])

    async def _refuse(self, operation_id: str, entry: Entry, answer: Answer) -> None:
        self._requests.erred(entry, answer.errors)
        await self._message("error", operation_id, orjson.dumps(answer.errors), entry)

    async def _message(self, kind: str, operation_id: str, payload: bytes, entry: Entry) -> None:
        head = b'{"type":"%s","id":%s,"payload":' % (kind.encode(), orjson.dumps(operation_id))
        entry.bytes += len(payload)
        await self._send(head + payload + b"}")

    async def _send(self, message: bytes) -> None:
        try:
            await self._socket.send_text(message.decode())
        except RuntimeError:  # it is closed already
            raise WebSocketDisconnect(1006) from None


def _id(message: dict[str, Any]) -> str:
    given = message.get("id")
    if not isinstance(given, str) or not given:
        raise _Close(4400, "The message needs an id")
    return given
