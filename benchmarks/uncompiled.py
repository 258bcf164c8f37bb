"""What no plan helps with: documents that come for the first time, and those that Strawberry executes as a whole."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack

from graphql import get_introspection_query

from benchmarks import http_load
from benchmarks.measure import ROUNDS, Sample, Window, median, observe
from benchmarks.postgres import Database, database
from benchmarks.queries import OURS, PLAIN, RATINGS, fill
from benchmarks.questions import VARIABLES, Question
from benchmarks.report import Report, Section, console, count, ms, times
from benchmarks.servers import Server, documents, running, tokens

CONNECTIONS = 16
_NEW = 50
"""Documents of each kind that the server never saw."""
_SLOWEST_MS = 10.0


def run(*, quick: bool) -> Report:
    """Ask documents that differ in a name, one after the other, and introspection from many connections."""
    window = Window(seconds=1.0, warm_s=0.5) if quick else Window(seconds=4.0, warm_s=1.0)
    with database("uncompiled") as db, ExitStack() as stack:
        about = fill(db, RATINGS // 10)
        servers = {
            OURS: stack.enter_context(running(db, "benchmarks.serve", "--no-worker")),
            PLAIN: stack.enter_context(running(db, "benchmarks.plain")),
        }
        signed = tokens()
        console.print("uncompiled: documents that are new ...")
        new = {name: _first_times(servers[OURS], name, signed) for name in VARIABLES}
        executed: dict[str, list[Sample]] = {who: [] for who in servers}
        for turn in range(1 if quick else ROUNDS):
            console.print(f"uncompiled: introspection, round {turn + 1} ...")
            for who, server in servers.items():
                executed[who].append(_introspected(db, server, signed, window))
    return _report(about, quick, new, {who: median(samples) for who, samples in executed.items()})


def _first_times(server: Server, name: str, signed: Sequence[str]) -> list[float]:
    """Return how many ms each of the documents took that are of this kind and new to the server."""
    chance = random.Random(name)
    took = []
    for number in range(_NEW):
        question = Question.drawn(name, chance)
        own = f"{name}{number}"
        document = re.sub(rf"\b(query|mutation) {name}\b", rf"\1 {own}", documents()[name])
        asked = http_load.request(document, own, question.variables, signed[question.person])
        began = time.perf_counter()
        http_load.ask(server.port, [asked])
        took.append((time.perf_counter() - began) * 1000)
    return took


def _introspected(db: Database, server: Server, signed: Sequence[str], window: Window) -> Sample:
    query = get_introspection_query()
    asked = [http_load.request(query, "IntrospectionQuery", {}, signed[1])]
    load = http_load.start(
        http_load.Requests.written(db.folder / "requests", asked),
        db.folder,
        port=server.port,
        connections=CONNECTIONS,
        window=window,
    )
    return observe(load, {"server": server.cpu_s})


def _report(
    about: dict[str, str], quick: bool, new: dict[str, list[float]], executed: dict[str, Sample]
) -> Report:
    report = Report("uncompiled", about, quick)
    first = Section(
        "Documents that come for the first time: ms until they are answered",
        ("document", "median", "slowest"),
        note=f"Of {_NEW} that differ in the name of their operation: parsed, measured, validated, compiled, prepared by"
        " PostgreSQL and run, over a new connection each.",
    )
    for name, took in new.items():
        first.rows.append((name, ms(statistics.median(took)), ms(max(took))))
    ours, plain = executed[OURS], executed[PLAIN]
    whole = Section(
        f"Introspection, which Strawberry executes, over {CONNECTIONS} connections",
        ("", "requests/s", "p50 ms", "p99 ms", "server µs"),
    )
    for who, sample in executed.items():
        figures = (count(sample.rate), ms(sample.p50_ms), ms(sample.p99_ms), count(sample.cpu_us["server"]))
        whole.rows.append((who, *figures))
    whole.note = f"compiled ÷ plain: {times(ours.rate / plain.rate)}"
    report.sections = [first, whole]
    report.raw = {f"new, {name}": {"ms": [round(each, 2) for each in took]} for name, took in new.items()}
    report.raw |= {f"introspection, {who}": sample.told() for who, sample in executed.items()}
    slowest = max(statistics.median(took) for took in new.values())
    report.at_most("a document seen for the first time, median, ms", _SLOWEST_MS, slowest)
    report.at_least("introspection ÷ plain Strawberry", 1.0, ours.rate / plain.rate)
    return report
