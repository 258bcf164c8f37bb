"""`python -m benchmarks.http_load`: keep-alive connections that send the next request as soon as they have an answer.

It does as little as it can on the two cores that it shares with what it measures: requests are bytes made before, an
answer is its length, its status and the absence of `"errors"`.
"""

from __future__ import annotations

import pickle
import random
import select
import socket
import subprocess
import sys
import time
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks.measure import Load, Window, tell

_CHUNK = 262_144
_AT_LEAST = 4
"""Answers that each connection has to have had on average, however slow they are."""
_LONGEST_S = 20.0


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests that were written to a file; each connection goes through them from a place of its own."""

    file: Path

    @classmethod
    def written(cls, file: Path, requests: Sequence[bytes]) -> Requests:
        """Write them down."""
        file.write_bytes(pickle.dumps(list(requests)))
        return cls(file)


def request(query: str, name: str, variables: dict[str, Any], token: str) -> bytes:
    """Return the bytes of one GraphQL request, as a browser's client sends it."""
    body = orjson.dumps({"operationName": name, "variables": variables, "query": query})
    head = (
        "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Accept: application/graphql-response+json,application/json;q=0.9\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def start(requests: Requests, folder: Path, *, port: int, connections: int, window: Window) -> Load:
    """Send requests over so many connections, from a process of its own."""
    noted = folder / "http"
    command = [sys.executable, "-m", __name__, str(requests.file), str(noted)]
    process = subprocess.Popen(
        [*command, str(port), str(connections), str(window.warm_s), str(window.seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    return Load(process, lambda: np.fromfile(noted).reshape(-1, 2))


def ask(port: int, requests: Iterable[bytes]) -> list[bytes]:
    """Return the bodies of the answers to requests that are sent one after the other."""
    bodies = []
    with socket.create_connection(("127.0.0.1", port)) as made:
        connection = _Connection(made)
        for asked in requests:
            made.sendall(asked)
            while (body := connection.received()) is None:
                pass
            bodies.append(body)
    return bodies


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    next: int = 0
    sent: float = 0.0
    chunks: list[bytes] = field(default_factory=list)
    missing: int = 0

    def received(self) -> bytes | None:
        """Take what has arrived; return the body when the answer is complete. Raises RuntimeError for a bad one."""
        data = self.socket.recv(_CHUNK)
        if not data:
            raise RuntimeError("the server closed the connection")
        if not self.chunks:
            head, _, data = data.partition(b"\r\n\r\n")
            lines = head.lower()
            if not lines.startswith(b"http/1.1 200"):
                raise RuntimeError(f"not an answer: {head[:200]!r} {data[:500]!r}")
            at = lines.index(b"content-length:") + 15
            self.missing = int(lines[at : at + 12].split(b"\r")[0])
        self.chunks.append(data)
        self.missing -= len(data)
        if self.missing > 0:
            return None
        body = self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)
        self.chunks.clear()
        if b'"errors":[{' in body or b'"errors": [{' in body:
            raise RuntimeError(f"an answer with errors: {body[:500]!r}")
        return body


def _run(requests: Sequence[bytes], port: int, connections: int, window: Window) -> array[float]:
    """Every connection has had an answer when the window begins, and some more when it ends."""
    notes = array("d")
    poll = select.epoll()
    open_: dict[int, _Connection] = {}
    chance = random.Random(connections)
    for _ in range(connections):
        made = socket.create_connection(("127.0.0.1", port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_[made.fileno()] = _Connection(made, chance.randrange(len(requests)))
        poll.register(made, select.EPOLLIN)
    for connection in open_.values():
        _send(connection, requests, time.time())
    _answer(poll, open_, requests, array("d"), window.warm_s, connections)
    tell("begun")
    _answer(poll, open_, requests, notes, window.seconds, connections * _AT_LEAST)
    tell("ended")
    return notes


def _answer(
    poll: select.epoll,
    open_: dict[int, _Connection],
    requests: Sequence[bytes],
    notes: array[float],
    seconds: float,
    least: int,
) -> None:
    """Go on for a time, longer (but not for ever) until there are so many answers."""
    clock = time.time
    began = now = clock()
    while now - began < seconds or (len(notes) < 2 * least and now - began < _LONGEST_S):
        for descriptor, _ in poll.poll(0.1):
            connection = open_[descriptor]
            if connection.received() is not None:
                now = clock()
                notes.append(now)
                notes.append(now - connection.sent)
                _send(connection, requests, now)
        now = clock()


def _send(connection: _Connection, requests: Sequence[bytes], now: float) -> None:
    connection.next = (connection.next + 1) % len(requests)
    connection.sent = now
    connection.socket.sendall(requests[connection.next])


if __name__ == "__main__":
    _, _requests, _noted, _port, _connections, _warm_s, _seconds = sys.argv
    found = _run(
        pickle.loads(Path(_requests).read_bytes()),
        int(_port),
        int(_connections),
        Window(float(_seconds), float(_warm_s)),
    )
    with Path(_noted).open("wb") as file:
        found.tofile(file)
