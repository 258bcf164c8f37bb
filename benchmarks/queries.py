"""Reading: every document of the contract, beside `pgbench` with the same SQL and beside a plain Strawberry server."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import orjson

from benchmarks import catalogue, history, http_load, pgbench
from benchmarks.answers import comparable, first_difference
from benchmarks.catalogue import MOVIES, PEOPLE
from benchmarks.measure import ROUNDS, Sample, Window, median, observe
from benchmarks.postgres import Database, database
from benchmarks.questions import VARIABLES, Question, requests, script
from benchmarks.report import Report, Section, console, count, facts, ms, times
from benchmarks.servers import Server, documents, running, tokens
from database.connect import session_conninfo
from projections.deploy import deploy

RATINGS = 1_000_000
CONNECTIONS = (1, 16, 64)
TARGETS = {"plain": 30.0, "pgbench": 0.8}
"""Of `Home` at 64 connections."""

OURS, PEER, PLAIN = "compiled", "pgbench", "plain"
_DISTINCT = 4_000
"""Different requests of each document."""
_CHECKED = 20

Key = tuple[str, str, int]
Results = dict[Key, list[Sample]]


def run(*, quick: bool) -> Report:
    """Measure each document at every number of connections, in turns."""
    window = Window(seconds=1.0, warm_s=0.5) if quick else Window(seconds=4.0, warm_s=1.0)
    names = list(VARIABLES)
    with database("queries") as db, ExitStack() as stack:
        about = fill(db, RATINGS // 10 if quick else RATINGS)
        ours = stack.enter_context(running(db, "benchmarks.serve", "--no-worker"))
        plain = stack.enter_context(running(db, "benchmarks.plain"))
        signed = tokens()
        _require_equal(names, signed, ours, plain)
        if not quick:
            _show_themselves(signed, ours, plain)
        found: Results = defaultdict(list)
        for turn in range(1 if quick else ROUNDS):
            for name in names:
                console.print(f"queries: {name}, round {turn + 1} ...")
                written = http_load.Requests.written(
                    db.folder / "requests", requests(name, signed, _DISTINCT)
                )
                for connections in CONNECTIONS if not quick else CONNECTIONS[1:]:
                    bench = _Bench(db, written, name, connections, window)
                    found[name, OURS, connections].append(bench.server(ours))
                    found[name, PEER, connections].append(bench.pgbench())
                    found[name, PLAIN, connections].append(bench.server(plain))
    return _report(about, quick, {key: median(samples) for key, samples in found.items()})


def fill(db: Database, ratings: int) -> dict[str, str]:
    """Put everything that is read into an empty database, and return the facts of the machine."""
    console.print(f"{count(MOVIES)} movies, {count(PEOPLE)} people, {count(ratings)} ratings ...")
    pairs = int(ratings / history.rated_share(history.RATINGS))
    with db.connect() as conn:
        catalogue.load(conn)
        history.load(conn, mixture=history.RATINGS, pairs=pairs)
        deploy(conn)
        about = facts(conn)
    with db.owner() as owner:
        owner.execute("vacuum analyze")
    db.settle()
    return about


def _show_themselves(signed: list[str], *servers: Server) -> None:
    """Let every person ask once: a token that a server has seen costs it less, and tokens live for minutes."""
    question = Question.drawn("Refetch", random.Random(0))
    asked = [
        http_load.request(documents()["Refetch"], "Refetch", question.variables, token)
        for token in signed[1:]
    ]
    for server in servers:
        http_load.ask(server.port, asked)


class _Bench:
    def __init__(
        self, db: Database, written: http_load.Requests, name: str, connections: int, window: Window
    ) -> None:
        self._db, self._written, self._name = db, written, name
        self._connections, self._window = connections, window

    def server(self, server: Server) -> Sample:
        """Measure a server."""
        load = http_load.start(
            self._written,
            self._db.folder,
            port=server.port,
            connections=self._connections,
            window=self._window,
        )
        return observe(load, {"server": server.cpu_s, "PostgreSQL": self._db.cpu_s})

    def pgbench(self) -> Sample:
        """Measure the same statement without a server."""
        text, defined = script(Question.drawn(self._name, random.Random(self._name)))
        conninfo = session_conninfo(self._db.conninfo, plan_cache_mode="force_generic_plan")
        load = pgbench.start(
            conninfo,
            text,
            self._db.folder,
            clients=self._connections,
            window=self._window,
            variables=defined,
        )
        return observe(load, {"PostgreSQL": self._db.cpu_s})


# --- equal answers ---


def _require_equal(names: Sequence[str], signed: list[str], ours: Server, plain: Server) -> None:
    """Raise RuntimeError when the two servers do not answer alike."""
    chance = random.Random("equal")
    for name in names:
        for _ in range(_CHECKED):
            question = Question.drawn(name, chance)
            asked = http_load.request(documents()[name], name, question.variables, signed[question.person])
            mine, theirs = (_answer(server, asked) for server in (ours, plain))
            if mine != theirs:
                raise RuntimeError(f"{name} {question.variables}: {first_difference(mine, theirs)}")


def _answer(server: Server, asked: bytes) -> Any:
    (body,) = http_load.ask(server.port, [asked])
    return comparable(orjson.loads(body)["data"])


# --- what it comes to ---


def _report(about: dict[str, str], quick: bool, found: dict[Key, Sample]) -> Report:
    report = Report("queries", about, quick)
    for connections in sorted({key[2] for key in found}):
        section = Section(
            f"Reading over {connections} connection{'s' if connections > 1 else ''}: requests a second",
            (
                *("document", "rate", "pgbench", "÷ pgbench", "plain", "÷ plain", "p50 ms", "p99 ms"),
                *("plain p99", "server µs", "PG µs", "pgbench µs", "plain µs"),
            ),
        )
        for name in dict.fromkeys(key[0] for key in found):
            samples = [found[name, kind, connections] for kind in (OURS, PEER, PLAIN)]
            section.rows.append(_row(name, *samples))
        report.sections.append(section)
    report.sections[-1].note = (
        "Rates are requests a second, p50 and p99 are milliseconds. The last four columns are CPU microseconds a request: of"
        " our server, of PostgreSQL for it, of PostgreSQL for pgbench, and of the plain server with its PostgreSQL."
    )
    if ("Home", OURS, 64) in found:
        ours, peer, plain = (found["Home", kind, 64] for kind in (OURS, PEER, PLAIN))
        report.at_least("Home at 64 connections ÷ plain Strawberry", TARGETS[PLAIN], ours.rate / plain.rate)
        report.at_least("Home at 64 connections ÷ pgbench", TARGETS[PEER], ours.rate / peer.rate)
    report.raw = {f"{name}, {kind}, {n}": sample.told() for (name, kind, n), sample in found.items()}
    return report


def _row(name: str, ours: Sample, peer: Sample, plain: Sample) -> Sequence[str]:
    return (
        *(name, count(ours.rate), count(peer.rate), times(ours.rate / peer.rate)),
        *(count(plain.rate), times(ours.rate / plain.rate), ms(ours.p50_ms), ms(ours.p99_ms)),
        ms(plain.p99_ms),
        *(count(ours.cpu_us["server"]), count(ours.cpu_us["PostgreSQL"]), count(peer.cpu_us["PostgreSQL"])),
        count(sum(plain.cpu_us.values())),
    )
