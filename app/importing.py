"""Imports of whole data sets: the movies first, then the people, then their ratings through the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

import psycopg

from accounts.names import login_key
from app.wheels import fetch
from catalog import demo
from catalog.movielens import BadRow, RatingRow, Release, open_release
from catalog.movies import LoadedMovies, load_movies, movie_ids
from database.connect import connect
from database.ids import uuid7
from events.bulk import Imported, SourceRating, append_ratings
from events.cluster import require_home
from projections.follow import catch_up
from projections.registry import fold_inline

Conn = psycopg.Connection[tuple[Any, ...]]

Progress = Callable[[str, int], Callable[[int], None]]
"""Given what is counted and how many there are, what takes the number that was done since its last call."""

OnBad = Callable[[BadRow], None]


def silent(_: object) -> None:
    """Tell nobody."""


def silently(_what: str, _total: int) -> Callable[[int], None]:
    return silent


_TOLD = 10_000
"""Rows between two reports of progress where nothing is committed."""

_TELL_PEOPLE = """
create temp table told_people (
  external_id text not null, user_id uuid not null, username text not null, username_key text collate "C" not null
) on commit drop"""
_COPY_PEOPLE = "copy told_people from stdin (format binary)"
# Whoever else imports people waits until these are committed: nobody is made twice.
_LOCK_PEOPLE = "lock table imported_users in share row exclusive mode"
_FORGET_KNOWN = """
delete from told_people t using imported_users i where i.source = %(source)s and i.external_id = t.external_id"""
_CREATE_PEOPLE = """
with created as (
  insert into users (id, username, username_key) select user_id, username, username_key from told_people
  on conflict (username_key) do nothing returning id),
linked as (
  insert into imported_users (source, external_id, user_id)
  select %(source)s, external_id, user_id from told_people where user_id in (select id from created))
