"""What row-level security costs: the same requests to a server behind the wall and to one without, in turns."""

from __future__ import annotations

import random
from collections import defaultdict
from contextlib import ExitStack
from statistics import median

from benchmarks import http_load
from benchmarks.catalogue import MOVIES, PEOPLE, movie
from benchmarks.measure import Sample, Window, observe
from benchmarks.measure import median as middle
from benchmarks.postgres import Database, database
from benchmarks.queries import RATINGS, fill
from benchmarks.questions import Question
from benchmarks.report import Report, Section, console, count, times
from benchmarks.servers import Server, documents, running, tokens

CONNECTIONS = (1, 16, 64)
WANTED = 0.95
WALLED, OPEN = "behind the wall", "without"
_ROUNDS = 7
_PAIRS = 5_000
_RATE = "mutation Rate($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } movie { viewerState { stars } } } }"

Found = dict[tuple[str, int, str], list[Sample]]


def run(*, quick: bool) -> Report:
    """Measure what has rows of one person, what has none, and a mutation."""
    window = Window(seconds=1.0, warm_s=0.5) if quick else Window(seconds=2.0, warm_s=0.5)
    with database("wall") as db, ExitStack() as stack:
        about = fill(db, RATINGS // 10)
        servers = {
            WALLED: stack.enter_context(running(db, "benchmarks.serve", "--no-worker")),
            OPEN: stack.enter_context(running(db, "benchmarks.unwalled")),
        }
        asked = _requests(tokens())
        found: Found = defaultdict(list)
        for turn in range(3 if quick else _ROUNDS):
            console.print(f"wall: round {turn + 1} ...")
            for name, requests in asked.items():
                written = http_load.Requests.written(db.folder / "requests", requests)
                for connections in CONNECTIONS:
                    for kind in (WALLED, OPEN) if turn % 2 else (OPEN, WALLED):
                        sample = _sample(db, servers[kind], written, connections, window)
                        found[name, connections, kind].append(sample)
    return _report(about, quick, found)


def _requests(signed: list[str]) -> dict[str, list[bytes]]:
    chance = random.Random("wall")
    asked = {
        name: [Question.drawn(name, chance).request(signed) for _ in range(4_000)]
        for name in ("Home", "Movie")
    }
    asked["100 ratings"] = [
        http_load.request(documents()["MyRatings"], "MyRatings", {"first": 100}, signed[each])
        for each in (chance.randint(1, PEOPLE) for _ in range(4_000))
    ]
    pairs = [(chance.randint(1, PEOPLE), movie(chance.randint(1, MOVIES))) for _ in range(_PAIRS)]
    # each in another way when its turn comes again: what is said twice is recorded once
    asked["rate a movie"] = [
        http_load.request(_RATE, "Rate", {"i": {"movieId": f"Movie:{which}", "stars": stars}}, signed[who])
        for stars in (2.5, 4)
        for who, which in pairs
    ]
    return asked


def _sample(
    db: Database, server: Server, written: http_load.Requests, connections: int, window: Window
) -> Sample:
    load = http_load.start(written, db.folder, port=server.port, connections=connections, window=window)
    return observe(load, {"server": server.cpu_s, "PostgreSQL": db.cpu_s})


def _report(about: dict[str, str], quick: bool, found: Found) -> Report:
    report = Report("wall", about, quick)
    section = Section(
        "Requests a second behind row-level security, and without",
        ("request", "connections", WALLED, OPEN, "÷", "CPU µs", "CPU µs without", "÷"),
        note="÷ is the median of the ratios of rounds. CPU is that of the server and PostgreSQL together, a request.",
    )
    ratios: dict[str, list[float]] = defaultdict(list)
    for name, connections in dict.fromkeys(key[:2] for key in found):
        walled, without = (found[name, connections, kind] for kind in (WALLED, OPEN))
        ratio = median(a.rate / b.rate for a, b in zip(walled, without, strict=True))
        mine, others = middle(walled), middle(without)
        cpu = [median(sum(sample.cpu_us.values()) for sample in samples) for samples in (walled, without)]
        ratios[name].append(ratio)
        section.rows.append(
            (
                *(name, str(connections), count(mine.rate), count(others.rate), times(ratio)),
                *(count(cpu[0]), count(cpu[1]), times(cpu[1] / cpu[0])),
            )
        )
    report.sections = [section]
    for name, each in ratios.items():
        report.at_least(f"{name}: rate behind the wall ÷ without", WANTED, median(each))
    report.raw = {
        f"{name}, {connections}, {kind}": middle(samples).told()
        for (name, connections, kind), samples in found.items()
    }
    return report
