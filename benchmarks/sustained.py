"""Ten minutes of everything at once, and what a process remembers of it."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks import http_load
from benchmarks.catalogue import MOVIES, movie
from benchmarks.measure import Sample, Window, observe
from benchmarks.peers.questions import OURS, drawn
from benchmarks.postgres import database
from benchmarks.queries import RATINGS, fill
from benchmarks.questions import VARIABLES, requests
from benchmarks.report import Report, Section, console, count, ms
from benchmarks.servers import Server, running, tokens

CONNECTIONS = 16
_MINUTES = 10
_MOST_MB = 20.0
_DISTINCT = 4_000
_NEW = "query New{number}($id: ID!) {{ node(id: $id) {{ ... on Movie {{ id a{number}: title }} }} }}"


def run(*, quick: bool) -> Report:
    """Ask a server with a worker in it all documents, ratings, and documents that it never saw, minute after minute."""
    with database("sustained", connections=200) as db, ExitStack() as stack:
        about = fill(db, RATINGS // 10)
        server = stack.enter_context(running(db, "benchmarks.serve", PROJECTIONIST_MOVIE_CACHE_MB="32"))
        written = http_load.Requests.written(db.folder / "requests", _everything(tokens()))
        window = Window(seconds=2.0 if quick else 60.0, warm_s=0.0)
        minutes: list[tuple[Sample, float]] = []
        for minute in range(3 if quick else _MINUTES + 1):
            console.print(f"sustained: minute {minute} ...")
            minutes.append(_minute(written, db.folder, server, window))
    return _report(about, quick, minutes)


def _everything(signed: list[str]) -> list[bytes]:
    """Return all kinds of requests, mixed; one of a hundred has a document of its own."""
    chance = random.Random("sustained")
    made = [request for name in VARIABLES for request in requests(name, signed, _DISTINCT)]
    for _ in range(_DISTINCT):
        rating = drawn("Rate", chance)[OURS]
        other = {**rating.variables, "stars": 5.5 - rating.variables["stars"]}
        # both come again and again: each changes what the other said
        made += [rating.request(signed), replace(rating, variables=other).request(signed)]
    made += [
        http_load.request(
            _NEW.format(number=number),
            f"New{number}",
            {"id": f"Movie:{movie(chance.randint(1, MOVIES))}"},
            chance.choice(signed[1:]),
        )
        for number in range(len(made) // 100)
    ]
    chance.shuffle(made)
    return made


def _minute(
    written: http_load.Requests, folder: Path, server: Server, window: Window
) -> tuple[Sample, float]:
    load = http_load.start(written, folder, port=server.port, connections=CONNECTIONS, window=window)
    return observe(load, {"server": server.cpu_s}), server.resident_mb()


def _report(about: dict[str, str], quick: bool, minutes: list[tuple[Sample, float]]) -> Report:
    report = Report("sustained", about, quick)
    section = Section(
        f"Everything at once over {CONNECTIONS} connections, minute after minute",
        ("minute", "requests/s", "p50 ms", "p99 ms", "resident MB"),
        note="All documents of the contract, ratings, and in one of a hundred requests a document of its own. The first"
        " minute fills what is kept: plans, movies, tokens.",
    )
    for minute, (sample, mb) in enumerate(minutes):
        section.rows.append(
            (f"{minute}", count(sample.rate), ms(sample.p50_ms), ms(sample.p99_ms), count(mb))
        )
    report.sections.append(section)
    report.raw = {
        f"{minute}": {**sample.told(), "mb": round(mb, 1)} for minute, (sample, mb) in enumerate(minutes)
    }
    report.at_most("growth in 10 minutes after the first, MB", _MOST_MB, minutes[-1][1] - minutes[0][1])
    return report
