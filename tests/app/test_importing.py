from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from accounts.names import login_key
from app.importing import ImportReport, import_demo, import_movielens
from catalog import demo
from catalog.movielens import BadRow, MovieRow, RatingRow, UnreadableRelease
from events.cluster import LogMoved
from projections.registry import projections
from projections.verify import verify
from tests.catalog.releases import FORMS, Form, save
from tests.events.writing import views, write

Conn = psycopg.Connection[tuple[Any, ...]]

NOON = datetime(1998, 4, 1, 12, tzinfo=UTC)
MOVIES = (MovieRow("1", "Heat", 1995, ("Action",)), MovieRow("22", "Alien", 1979, ("Horror",)))


def said(user: str, movie: str, half_stars: int, hours: int = 0) -> RatingRow:
    return RatingRow(user, movie, half_stars, "1-5", NOON + timedelta(hours=hours))


RATINGS = (said("7", "1", 8), said("10", "22", 2, 30), said("7", "22", 10, 1))


def release(
    folder: Path, ratings: Sequence[RatingRow] = RATINGS, form: Form = FORMS[0], more: bytes = b""
) -> Path:
    """A release with these ratings, then lines as they are."""
    files = form.packed(MOVIES, ratings)
    name = next(name for name in ("u.data", "ratings.dat", "ratings.csv", "ml-100k.inter") if name in files)
    files[name] += more
    return save(folder, form.name, files, zipped=True)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.people_created, report.ratings.rated, report.ratings.repeated, report.bad


def recorded(conn: Conn) -> list[tuple[Any, ...]]:
    return conn.execute("""
        select u.username, m.title, (e.data->>'half_stars')::integer, e.occurred_at
          from events e join users u on u.id = e.user_id join movies m on m.id = e.movie_id
         order by e.position""").fetchall()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name}-{form.encoding}")
def test_any_release_becomes_movies_people_and_events(
    conninfo: str, connection: Conn, tmp_path: Path, form: Form
) -> None:
    report = import_movielens(conninfo, release(tmp_path, form=form))
    assert counts(report) == (2, 3, 0, 0)
    assert recorded(connection) == [
        (f"{report.source}-7", "Heat", 8, NOON),
        (f"{report.source}-10", "Alien", 2, NOON + timedelta(hours=30)),
        (f"{report.source}-7", "Alien", 10, NOON + timedelta(hours=1)),
    ]
    assert connection.execute("select rating_count from movie_stats order by 1").fetchall() == [(1,), (2,)]
    assert [name for name in projections() if verify(connection, name)] == []


def test_people_cannot_sign_in_and_have_keys_as_other_accounts(
    conninfo: str, connection: Conn, tmp_path: Path
) -> None:
    import_movielens(conninfo, release(tmp_path))
    found = connection.execute(
        "select username, username_key, email, password_hash, roles, id from users order by database_id"
    ).fetchall()
    assert [row[:5] for row in found] == [
        (f"movielens-100k-{n}", login_key(f"movielens-100k-{n}"), None, None, ["person"]) for n in (7, 10)
    ]
    assert {row[5].version for row in found} == {7}
    linked = connection.execute("select external_id, user_id from imported_users order by user_id").fetchall()
    assert linked == [("7", found[0][5]), ("10", found[1][5])]


@pytest.mark.parametrize("shifts", [(False, False), (True, True), (True, False), (False, True)])
def test_the_same_again_adds_nothing_shifted_or_not(
    conninfo: str, connection: Conn, tmp_path: Path, shifts: tuple[bool, bool]
) -> None:
    path = release(tmp_path)
    assert counts(import_movielens(conninfo, path, shift_to_today=shifts[0])) == (2, 3, 0, 0)
    before = recorded(connection)
    report = import_movielens(conninfo, path, shift_to_today=shifts[1])
    assert counts(report) == (0, 0, 3, 0)
    assert (report.movies.created, report.movies.updated, report.ratings.events) == (0, 0, 0)
    assert recorded(connection) == before


def test_what_a_newer_release_adds_is_added(conninfo: str, connection: Conn, tmp_path: Path) -> None:
    import_movielens(conninfo, release(tmp_path))
    report = import_movielens(
        conninfo, release(tmp_path, [*RATINGS, said("7", "1", 4, 50), said("11", "1", 6)])
    )
    assert counts(report) == (1, 2, 3, 0)
    assert connection.execute("select data->>'previous' from events where position = 4").fetchone() == ("8",)


