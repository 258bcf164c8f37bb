"""Recommendations over HTTP: the whole query, with the load and PostgreSQL on the same machine."""

from __future__ import annotations

import random
from contextlib import ExitStack
from uuid import uuid4

import orjson

from benchmarks import catalogue, history, http_load
from benchmarks.catalogue import MOVIES, PEOPLE, movie
from benchmarks.measure import Sample, Window, observe
from benchmarks.postgres import Database, database
from benchmarks.recommender import made_up
from benchmarks.report import Report, Section, console, count, facts, ms
from benchmarks.servers import running, tokens
from events.models import ModelTrained, promote_model
from events.record import decide_models
from projections.deploy import deploy
from projections.follow import catch_up
from projections.registry import fold_inline
from recsys.store import ModelStore

_CONNECTIONS = 16
_AT_LEAST = 300.0
"""Requests a second."""
_PAIRS = 200_000
_DISTINCT = 4_000
_CATALOGUES = (MOVIES, 50_000)

_QUERY = """query R($filter: RecommendationFilter) { viewer {
  recommendations(first: 20, filter: $filter) { slateId edges { score algorithm node { id title } %s } } } }"""
_REASONS = "reasons { text because { id title } }"
_WAYS = {
    "a new slate each time": (_QUERY % "", True),
    "a new slate and its reasons each time": (_QUERY % _REASONS, True),
    "the same slate again": (_QUERY % "", False),
    "the same slate again with its reasons": (_QUERY % _REASONS, False),
}
"""Documents, and whether each request asks for what nobody has asked for."""


def run(*, quick: bool) -> Report:
    """Measure `recommendations(first: 20)` at 16 connections over each catalogue."""
    window = Window(seconds=1.0, warm_s=0.5) if quick else Window(seconds=4.0, warm_s=2.0)
    about: dict[str, str] = {}
    table = Section(
        f"`recommendations(first: 20)` over HTTP, {_CONNECTIONS} connections",
        ("movies", "what", "requests/s", "p50 ms", "p99 ms", "server µs", "PG µs"),
        note="One server process; PostgreSQL and the load on the same machine. 64 dimensions, some 40 movies a person;"
        " the last two columns are CPU microseconds a request.",
    )
    found: dict[tuple[int, str], Sample] = {}
    for movies in _CATALOGUES[:1] if quick else _CATALOGUES:
        with database("recommendations") as db:
            about = _fill(db, movies)
            for what, sample in _measured(db, window).items():
                found[movies, what] = sample
                table.rows.append(
                    (
                        *(count(movies), what, count(sample.rate), ms(sample.p50_ms), ms(sample.p99_ms)),
                        *(count(sample.cpu_us[who]) for who in ("server", "PostgreSQL")),
                    )
                )
    report = Report("recommendations", about, quick)
    report.sections.append(table)
    for (movies, what), sample in found.items():
        name = f"{count(movies)} movies, {what}: requests/s ÷ {_AT_LEAST:.0f}"
        report.at_least(name, 1.0, sample.rate / _AT_LEAST)
    report.raw = {f"{movies}, {what}": sample.told() for (movies, what), sample in found.items()}
    return report


def _fill(db: Database, movies: int) -> dict[str, str]:
    console.print(f"{count(movies)} movies, {count(PEOPLE)} people ...")
    model, model_id = made_up(movies + 1), uuid4()
    ModelStore(db.folder / "models").keep(model_id, model)
    fact = ModelTrained(
        model_id=model_id, up_to_position=1, digest=model.digest(), configuration={}, metrics={}
    )
    with db.connect() as conn:
        catalogue.load(conn, movies=movies, recommendations=False)
        history.load(conn, mixture=history.RATINGS, pairs=_PAIRS, movies=movies)
        deploy(conn)
        decide_models(conn, fold_inline, lambda _: [fact])
        decide_models(conn, fold_inline, lambda models: promote_model(models, model_id))
        catch_up(conn)
        about = facts(conn)
    with db.owner() as owner:
        owner.execute("vacuum analyze")
    db.settle()
    return about


def _measured(db: Database, window: Window) -> dict[str, Sample]:
    signed, chance = tokens(), random.Random("recommendations")
    found = {}
    with ExitStack() as stack:
        folder = str(db.folder / "models")
        server = stack.enter_context(
            running(db, "benchmarks.serve", "--no-worker", PROJECTIONIST_MODELS_DIR=folder)
        )
        _await_model(server.port, signed[1])
        for what, (document, is_new) in _WAYS.items():
            console.print(f"recommendations: {what} ...")
            asked = []
            for number in range(_DISTINCT if is_new else PEOPLE // 20):
                chosen = {
                    "excludeIds": [f"Movie:{movie(chance.randint(1, MOVIES))}", f"Movie:{movie(number + 1)}"]
                }
                variables = {"filter": chosen if is_new else None}
                asked.append(http_load.request(document, "R", variables, signed[chance.randint(1, PEOPLE)]))
            if not is_new:
                http_load.ask(server.port, asked)
            written = http_load.Requests.written(db.folder / "requests", asked)
            load = http_load.start(
                written, db.folder, port=server.port, connections=_CONNECTIONS, window=window
            )
            found[what] = observe(load, {"server": server.cpu_s, "PostgreSQL": db.cpu_s})
    return found


def _await_model(port: int, token: str) -> None:
    """Return when the server recommends by the model."""
    query = "query R { viewer { recommendations(first: 1) { edges { algorithm } } } }"
    while True:
        (body,) = http_load.ask(port, [http_load.request(query, "R", {}, token)])
        if "BLEND" in str(orjson.loads(body)["data"]):
            return
