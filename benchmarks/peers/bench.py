"""The same queries on our server, on its peers, and on `pgbench` with the SQL alone."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack

from benchmarks import http_load, pgbench
from benchmarks.measure import ROUNDS, Sample, Window, median, observe
from benchmarks.peers import node, outcome, tables
from benchmarks.peers.equal import require_equal
from benchmarks.peers.outcome import LIMIT, UNPREPARED, Found
from benchmarks.peers.questions import OURS, PEERS, ROWS, VARIANTS, drawn, requests
from benchmarks.postgres import Database, database
from benchmarks.queries import CONNECTIONS, RATINGS, fill
from benchmarks.questions import script
from benchmarks.report import Report, console
from benchmarks.servers import Server, running, tokens
from database.connect import session_conninfo

_DISTINCT = 4_000
"""Different requests of each document."""


def run(*, quick: bool) -> Report:
    """Measure each document at every number of connections, in turns. Raises RuntimeError where answers differ."""
    window = Window(seconds=1.0, warm_s=0.5) if quick else Window(seconds=2.0, warm_s=0.5)
    folder = node.install()
    with database("peers_data", connections=200) as db, ExitStack() as stack:
        about = fill(db, RATINGS) | {"peers": node.versions(folder)}
        tables.make(db)
        servers = {
            ours: stack.enter_context(running(db, "benchmarks.serve", "--no-worker", **settings))
            for ours, settings in VARIANTS.items()
        }
        for peer, program in PEERS.items():
            servers[peer] = stack.enter_context(node.serve(folder, db, program))
        signed = tokens()
        console.print("peers: comparing answers ...")
        require_equal(db, servers, signed)
        bench = _Bench(db, servers, window)
        asked = {name: _written(db, name, signed) for name in ROWS}
        if not quick:
            _warm(bench, asked)
        found: dict[outcome.Key, list[Sample]] = defaultdict(list)
        for turn in range(1 if quick else ROUNDS):
            for name in ROWS:
                console.print(f"peers: {ROWS[name]}, round {turn + 1} ...")
                for connections in CONNECTIONS:
                    for server in servers:
                        found[name, server, connections].append(
                            bench.server(server, asked[name], connections)
                        )
                    found[name, LIMIT, connections].append(bench.pgbench(name, connections, "prepared"))
                    found[name, UNPREPARED, connections].append(bench.pgbench(name, connections, "extended"))
        memory = {server: running_.resident_mb() for server, running_ in servers.items()}
    medians: Found = {key: median(samples) for key, samples in found.items()}
    return outcome.report(about, quick, medians, memory)


def _written(db: Database, name: str, signed: list[str]) -> dict[str, http_load.Requests]:
    made = requests(name, signed, _DISTINCT)
    return {
        server: http_load.Requests.written(db.folder / f"{name} {server}", asked)
        for server, asked in made.items()
    }


class _Bench:
    def __init__(self, db: Database, servers: Mapping[str, Server], window: Window) -> None:
        self._db, self._servers, self._window = db, servers, window

    def server(self, name: str, asked: Mapping[str, http_load.Requests], connections: int) -> Sample:
        """Measure a server."""
        server = self._servers[name]
        self._db.settle()
        load = http_load.start(
            asked[name], self._db.folder, port=server.port, connections=connections, window=self._window
        )
        return observe(load, {"server": server.cpu_s, "PostgreSQL": self._db.cpu_s})

    def pgbench(self, name: str, connections: int, protocol: pgbench.Protocol) -> Sample:
        """Measure the SQL without a server."""
        question = drawn(name, random.Random(name))[OURS]
        text, defined = script(question) if name != "Rate" else (tables.RATE, {})
        self._db.settle()
        load = pgbench.start(
            session_conninfo(self._db.conninfo, plan_cache_mode="force_generic_plan"),
            text,
            self._db.folder,
            clients=connections,
            window=self._window,
            variables=defined,
            protocol=protocol,
        )
        return observe(load, {"PostgreSQL": self._db.cpu_s})


def _warm(bench: _Bench, asked: Mapping[str, Mapping[str, http_load.Requests]]) -> None:
    """Let every server meet all documents and tokens, and Node compile what it runs often, before anything counts."""
    console.print("peers: warming up ...")
    for name in ROWS:
        for server in (*VARIANTS, *PEERS):
            bench.server(server, asked[name], CONNECTIONS[1])
