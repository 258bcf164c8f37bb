"""Appending: ratings through the handler, beside `pgbench` that inserts single rows into a table like the log."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack

import psutil

from benchmarks import catalogue, clients, http_load, pgbench
from benchmarks.catalogue import MOVIES, PEOPLE, movie_sql, person_sql
from benchmarks.measure import ROUNDS, Sample, Window, median, observe
from benchmarks.postgres import Database, database, tree_cpu_s
from benchmarks.report import Report, Section, console, count, facts, ms, times
from benchmarks.servers import documents, running, tokens
from database.connect import session_conninfo
from projections.deploy import deploy

WAITING = (1, 16, 256)
"""How many clients wait at a time."""
TARGET = 1.0

# As the log: the same columns, the same indexes, a sequence of its own; a plain table, without partitions and triggers.
_PEER = """
create sequence plain_events_position_seq;
create table plain_events (like events including all);
alter table plain_events alter column position set default nextval('plain_events_position_seq');
grant insert on plain_events to projectionist_app;
grant usage on plain_events_position_seq to projectionist_app"""

_INSERT = f"""\\set person random(1, {PEOPLE})
\\set movie random(1, {MOVIES})
insert into plain_events (event_id, type, user_id, movie_id, data, correlation_id) values (uuidv7(), 'movie_rated', {
    person_sql(":person::integer")
}, {movie_sql(":movie::integer")}, '{{"half_stars": 7, "previous": null, "scale": null}}', uuidv7());
"""

OURS, HTTP = "handler", "rateMovie over HTTP"
PEERS: Mapping[str, pgbench.Protocol] = {"pgbench": "simple", "pgbench, prepared": "prepared"}
"""As it comes, where PostgreSQL parses and plans each insert; and with a statement that was prepared once."""
Results = dict[tuple[str, int], list[Sample]]


def run(*, quick: bool) -> Report:
    """Measure both at every number of clients, in turns."""
    window = Window(seconds=1.0, warm_s=0.5) if quick else Window(seconds=6.0, warm_s=1.5)
    with database("append", connections=300) as db, ExitStack() as stack:
        with db.owner() as owner:
            owner.execute(_PEER)
        with db.connect() as conn:
            catalogue.load(conn, recommendations=False)
            deploy(conn)
            about = facts(conn)
        found: Results = defaultdict(list)
        console.print("append: the handler and pgbench in turns ...")
        for _ in range(1 if quick else ROUNDS):
            for waiting in WAITING:
                found[OURS, waiting].append(_handler(db, waiting, window))
                for name, protocol in PEERS.items():
                    found[name, waiting].append(_pgbench(db, waiting, window, protocol))
        console.print("append: the same over HTTP ...")
        server = stack.enter_context(running(db, "benchmarks.serve"))
        made = _ratings(1_000 if quick else 50_000)
        http_load.ask(
            server.port, made[: len(made) // 5]
        )  # tokens and movies that a server has seen cost it less
        requests = http_load.Requests.written(db.folder / "requests", made)
        for _ in range(1 if quick else ROUNDS):
            for waiting in WAITING:
                db.settle()
                load = http_load.start(
                    requests, db.folder, port=server.port, connections=waiting, window=window
                )
                cpus = {"server": server.cpu_s, "PostgreSQL": db.cpu_s}
                found[HTTP, waiting].append(observe(load, cpus))
    return _report(about, quick, {key: median(samples) for key, samples in found.items()})


def _handler(db: Database, waiting: int, window: Window) -> Sample:
    db.settle()
    load = clients.start(db.conninfo, db.folder, clients=waiting, window=window)
    process = psutil.Process(load.process.pid)
    return observe(load, {"server": lambda: tree_cpu_s(process), "PostgreSQL": db.cpu_s})


def _pgbench(db: Database, waiting: int, window: Window, protocol: pgbench.Protocol) -> Sample:
    db.settle()
    conninfo = session_conninfo(db.conninfo)
    load = pgbench.start(conninfo, _INSERT, db.folder, clients=waiting, window=window, protocol=protocol)
    return observe(load, {"PostgreSQL": db.cpu_s})


def _ratings(number: int) -> list[bytes]:
    chance = random.Random(number)
    query, signed = documents()["Rate"], tokens()
    made = []
    for _ in range(number):
        movie_id = f"Movie:{catalogue.movie(chance.randint(1, MOVIES))}"
        given = {"input": {"movieId": movie_id, "stars": chance.randint(1, 10) / 2}}
        made.append(http_load.request(query, "Rate", given, signed[chance.randint(1, PEOPLE)]))
    return made


def _report(about: dict[str, str], quick: bool, found: dict[tuple[str, int], Sample]) -> Report:
    report = Report("append", about, quick)
    section = Section(
        "Appending: events a second, every one durable before it is acknowledged",
        (
            "",
            "clients",
            "events/s",
            "p50 ms",
            "p99 ms",
            "server µs",
            "PG µs",
            *(f"÷ {name}" for name in PEERS),
        ),
        note="pgbench inserts one row a transaction into a table with the log's columns and indexes, as it comes (PostgreSQL"
        " parses and plans each statement) and with a statement prepared once; the handler also locks"
        " the person, reads the pair's history, decides, and folds the read tables in the same transaction. µs are CPU"
        " microseconds an event; the handler's clients are in its own process.",
    )
    for name in (OURS, *PEERS, HTTP):
        for waiting in WAITING:
            sample = found[name, waiting]
            is_peer = name in PEERS
            ratios = (sample.rate / found[peer, waiting].rate for peer in PEERS)
            section.rows.append(
                (
                    *(name, str(waiting), count(sample.rate), ms(sample.p50_ms), ms(sample.p99_ms)),
                    "" if is_peer else count(sample.cpu_us["server"]),
                    count(sample.cpu_us["PostgreSQL"]),
                    *("" if is_peer else times(ratio) for ratio in ratios),
                )
            )
    report.sections.append(section)
    for name in PEERS:
        report.at_least(f"append at 16 clients ÷ {name}", TARGET, found[OURS, 16].rate / found[name, 16].rate)
    report.raw = {f"{name}, {waiting}": sample.told() for (name, waiting), sample in found.items()}
    return report