delete from told_people where user_id in (select id from created)"""
# Somebody signed up with that name: part of the id is added to it.
_RENAME_PEOPLE = """
update told_people
   set username = username || '-' || right(user_id::text, 4),
       username_key = username_key || '-' || right(user_id::text, 4)"""
_PEOPLE = "select external_id, user_id from imported_users where source = %(source)s"

# An import that was cut short is completed; beside other data the demo is not wanted.
_DEMO_LACKS = """
select (exists (select from imported_users where source = %(source)s) or not exists (select from events))
       and %(ratings)s > (select count(*) from imported_users i join idempotency_keys k on k.user_id = i.user_id
                           where i.source = %(source)s and starts_with(k.key, %(source)s || ':'))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import came to; `bad` counts the rows passed over, of all files; `shifted_by` is 0 for original times."""

    source: str
    movies: LoadedMovies
    people_created: int
    ratings: Imported
    bad: int
    shifted_by: timedelta


def import_movielens(
    conninfo: str,
    path: Path,
    *,
    shift_to_today: bool = False,
    progress: Progress = silently,
    on_bad: OnBad = silent,
) -> ImportReport:
    """Import any MovieLens release from a folder or a zip; the same again, shifted or not, adds nothing.

    `shift_to_today` moves all ratings by the same number of days, the newest into the last 24 hours. Raises
    UnreadableRelease, LogMoved.
    """
    release = open_release(path)
    bad = 0

    def pass_over(row: BadRow) -> None:
        nonlocal bad
        bad += 1
        on_bad(row)

    with connect(conninfo, application="projectionist import") as conn:
        require_home(conn)
        advance = progress("movies", release.movie_count_hint)
        loaded = load_movies(conn, release.name, release.movies(), advance)
        for row in loaded.bad:
            pass_over(row)
        found = _survey(release, progress("reading ratings", release.rating_count_hint))
        created, people = _people(conn, release.name, found.people)
        shifted_by = _days_to_today(found.newest) if shift_to_today else timedelta(0)
        movies = movie_ids(conn, release.name)
        advance = progress("ratings", found.rows)
        rows = _resolved(release, people, movies, shifted_by, pass_over)
        ratings = append_ratings(conn, rows, fold_inline, advance)
        advance = progress("projections", ratings.events) if ratings.events else silent
        catch_up(conn)
        advance(ratings.events)
    return ImportReport(
        source=release.name,
        movies=loaded,
        people_created=created,
        ratings=ratings,
        bad=bad,
        shifted_by=shifted_by,
    )


def import_demo(
    conninfo: str,
    cache_dir: Path,
    *,
    say: Callable[[str], None],
    progress: Progress = silently,
    on_bad: OnBad = silent,
) -> ImportReport | None:
    """Fetch the demo data once and import it, shifted to today; None where it is there, or the log holds other data.

    `say` gets the acknowledgement and that the times are shifted. Raises WheelUnavailable, UnreadableRelease, LogMoved.
    """
    with connect(conninfo) as conn:
        wanted = conn.execute(_DEMO_LACKS, {"source": demo.SOURCE, "ratings": demo.RATINGS}).fetchone()
    if not wanted or not wanted[0]:
        return None
    folder = demo_files(cache_dir)
    say(demo.ACKNOWLEDGEMENT)
    say("For the demo, the times of the ratings are shifted so that the newest is of today.")
    return import_movielens(conninfo, folder, shift_to_today=True, progress=progress, on_bad=on_bad)


def demo_files(cache_dir: Path) -> Path:
    """The folder with the files of the demo data, fetched once. Raises WheelUnavailable."""
    name, _, version = demo.REQUIREMENT.partition("==")
    members = str(PurePosixPath(demo.MEMBERS[0]).with_suffix(".i*"))
    return fetch(name, version, demo.WHEEL_SHA256, members, cache_dir)


@dataclass(slots=True)
class _Found:
    people: set[str]
    newest: RatingRow | None = None
    rows: int = 0


def _survey(release: Release, advance: Callable[[int], None]) -> _Found:
    """Read the ratings once to learn whose they are, how many, and which is the newest."""
    found = _Found(set())
    for row in release.ratings():
        found.rows += 1
        if isinstance(row, RatingRow):
            found.people.add(row.user_external_id)
            if found.newest is None or row.rated_at > found.newest.rated_at:
                found.newest = row
        if found.rows % _TOLD == 0:
            advance(_TOLD)
    advance(found.rows % _TOLD)
    return found


def _days_to_today(newest: RatingRow | None) -> timedelta:
    if newest is None:
        return timedelta(0)
    (moved,) = demo.shift([newest], datetime.now(UTC))
    assert isinstance(moved, RatingRow)
    return moved.rated_at - newest.rated_at


def _resolved(
    release: Release,
    people: dict[str, UUID],
    movies: dict[str, UUID],
    shifted_by: timedelta,
    on_bad: OnBad,
) -> Iterator[SourceRating]:
    """Yield the ratings in our own ids; their keys hold the file's own time, so that a shift changes none."""
    for row in release.ratings():
        if isinstance(row, BadRow):
            on_bad(row)
            continue
        movie_id = movies.get(row.movie_external_id)
        if movie_id is None:
            reason = f"no movie has the id {row.movie_external_id}"
            on_bad(BadRow(row.file, row.line, reason, f"{row.user_external_id} {row.movie_external_id}"))
            continue
        key = f"{release.name}:{row.movie_external_id}:{row.rated_at.timestamp():.0f}:{row.half_stars}"
        at = row.rated_at + shifted_by
        yield SourceRating(people[row.user_external_id], movie_id, row.half_stars, row.scale, at, key)


def _people(conn: Conn, source: str, external_ids: set[str]) -> tuple[int, dict[str, UUID]]:
    """Make who is not there yet, in one transaction; return how many that were, and everybody's id."""
    with conn.transaction(), conn.cursor() as cursor:
        cursor.execute(_TELL_PEOPLE)
        with cursor.copy(_COPY_PEOPLE) as copy:
            copy.set_types(("text", "uuid", "text", "text"))
            for external_id in sorted(external_ids, key=int):
                username = f"{source}-{external_id}"
                copy.write_row((external_id, uuid7(), username, login_key(username)))
        cursor.execute(_LOCK_PEOPLE)
        unknown = len(external_ids) - cursor.execute(_FORGET_KNOWN, {"source": source}).rowcount
        left = unknown
        while left := left - cursor.execute(_CREATE_PEOPLE, {"source": source}).rowcount:
            cursor.execute(_RENAME_PEOPLE)
        return unknown, dict(cursor.execute(_PEOPLE, {"source": source}).fetchall())
