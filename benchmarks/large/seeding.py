"""Filling a database with what design S3 expects of a year: through the log, from which the tables are then folded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.keys import Keys
from benchmarks import catalogue, history
from benchmarks.large import activity, messages, people
from benchmarks.large.largest import largest
from benchmarks.large.volumes import DAYS, GB, LEAST_SCALE, TOTAL_BYTES, WITH_INDEXES, Volumes, measured
from benchmarks.postgres import Conn, Database, database, settings_of
from benchmarks.report import Report, Section, console, count, facts, times
from events.seals import seal
from projections.deploy import deploy
from projections.rebuild import rebuild_together
from projections.registry import projections

NAME = "seed"
"""The folder of the database, below those of the benchmarks."""
QUICK_SCALE = LEAST_SCALE
SKEW = (2.0, 3.0)
"""The busiest tenth of people do a third of everything, the best known tenth of movies have half of it."""
DETAILS_DAYS = 30
"""The server's own default."""

_TOLD_OF_MOVIES = """
update genres g set tmdb_id = n from (select id, row_number() over (order by id) as n from genres) o where o.id = g.id;
insert into movie_external_ratings (movie_id, source, value, scale, votes, observed_at)
select id, source, 4 + mod(database_id * salt, 50) / 10.0, 10, 100 + mod(database_id::bigint * 7919, 20000), now()
  from movies cross join (values ('tmdb', 13), ('imdb', 17)) s (source, salt);
update movies m set rating = r.value, vote_count = r.votes, popularity = mod(m.database_id::bigint * 7919, 10000) / 10.0
  from movie_external_ratings r where r.movie_id = m.id and r.source = 'tmdb';
insert into movie_translations (movie_id, locale, source, title, overview)
select id, 'fr', 'tmdb', 'Le ' || title, overview from movies where database_id % 3 = 0"""


