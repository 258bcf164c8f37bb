"""Servers to be measured, each a process of its own, and the people who ask them."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import psutil
from graphql import parse, print_ast, separate_operations

from accounts.people import Role
from accounts.tokens import Tokens
from benchmarks.catalogue import PEOPLE, person
from benchmarks.postgres import Database, tree_cpu_s
from database.ids import uuid7

_OPERATIONS = Path(__file__).parent.parent / "tests/operations/contract.graphql"
_START_S = 60

SECRET = secrets.token_urlsafe(48)
"""Signs the tokens of this run; every server knows it."""


@dataclass(frozen=True)
class Server:
    """A server that answers at `port`."""

    port: int
    process: psutil.Process

    def cpu_s(self) -> float:
        """Return its CPU seconds so far."""
        return tree_cpu_s(self.process)

    def resident_mb(self) -> float:
        """Return its resident memory, in 10^6 bytes, that of its children included."""
        processes = (self.process, *self.process.children(recursive=True))
        return sum(process.memory_info().rss for process in processes) / 1e6


def running(
    database: Database, module: str, *arguments: str, **settings: str
) -> AbstractContextManager[Server]:
    """Run a module of ours as a server over a database until the end of the block, with `settings` in its environment."""
    environment = {
        "DATABASE_URL": database.conninfo,
        "REDIS_URL": "none",
        "PROJECTIONIST_DATA_DIR": str(database.folder),
        "PROJECTIONIST_LOG_LEVEL": "warning",
        "PROJECTIONIST_GRAPHIQL": "false",
        # the whole load comes from one address
        "PROJECTIONIST_BUDGET_PER_MINUTE": "1000000000",
        "PROJECTIONIST_MOVIE_CACHE_MB": "0",
        # nor is a pause of the machine overload
        "PROJECTIONIST_MOST_LAG_S": "60",
        **settings,
    }
    command = [sys.executable, "-m", module, *arguments]
    return started(command, environment, database.folder / f"{module} {'-'.join(settings)}.log")


@contextmanager
def started(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Server]:
    """Run a server that listens at PROJECTIONIST_PORT and knows PROJECTIONIST_TOKEN_SECRET until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    told = {"PROJECTIONIST_PORT": str(port), "PROJECTIONIST_TOKEN_SECRET": SECRET}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **environment, **told}, stdout=output, stderr=output
        )
        try:
            _wait_for(port, process, log)
            yield Server(port, psutil.Process(process.pid))
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not serve:\n{log.read_text()[-3000:]}")


def tokens(people: int = PEOPLE) -> list[str]:
    """Return an access token of each person, by number from 1; the first place is empty."""
    signer = Tokens(
        {"1": SECRET},
        issuer="projectionist",
        audience="projectionist",
        access_ttl=timedelta(hours=12),
        refresh_ttl=timedelta(hours=12),
    )
    return ["", *(signer.sign_access(person(n), uuid7(), {Role.PERSON}).text for n in range(1, people + 1))]


@cache
def documents(file: Path = _OPERATIONS) -> Mapping[str, str]:
    """Return the documents of a file by the name of their operation, each with the fragments that it uses.

    Of recommendations they ask for those that are stored: what is compared has nothing that makes them.
    """
    whole = parse(file.read_text().replace(" recommendations(", " recommendations: storedRecommendations("))
    return {name: print_ast(document) for name, document in separate_operations(whole).items()}
