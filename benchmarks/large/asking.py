"""Asking a large database what people and programs ask, and judging each plan."""

from __future__ import annotations

import re
from contextlib import ExitStack

import psycopg

from benchmarks.catalogue import movie, person
from benchmarks.large import seeding
from benchmarks.large.asked import asked
from benchmarks.large.designs import VIEWS, View
from benchmarks.large.plans import RUNS, Ran, by_key
from benchmarks.large.plans import run as ran
from benchmarks.large.volumes import Volumes
from benchmarks.postgres import Conn, Database, database, kept
from benchmarks.report import Report, Section, console, count, facts, ms, times
from database.connect import session_conninfo

QUICK_SCALE = seeding.QUICK_SCALE
LIMIT = 5.0
"""Of `Home`, beside reading as many rows by their key."""
_TIMEOUT_S = 60


def run(*, quick: bool, scale: float | None = None) -> Report:
    """Ask the database that `seed` left, or one of this scale that is made for it and given back."""
    with ExitStack() as stack:
        db = None if scale else stack.enter_context(kept(seeding.NAME))
        if db is None:
            db = stack.enter_context(database("large"))
            seeding.fill(db, Volumes(scale or QUICK_SCALE))
        return ask(db, quick=quick)


def ask(db: Database, *, quick: bool) -> Report:
    """Ask everything, and report what each took beside reading as many rows by their key."""
    with db.owner() as owner:
        found = Report("large", facts(owner), quick)
        ((events, people, actions),) = owner.execute(
            "select (select count(*) from events), (select count(*) from users), (select count(*) from activity.actions)"
        ).fetchall()
    scale = people / Volumes(1).people
    found.facts["volumes"] = f"{scale:g} of a year: {count(events)} events, {count(actions)} actions"
    documents = Section("What people ask", _COLUMNS)
    with _server(db) as conn:
        busy, known = _busy(conn), _known(conn)
        for question in asked(conn, busy, _usual(conn), known):
            one = ran(conn, question.sql, question.values)
            _add(found, documents, conn, question.name, one, is_whole=question.is_whole)
    views = Section("What programs of the designs ask their views", _COLUMNS, note=_NOTE)
    with db.owner() as conn:
        conn.execute(f"set statement_timeout = '{_TIMEOUT_S} s'")
        words = _words(conn, busy, known)
        for view in VIEWS:
            _add_view(found, views, conn, view, words)
    found.sections += [documents, views]
    found.at_most("questions that read a large table whole, and need not", 0, len(found.raw.get("whole", ())))
    return found


_COLUMNS = ("", "ms", "rows read", "ms by key", "÷ by key", "reads whole")
_NOTE = (
    "The limit is one statement that reads as many rows of the log by their keys, scattered over all of it. A table is read"
    " whole when at least half of its rows are, and it has 5,000; (whole) stands where the question wants all of it."
)


def _server(db: Database) -> Conn:
    """Open a connection as the server's are."""
    return psycopg.connect(
        session_conninfo(db.conninfo, plan_cache_mode="force_generic_plan", enable_seqscan="off"),
        autocommit=True,
    )


def _add(
    report: Report, section: Section, conn: Conn, name: str, one: Ran, *, is_whole: bool = False
) -> None:
    console.print(f"large: {name}: {ms(one.ms)} ms")
    limit = by_key(conn, max(one.touched, 1)) if one.touched < 100_000 else None
    beside = times(one.ms / limit) if limit else ""
    read = ", ".join(sorted({re.sub(r"_\d{4}_\d\d\Z|_p\d+\Z", "", name) for name in one.whole}))
    section.rows.append(
        (
            name,
            ms(one.ms),
            count(one.touched),
            ms(limit) if limit else "",
            beside,
            f"({read})" if is_whole else read,
        )
    )
    report.raw.setdefault("asked", {})[name] = {"ms": one.ms, "rows": one.touched, "by_key_ms": limit}
    if one.whole and not is_whole:
        report.raw.setdefault("whole", []).append(name)
    if name == "Home" and limit:
        report.at_most("Home ÷ as many rows by their key", LIMIT, one.ms / limit)


def _add_view(report: Report, section: Section, conn: Conn, view: View, words: dict[str, str]) -> None:
    conn.execute(f"set search_path = {view.schema}")
    try:
        one = ran(conn, view.sql.format(**words), runs=1 if view.is_whole else RUNS)
    except psycopg.errors.QueryCanceled:
        section.rows.append(
            (view.name, f"> {_TIMEOUT_S},000", "", "", "", "(given up)" if view.is_whole else "given up")
        )
        if not view.is_whole:
            report.raw.setdefault("whole", []).append(view.name)
        return
    finally:
        conn.execute("set search_path = read, public")
    _add(report, section, conn, view.name, one, is_whole=view.is_whole)


def _busy(conn: Conn) -> int:
    """Return the number of one of the busiest people."""
    most = "select user_id from history group by user_id order by count(*) desc limit 1"
    ((user_id,),) = conn.execute(most).fetchall()
    return int(user_id.hex[-12:], 16)


def _usual(conn: Conn) -> int:
    """Return the number of a person who did as much as half of all people."""
    each = "select user_id from history group by user_id order by count(*)"
    middle = f"{each} offset (select count(distinct user_id) / 2 from history) limit 1"
    ((user_id,),) = conn.execute(middle.encode()).fetchall()
    return int(user_id.hex[-12:], 16)


def _known(conn: Conn) -> int:
    """Return the number of the best known movie."""
    ((movie_id,),) = conn.execute(
        "select movie_id from movie_stats order by rating_count desc limit 1"
    ).fetchall()
    return int(movie_id.hex[-12:], 16)


def _words(conn: Conn, busy: int, known: int) -> dict[str, str]:
    """Return what stands for the placeholders of the designs' statements."""
    ((user, name),) = conn.execute(
        "select database_id, username from public.users where id = %s", (person(busy),)
    ).fetchall()
    ((number, tmdb, title),) = conn.execute(
        "select database_id, tmdb_id, title from public.movies where id = %s", (movie(known),)
    ).fetchall()
    values = {
        "user": user,
        "name": name,
        "user_id": person(busy),
        "movie": number,
        "tmdb": tmdb,
        "title": title,
    }
    return {key: str(value) for key, value in values.items()}
