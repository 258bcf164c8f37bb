"""The server that is fuzzed, and what must be true of it whatever it was sent."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httptools
import httpx
import psutil

from tests.app.serving import ALIVE, Json, codes
from tests.fuzz.requests import Request, needs_no_more

COMMAND = (sys.executable, "-m", "app.cli", "serve", "--no-worker")
STALL_S = 1.0
_QUIET_S = 0.3
"""A stream may have nothing to say."""
WARM = 100
"""So many inputs show what a server needs."""
GROWTH_MB = 200.0
"""Of memory, once it is warm: the documents and plans that are kept take 150 MB at most."""
T = TypeVar("T")


class _Reply:
    """Reads one response, or as much of a stream as shows that it began."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, list[tuple[bytes, bytes]](), b""
        self.is_whole = False
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.is_whole = True
        self.status = self._parser.get_status_code()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body
        self.is_whole = self.is_whole or (self.is_stream and (b'"data"' in body or b'"errors"' in body))

    def on_message_complete(self) -> None:
        self.is_whole = True

    @property
    def is_stream(self) -> bool:
        kind = dict(self.headers).get(b"content-type", b"")
        return kind.startswith((b"text/event-stream", b"multipart/mixed"))

    def response(self) -> httpx.Response:
        return httpx.Response(self.status, headers=self.headers, content=self.body)


@dataclass
class Target:
    """A server: where it listens, its process and its log, and the secret of its tokens."""

    port: int
    process: psutil.Process
    log: Path
    secret: str
    _read: int = 0
    _warm_mb: float = 0.0
    _sent: int = field(default=0)

    def survives(self, raw: bytes) -> httpx.Response | None:
        """Send bytes; return the response if there was one. Fails where anything of the oracle does not hold."""
        response = self.quickly(lambda: self._exchange(raw))
        if response is not None:
            judge(response)
        self.is_well()
        return response

    def quickly(self, work: Callable[[], T]) -> T:
        """Do something that may not take a second; a machine that was busy once is no fault."""
        for _ in range(3):
            began = time.monotonic()
            done = work()
            if time.monotonic() - began < STALL_S:
                return done
        raise AssertionError(f"it took over {STALL_S} s, three times")

    def is_well(self) -> None:
        """Fail where the log tells of a fault, or the process has ended or grown."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            said = file.read()
        self._read += len(said)
        faults = (b"unexpected failure", b"Traceback", b'"level": "error"', b'"level": "critical"')
        assert not any(fault in said for fault in faults), said.decode(errors="replace")[-3_000:]
        assert self.process.is_running()
        self._sent += 1
        if self._sent == WARM:
            self._warm_mb = self._resident_mb()

    def is_as_before(self) -> None:
        """Fail where it does not answer any more, or has grown."""
        alive = self.survives(Request("POST", "/graphql", b'{"query": "{ __typename }"}').raw())
        assert alive is not None
        assert alive.json() == ALIVE
        assert self._sent < WARM or self._resident_mb() < self._warm_mb + GROWTH_MB

    def _resident_mb(self) -> float:
        return float(self.process.memory_info().rss) / 1e6

    def _exchange(self, raw: bytes) -> httpx.Response | None:
        reply = _Reply()
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            try:
                connection.sendall(raw)
                while needs_no_more(raw) and not reply.is_whole:
                    data = connection.recv(65_536)
                    if not data:
                        break
                    reply.feed(data)
                    connection.settimeout(_QUIET_S if reply.is_stream else 10)
            except ConnectionError:
                pass  # it may close before it has read what it refuses
            except TimeoutError:
                assert reply.is_stream
                reply.is_whole = True
        return reply.response() if reply.status and reply.is_whole else None


def judge(response: httpx.Response) -> None:
    """Fail where a response is a fault of the server's, has an error without a code, or tells of the inside."""
    assert response.status_code < 500, (response.status_code, response.text)
    for answer in _answers(response):
        judge_errors(answer.get("errors", []))


def _answers(response: httpx.Response) -> list[Json]:
    """Return the answers to operations that a response has; of a stream those that came so far."""
    if "json" in response.headers.get("content-type", ""):
        read = response.json()
        return read if isinstance(read, list) else [read]
    lines = [line.removeprefix("data: ") for line in response.text.splitlines()]
    found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    parts = [part for one in found if (part := one.get("payload", one)) is not None]
    return [
        each for part in parts for each in (part, *part.get("incremental", ()), *part.get("completed", ()))
    ]


def judge_errors(errors: Sequence[object]) -> None:
    """Fail where one of the errors has no code, tells of the inside, or is a fault of the server's."""
    if errors:
        assert not {"INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT"} & set(
            codes(httpx.Response(200, json={"errors": list(errors)}))
        ), errors