@dataclass
class Cost:
    """Seconds by what they went to."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, step: str) -> Iterator[Callable[[int], None]]:
        """Take the time, and give what is told of things done."""
        if step not in self.seconds:
            console.print(f"seed: {step} ...")
        started, done = time.monotonic(), 0

        def advance(number: int) -> None:
            nonlocal done
            done += number
            console.print(f"seed: {step}: {count(done)} after {time.monotonic() - started:.0f} s")

        yield advance
        self.seconds[step] = self.seconds.get(step, 0) + time.monotonic() - started


def run(*, quick: bool, scale: float | None = None) -> Report:
    """Fill a database of its own, which stays until the next run, and say what it came to."""
    volumes = Volumes(scale or (QUICK_SCALE if quick else 1.0))
    with database(NAME, keep=True) as db:
        cost = fill(db, volumes)
        report = Report("seed", {}, quick)
        with db.owner() as conn:
            report.facts = facts(conn)
            _tell(report, conn, volumes, cost)
        console.print(
            f"It stays in {db.folder}: PROJECTIONIST_DATA_DIR={db.folder} projectionist serve. "
            f"Everybody (person1, person2, …) signs in with {people.PASSWORD}."
        )
    return report


def fill(db: Database, volumes: Volumes) -> Cost:
    """Put everything into an empty migrated database; its read tables are proved against the log as they are made."""
    cost = Cost()
    now = datetime.now(UTC)
    keys = Keys(settings_of(db).masters())
    # COPY writes into tables with row-level security as their owner only
    with db.connect() as conn, db.owner() as owner:
        conn.execute("select setseed(0.42)")
        with cost.of("movies"):
            catalogue.load(conn, movies=volumes.movies, people=0, recommendations=False)
            for statement in _TOLD_OF_MOVIES.split(";\n"):
                conn.execute(statement.encode())
        with cost.of("people, sealed") as advance:
            people.load(owner, keys, volumes.people, DAYS, advance)
        _live(conn, volumes, now, cost)
        with cost.of("recommendations"):
            catalogue.recommend(
                conn,
                movies=volumes.movies,
                people=volumes.people,
                each=volumes.of("user_recommendations") // volumes.people,
            )
        with cost.of("texts of messages, sealed") as advance:
            messages.keep_texts(owner, keys, volumes.people, now, advance)
        with cost.of("details of activity"):
            activity.keep_details(conn, now - timedelta(days=DETAILS_DAYS))
        with cost.of("seals of the log"):
            seal(conn)
    with db.owner() as owner, cost.of("vacuum and statistics"):
        owner.execute("vacuum analyze")
    with cost.of("read tables, folded and proved"):
        fold(db)
    db.settle()
    return cost


def fold(db: Database) -> None:
    """Make every read table of the log, two at once, and prove each."""
    rebuild_together(db.connect, list(projections()))
    with db.connect() as conn:
        if left := deploy(conn):
            raise RuntimeError(f"these tables were not rebuilt: {left}")


def _live(conn: Conn, volumes: Volumes, now: datetime, cost: Cost) -> None:
    """Append a year, month by month, so that what happened at the same time lies together in the log."""
    life = history.LIFE
    pairs = round(volumes.of("user_movie_interactions") / _interactions_each(life))
    with cost.of("what people do, decided"):
        history.stage(
            conn,
            mixture=life,
            pairs=pairs,
            people=volumes.people,
            movies=volumes.movies,
            days=DAYS,
            skew=SKEW,
        )
    acted = pairs * history.facts_each(life, activity.ACTIVITY_EVENTS)
    actions = max(0.0, volumes.of("user_activity_logs") - acted)
    begin = now - timedelta(days=DAYS)
    for low, high in months(begin, now):
        share = (high - low) / (now - begin)
        span: dict[str, Any] = {
            "first": begin,
            "low": low,
            "high": high,
            "share": share,
            "people": volumes.people,
            "movies": volumes.movies,
            "actions": round(actions * share),
        }
        conn.execute("select events_add_partitions()")
        activity.make_month(conn, low)
        with cost.of("what people do"):
            history.append(conn, now=now, low=low, high=high)
        with cost.of("slates and clicks"):
            messages.show_slates(conn, span)
        with cost.of("messages"):
            messages.send(conn, span)
        with cost.of("activity"):
            activity.act(conn, span)
        ((events,),) = conn.execute("select count(*) from events").fetchall()
        console.print(f"seed: {low:%B %Y}: {count(events)} events so far")


def _interactions_each(mixture: history.Mixture) -> float:
    """Return about how many rows the design would have of a person and a movie: one of each kind of what was said."""
    return history.facts_each(mixture) * 0.76


def months(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the spans of a time that lie in one calendar month each."""
    low = begin
    while low < end:
        first = low.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        high = min((first + timedelta(days=32)).replace(day=1), end)
        yield low, high
        low = high


def _tell(report: Report, conn: Conn, volumes: Volumes, cost: Cost) -> None:
    section, found = measured(conn, volumes)
    tables = {name: each for name, each in found.items() if name != "the log"}
    held = sum(each["bytes"] for each in tables.values())
    indexed = held + sum(each["index_bytes"] for each in tables.values())
    everything = indexed + found["the log"]["bytes"] + found["the log"]["index_bytes"]
    wanted, wanted_indexed = TOTAL_BYTES * volumes.scale, WITH_INDEXES * volumes.scale
    report.sections.append(section)
    report.sections.append(
        Section(
            "Beside the design's estimate",
            ("", "GB", "the design", "÷ the design"),
            [
                _against("tables", held, wanted),
                _against("tables and indexes", indexed, wanted_indexed),
                _against("tables, indexes and the log", everything, wanted_indexed),
            ],
        )
    )
    report.sections.append(largest(conn))
    rows = sum(each["rows"] for each in tables.values())
    whole = sum(cost.seconds.values())
    report.sections.append(
        Section(
            f"What it cost: {count(rows)} rows in {count(whole)} s, {count(rows / whole)} a second",
            ("", "seconds"),
            [(step, count(seconds)) for step, seconds in cost.seconds.items()],
        )
    )
    report.at_most("tables and indexes ÷ the design's 20 GB", 1.5, indexed / wanted_indexed)
    report.raw = {"scale": volumes.scale, "tables": found, "seconds": cost.seconds}


def _against(what: str, size: float, expected: float) -> tuple[str, str, str, str]:
    return what, f"{size / GB:.2f}", f"{expected / GB:.2f}", times(size / expected)