def test_shifted_times_keep_their_distances_and_end_today(
    conninfo: str, connection: Conn, tmp_path: Path
) -> None:
    report = import_movielens(conninfo, release(tmp_path), shift_to_today=True)
    times = [row[3] for row in recorded(connection)]
    assert [at - report.shifted_by for at in times] == [row.rated_at for row in RATINGS]
    assert report.shifted_by % timedelta(days=1) == timedelta(0)
    assert timedelta(0) <= datetime.now(UTC) - max(times) <= timedelta(days=1)


def test_broken_rows_are_named_and_the_rest_goes_on(conninfo: str, connection: Conn, tmp_path: Path) -> None:
    bad: list[BadRow] = []
    more = b"7\t1\tmany\t891388800\n10\t404\t3\t891388800\n\xff\n12\t22\t4\t891388800\n"
    report = import_movielens(conninfo, release(tmp_path, more=more), on_bad=bad.append)
    assert counts(report) == (3, 4, 0, 3)
    assert [(row.file, row.line) for row in bad] == [("u.data", 4), ("u.data", 5), ("u.data", 6)]
    assert bad[1].reason == "no movie has the id 404"
    assert len(recorded(connection)) == 4


def test_a_name_that_somebody_has_is_not_taken_from_them(
    conninfo: str, connection: Conn, tmp_path: Path
) -> None:
    connection.execute(
        "insert into users (id, username, username_key) values (%s, 'MovieLens-100k-7', 'movielens-100k-7')",
        [uuid4()],
    )
    assert counts(import_movielens(conninfo, release(tmp_path))) == (2, 3, 0, 0)
    names = [
        name for (name,) in connection.execute("select username from users order by database_id").fetchall()
    ]
    assert names[:2] == ["MovieLens-100k-7", "movielens-100k-10"]
    assert names[2].startswith("movielens-100k-7-")
    assert counts(import_movielens(conninfo, release(tmp_path))) == (0, 0, 3, 0)


def test_progress_reaches_what_was_announced(conninfo: str, tmp_path: Path) -> None:
    announced: dict[str, int] = {}
    done: dict[str, int] = {}

    def begin(what: str, total: int) -> Any:
        announced[what], done[what] = total, 0

        def advance(more: int) -> None:
            done[what] += more

        return advance

    import_movielens(conninfo, release(tmp_path), progress=begin)
    assert done == announced == {"movies": 2, "reading ratings": 3, "ratings": 3, "projections": 3}


def test_what_is_no_release_is_refused(conninfo: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableRelease):
        import_movielens(conninfo, tmp_path)


def test_a_log_that_was_restored_elsewhere_takes_no_import(
    conninfo: str, owner_connection: Conn, tmp_path: Path
) -> None:
    owner_connection.execute("update log_cluster set system_identifier = 1")
    with pytest.raises(LogMoved):
        import_movielens(conninfo, release(tmp_path))
    assert owner_connection.execute("select count(*) from movies").fetchone() == (0,)


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """A cache in which the demo's files lie already, a few of them."""
    name, _, version = demo.REQUIREMENT.partition("==")
    folder = tmp_path / "cache" / f"{name}-{version}"
    folder.mkdir(parents=True)
    for file, content in FORMS[-1].packed(MOVIES, RATINGS).items():
        (folder / file).write_bytes(content)
    return folder.parent


def test_the_demo_says_whose_data_it_is_and_that_times_are_shifted(conninfo: str, fetched: Path) -> None:
    told: list[str] = []
    report = import_demo(conninfo, fetched, say=told.append)
    assert report is not None
    assert counts(report) == (2, 3, 0, 0)
    assert report.source == demo.SOURCE
    assert report.shifted_by > timedelta(days=9000)
    assert told[0] == demo.ACKNOWLEDGEMENT
    assert "shifted" in told[1]


def test_a_demo_that_was_cut_short_is_completed(conninfo: str, fetched: Path) -> None:
    for expected in ((2, 3, 0, 0), (0, 0, 3, 0)):
        report = import_demo(conninfo, fetched, say=lambda _: None)
        assert report is not None
        assert counts(report) == expected


def test_the_demo_stays_out_of_a_log_with_other_data(conninfo: str, connection: Conn, fetched: Path) -> None:
    write(connection, *views(1))
    told: list[str] = []
    assert import_demo(conninfo, fetched, say=told.append) is None
    assert told == []
