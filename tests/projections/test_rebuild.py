from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from database.connect import connect, session_conninfo
from events.pair import Reaction
from events.people import UserErased
from events.ratings import MovieRated
from events.reactions import MovieReacted
from projections import registry
from projections.follow import catch_up
from projections.rebuild import (
    Progress,
    RebuildBusy,
    RebuildFailed,
    rebuild,
    roll_back,
)
from projections.registry import families, family, projections
from projections.verify import verify
from tests.events.writing import write
from tests.projections.filling import Conn, differences, everything, rows
from tests.strategies import user_id

GROUPS = families(inline=True) + families(inline=False)
STEPS = ["fold_log", "add_keys", "catch_up", "prove"]

NAMES = [members[0].name for members in GROUPS]

by_family = pytest.mark.parametrize("name", NAMES)
at_each_step = pytest.mark.parametrize(
    ("name", "step"), [*(("ratings", step) for step in STEPS), *((name, "prove") for name in NAMES)]
)


@pytest.fixture
def conninfo(filled_conninfo: str) -> str:
    """What every test here begins with: tables that hold what a log says."""
    return filled_conninfo


def damage(conn: Conn, name: str) -> None:
    """Take a row out of the live tables of a family and change the others."""
    for p in family(name):
        conn.execute(f"delete from {p.name} where ctid = (select min(ctid) from {p.name})")
        column = next(c for c in reversed(p.values) if not p.columns[c].startswith("text"))
        by = "interval '1 day'" if p.columns[column].startswith("timestamptz") else "1"
        conn.execute(f"update {p.name} set {column} = {column} + {by}")


def at(step: str, do: Callable[[], object]) -> Callable[[Progress], None]:
    """Do something once, when a rebuild comes to a step."""
    done: list[object] = []

    def tell(progress: Progress) -> None:
        if progress.step == step and not done:
            done.append(step)
            do()

    return tell


def someone_rates(conn: Conn) -> None:
    user, movie = uuid4(), uuid4()
    write(
        conn,
        MovieRated(user_id=user, movie_id=movie, half_stars=7, previous=None),
        MovieReacted(user_id=user, movie_id=movie, reaction=Reaction.LIKE, previous=None),
    )


@by_family
def test_a_rebuild_heals_what_was_damaged(connection: Conn, name: str) -> None:
    right = everything(connection)
    damage(connection, name)
    assert set(differences(connection)) == {p.name for p in family(name)}
    rebuilt = rebuild(connection, name)
    assert (rebuilt.swapped, rebuilt.names) == (True, tuple(p.name for p in family(name)))
    assert (rebuilt.events,) == connection.execute("select count(*) from events").fetchone()
    assert {p: everything(connection)[p] for p in projections()} == {p: right[p] for p in projections()}
    assert differences(connection) == {}


@by_family
def test_a_rebuild_in_many_windows_equals_one(connection: Conn, name: str) -> None:
    right = [rows(connection, p) for p in family(name)]
    damage(connection, name)
    rebuild(connection, name, window=3)
    assert [rows(connection, p) for p in family(name)] == right


def test_a_rebuild_has_keys_and_indexes_like_the_first_one(connection: Conn) -> None:
    definitions = "select tablename, indexdef from pg_indexes where schemaname = 'read' order by 1, 2"
    before = connection.execute(definitions).fetchall()
    assert len(before) > len(projections())
    for name in projections():
        rebuild(connection, name, window=5)
    assert connection.execute(definitions).fetchall() == before


# What is written meanwhile


@at_each_step
def test_what_is_written_during_a_rebuild_is_in_it(
    conninfo: str, connection: Conn, name: str, step: str
) -> None:
    with connect(conninfo) as other:
        rebuild(connection, name, on_progress=at(step, lambda: someone_rates(other)))
    catch_up(connection)
    assert differences(connection, [p.name for p in family(name)]) == {}


@pytest.mark.parametrize("step", STEPS)
def test_who_is_erased_during_a_rebuild_is_gone(conninfo: str, connection: Conn, step: str) -> None:
    user = user_id(0)
    with connect(conninfo) as other:
        rebuild(connection, "ratings", on_progress=at(step, lambda: write(other, UserErased(user_id=user))))
    assert connection.execute("select count(*) from ratings where user_id = %s", (user,)).fetchone() == (0,)
    assert connection.execute("select count(*) from ratings").fetchone() != (0,)
    assert verify(connection, "ratings") == []


def test_a_swap_that_has_to_wait_loses_nothing(
    conninfo: str, connection: Conn, owner_connection: Conn
) -> None:
    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query ~ '^lock table'"

    def waiting(count: int) -> None:
        deadline = time.monotonic() + 30
        while owner_connection.execute(waits).fetchone() != (count,):
            assert time.monotonic() < deadline

    def leave(reader: Conn) -> None:
        for count in (1, 0, 1):  # when it waits for the second time, the first attempt was given up
            waiting(count)
        reader.rollback()

    with (
        connect(conninfo) as writer,
        psycopg.connect(session_conninfo(conninfo)) as reader,
        ThreadPoolExecutor(1) as threads,
    ):
        reader.execute("select count(*) from ratings")
        left = threads.submit(leave, reader)
        rebuild(connection, "ratings", on_progress=at("prove", lambda: someone_rates(writer)))
        left.result(timeout=30)
    assert verify(connection, "ratings") == []


# What is stopped, refused, taken back


class Stopped(Exception):
    pass


def stop() -> None:
    raise Stopped


@at_each_step
def test_a_rebuild_that_is_stopped_leaves_everything_as_it_was(
    connection: Conn, name: str, step: str
) -> None:
    before = everything(connection)
    with pytest.raises(Stopped):
        rebuild(connection, name, on_progress=at(step, stop))
    assert everything(connection) == before
    assert connection.execute("select count(*) from pg_tables where schemaname = 'shadow'").fetchone() == (0,)
    assert connection.execute("show search_path").fetchone() == ("read, public",)
    assert rebuild(connection, name).swapped
    assert differences(connection) == {}


def test_a_rebuild_whose_connection_is_cut_leaves_the_live_table(
    conninfo: str, connection: Conn, owner_connection: Conn
) -> None:
    before = rows(connection, projections()["ratings"])
    with connect(conninfo) as doomed:
        pid = doomed.info.backend_pid
        cut = at(
            "catch_up", lambda: owner_connection.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        )
        with pytest.raises(psycopg.OperationalError):
            rebuild(doomed, "ratings", on_progress=cut)
    assert rows(connection, projections()["ratings"]) == before
    assert rebuild(connection, "ratings").swapped


@by_family
def test_a_dry_run_tells_and_changes_nothing(connection: Conn, name: str) -> None:
    assert rebuild(connection, name, dry_run=True).changes == {p.name: [] for p in family(name)}
    damage(connection, name)
    before = everything(connection)
    told = rebuild(connection, name, dry_run=True)
    assert not told.swapped
    assert all(told.changes[p.name] for p in family(name))
    assert {d.only_in for d in told.changes[name]} == {"log", "table"}
    assert everything(connection) == before
    assert connection.execute("select count(*) from pg_tables where schemaname = 'shadow'").fetchone() == (0,)


def test_a_rebuild_says_how_far_it_is(connection: Conn) -> None:
    told: list[Progress] = []
    rebuild(connection, "ratings", window=10, on_progress=told.append)
    assert list(dict.fromkeys(progress.step for progress in told)) == STEPS
    folding = [progress.events for progress in told if progress.step == "fold_log"]
    assert folding == sorted(folding)
    assert len(folding) > 6


def test_two_rebuilds_of_a_family_do_not_run_at_once(conninfo: str, connection: Conn) -> None:
    def second() -> None:
        with connect(conninfo) as other, pytest.raises(RebuildBusy):
            rebuild(other, "trending")

    assert rebuild(connection, "popularity_metrics", on_progress=at("prove", second)).swapped


def test_without_the_proof_nothing_is_compared(connection: Conn, monkeypatch: pytest.MonkeyPatch) -> None:
    right = projections()["favorites"]
    monkeypatch.setitem(registry._PROJECTIONS, "favorites", replace(right, proof="select 1 / 0"))
    done = rebuild(connection, "favorites", prove=False)
    assert done.swapped
    assert "prove" not in done.seconds


def test_a_rollback_waits_for_no_rebuild(conninfo: str, connection: Conn) -> None:
    rebuild(connection, "ratings")

    def taken_back() -> None:
        with connect(conninfo) as other, pytest.raises(RebuildBusy):
            roll_back(other, "ratings")

    assert rebuild(connection, "ratings", on_progress=at("prove", taken_back)).swapped


@pytest.mark.parametrize("name", list(projections()))
def test_a_wrong_fold_is_refused_before_the_swap(
    connection: Conn, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = everything(connection)
    right = projections()[name]
    wrong = replace(
        right,
        rows=right.rows.replace("from batch", "from (select * from batch where position %% 2 > 0) batch"),
    )
    if name == "trending":
        wrong = replace(right, rows=right.rows.replace("5 *", "6 *"))
    assert wrong.rows != right.rows
    monkeypatch.setitem(registry._PROJECTIONS, name, wrong)
    with pytest.raises(RebuildFailed, match=name):
        rebuild(connection, name)
    assert everything(connection) == before
    assert connection.execute("select count(*) from pg_tables where schemaname = 'shadow'").fetchone() == (0,)


@by_family
def test_the_table_before_can_be_put_back_and_holds_what_came_since(connection: Conn, name: str) -> None:
    members = family(name)
    rebuild(connection, name)
    someone_rates(connection)
    roll_back(connection, name)
    catch_up(connection)
    assert differences(connection, [p.name for p in members]) == {}


@by_family
def test_the_table_that_was_put_back_can_be_exchanged_again(connection: Conn, name: str) -> None:
    members = [p for p in family(name) if p.kind != "derived"]  # what is derived is so again each time
    right = [rows(connection, p) for p in members]
    damage(connection, name)
    damaged = [rows(connection, p) for p in members]
    rebuild(connection, name)
    for expected in (damaged, right, damaged):
        roll_back(connection, name)
        assert [rows(connection, p) for p in members] == expected


def test_an_unknown_name_is_a_key_error(connection: Conn) -> None:
    with pytest.raises(KeyError):
        rebuild(connection, "nothing")
