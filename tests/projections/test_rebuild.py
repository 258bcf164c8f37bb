from __future__ import annotations

import threading
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
from projections.checkpoints import stale
from projections.follow import catch_up, tick
from projections.rebuild import Progress, RebuildBusy, RebuildFailed, deploy, rebuild, roll_back
from projections.registry import Projection, families, family, projections
from projections.verify import verify
from tests.events.writing import views, write, write_raw
from tests.projections.filling import Conn, differences, everything, fill, rows
from tests.strategies import erase, play, rich_moves

LOG = play(rich_moves(150, without=[erase]))
GROUPS = families(inline=True) + families(inline=False)
STEPS = ["fold_log", "add_keys", "catch_up", "prove"]

by_family = pytest.mark.parametrize("name", [members[0].name for members in GROUPS])


def damage(conn: Conn, name: str) -> None:
    """Take rows out of the live tables of a family and change others."""
    for p in family(name):
        key = " || ".join(f"{column}::text" for column in p.key)
        conn.execute(f"delete from {p.name} where hashtext({key}) % 2 = 0")
        conn.execute(f"update {p.name} set {_wrong(p)}")


def _wrong(p: Projection) -> str:
    column = p.values[-1]
    return f"{column} = {column} + 1" if "int" in p.columns[column] else f"{column} = {column} + interval '1 day'" if (
        "time" in p.columns[column]
    ) else f"{column} = {column} + 1"


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
    fill(connection, LOG)
    right = everything(connection)
    damage(connection, name)
    assert set(differences(connection)) == {p.name for p in family(name)}
    rebuilt = rebuild(connection, name)
    assert (rebuilt.swapped, rebuilt.names) == (True, tuple(p.name for p in family(name)))
    assert rebuilt.events == len(LOG)
    assert {p: everything(connection)[p] for p in projections()} == {p: right[p] for p in projections()}
    assert differences(connection) == {}


@by_family
@pytest.mark.parametrize("window", [1, 7, 10_000])
def test_windows_of_any_size_come_to_the_same(connection: Conn, name: str, window: int) -> None:
    fill(connection, LOG[:60])
    right = [rows(connection, p) for p in family(name)]
    damage(connection, name)
    rebuild(connection, name, window=window)
    assert [rows(connection, p) for p in family(name)] == right


def test_a_rebuild_of_an_empty_log_is_empty(connection: Conn) -> None:
    for name in projections():
        assert rebuild(connection, name).swapped
    assert differences(connection) == {}


def test_a_rebuild_has_keys_and_indexes_like_the_first_one(connection: Conn) -> None:
    definitions = "select tablename, replace(indexdef, schemaname, '') from pg_indexes where schemaname = 'read' order by 1, 2"
    before = connection.execute(definitions).fetchall()
    assert len(before) > len(projections())
    fill(connection, LOG[:30])
    for name in projections():
        rebuild(connection, name, window=5)
    assert connection.execute(definitions).fetchall() == before


# What is written meanwhile


@pytest.mark.parametrize("step", STEPS)
@by_family
def test_what_is_written_during_a_rebuild_is_in_it(
    conninfo: str, connection: Conn, name: str, step: str
) -> None:
    fill(connection, LOG[:60])
    with connect(conninfo) as other:
        rebuild(connection, name, on_progress=at(step, lambda: someone_rates(other)))
    catch_up(connection)
    assert differences(connection, [p.name for p in family(name)]) == {}


@pytest.mark.parametrize("step", STEPS)
def test_who_is_erased_during_a_rebuild_is_gone(conninfo: str, connection: Conn, step: str) -> None:
    fill(connection, LOG[:100])
    user = LOG[0].fact.user_id
    assert user is not None
    with connect(conninfo) as other:
        rebuild(connection, "ratings", on_progress=at(step, lambda: write(other, UserErased(user_id=user))))
    assert connection.execute("select count(*) from ratings where user_id = %s", (user,)).fetchone() == (0,)
    assert connection.execute("select count(*) from ratings").fetchone() != (0,)
    assert verify(connection, "ratings") == []


def test_what_commits_after_the_swap_is_folded_once(conninfo: str, connection: Conn) -> None:
    with psycopg.connect(session_conninfo(conninfo)) as slow:
        write(slow, *views(1))
        write(connection, *views(1))
        rebuild(connection, "movie_stats")
        assert connection.execute("select sum(view_count) from movie_stats").fetchone() == (1,)
        slow.commit()
    assert catch_up(connection) == 1
    assert connection.execute("select sum(view_count) from movie_stats").fetchone() == (2,)


def test_a_swap_that_has_to_wait_loses_nothing(conninfo: str, connection: Conn) -> None:
    fill(connection, LOG[:60])
    with connect(conninfo) as other, psycopg.connect(session_conninfo(conninfo)) as reader:
        reader.execute("select count(*) from ratings")
        retried = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'access exclusive'"

        def reader_leaves() -> None:
            waited = 0
            while waited < 2:  # the second time it waits, the first attempt was given up
                while other.execute(retried).fetchone() == (0,):
                    pass
                while other.execute(retried).fetchone() != (0,):
                    pass
                waited += 1
            reader.rollback()

        with ThreadPoolExecutor(1) as threads:
            leaves = threads.submit(reader_leaves)
            with connect(conninfo) as writer:
                rebuild(connection, "ratings", on_progress=at("prove", lambda: someone_rates(writer)))
            leaves.result(timeout=30)
    assert verify(connection, "ratings") == []


# What is stopped, refused, taken back


class Stopped(Exception):
    pass


def stop() -> None:
    raise Stopped


@by_family
@pytest.mark.parametrize("step", STEPS)
def test_a_rebuild_that_is_stopped_leaves_everything_as_it_was(connection: Conn, name: str, step: str) -> None:
    fill(connection, LOG[:60])
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
    fill(connection, LOG[:60])
    before = rows(connection, projections()["ratings"])
    with connect(conninfo) as doomed:
        pid = doomed.info.backend_pid
        cut = at("catch_up", lambda: owner_connection.execute("select pg_terminate_backend(%s, 5000)", (pid,)))
        with pytest.raises(psycopg.OperationalError):
            rebuild(doomed, "ratings", on_progress=cut)
    assert rows(connection, projections()["ratings"]) == before
    assert rebuild(connection, "ratings").swapped


@by_family
def test_a_dry_run_tells_and_changes_nothing(connection: Conn, name: str) -> None:
    fill(connection, LOG[:60])
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
    fill(connection, LOG[:60])
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


@pytest.mark.parametrize("name", list(projections()))
def test_a_wrong_fold_is_refused_before_the_swap(
    connection: Conn, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    fill(connection, LOG)
    before = everything(connection)
    right = projections()[name]
    wrong = replace(right, rows=right.rows.replace("from batch", "from (select * from batch where position %% 7 > 0) batch"))
    if name == "trending":
        wrong = replace(right, rows=right.rows.replace("5 *", "6 *"))
    assert wrong.rows != right.rows
    monkeypatch.setitem(registry._PROJECTIONS, name, wrong)
    with pytest.raises(RebuildFailed, match=name):
        rebuild(connection, name)
    assert everything(connection) == before
    assert connection.execute("select count(*) from pg_tables where schemaname = 'shadow'").fetchone() == (0,)


def test_a_rebuild_stops_at_a_poison_event(connection: Conn) -> None:
    write(connection, *views(3))
    write_raw(connection, "movie_rated", {"half_stars": "many"}, user=uuid4(), movie=uuid4())
    catch_up(connection)
    before = everything(connection)
    with pytest.raises(psycopg.DataError, match="many"):
        rebuild(connection, "movie_stats")
    assert everything(connection) == before


def test_a_rebuild_that_can_fold_what_was_parked_frees_it(
    connection: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(connection, *views(3))
    write_raw(connection, "movie_rated", {"half_stars": "7"}, user=uuid4(), movie=uuid4())
    right = projections()["movie_stats"]
    wrong = replace(right, rows=right.rows.replace("(data->>'half_stars')::integer", "(data->>'half_stars' || 'x')::integer"))
    with monkeypatch.context() as patch:
        patch.setitem(registry._PROJECTIONS, "movie_stats", wrong)
        catch_up(connection)
    assert connection.execute("select projection from dead_letters").fetchall() == [("movie_stats",)]
    assert verify(connection, "movie_stats") == []
    rebuild(connection, "movie_stats")
    assert connection.execute("select count(*) from dead_letters").fetchone() == (0,)
    assert connection.execute("select sum(half_stars_sum) from movie_stats").fetchone() == (7,)
    assert verify(connection, "movie_stats") == []


# Versions


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> Projection:
    """`favorites` in a second version, with another column."""
    old = projections()["favorites"]
    new = replace(
        old,
        version=2,
        columns={**old.columns, "favorited_on": "date not null"},
        rows=f"select f.*, (favorited_at at time zone 'UTC')::date from ({old.rows}) f"
        " (user_id, movie_id, is_active, favorited_at, position)",
        proof=f"select f.*, favorited_at::date from ({old.proof}) f (user_id, movie_id, is_active, favorited_at, position)",
    )
    monkeypatch.setitem(registry._PROJECTIONS, "favorites", new)
    return new


def test_raising_a_version_rebuilds_on_deploy(
    connection: Conn, owner_connection: Conn, request: pytest.FixtureRequest
) -> None:
    fill(connection, LOG)
    assert stale(connection) == []
    assert deploy(connection) == []
    new = request.getfixturevalue("raised")
    assert stale(connection) == ["favorites"]
    assert deploy(connection) == ["favorites"]
    assert stale(connection) == []
    assert sum(rows(connection, new).values()) > 0
    assert verify(connection, "favorites") == []
    with pytest.raises(RebuildFailed, match="version 1"):
        roll_back(connection, "favorites")


def test_who_is_of_another_version_than_the_table_does_not_fold_into_it(
    connection: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(connection, *views(2))
    old = projections()["movie_stats"]
    with monkeypatch.context() as patch:
        patch.setitem(registry._PROJECTIONS, "movie_stats", replace(old, version=2))
        assert tick(connection, family("movie_stats")) is None
        assert deploy(connection) == ["movie_stats"]
        write(connection, *views(1))
    assert tick(connection, family("movie_stats")) is None
    assert connection.execute("select sum(view_count) from movie_stats").fetchone() == (2,)
    assert deploy(connection) == ["movie_stats"]
    assert connection.execute("select sum(view_count) from movie_stats").fetchone() == (3,)


def test_families_are_rebuilt_together(connection: Conn) -> None:
    connection.execute("update checkpoints set version = 0 where name = 'trending'")
    assert deploy(connection) == ["popularity_metrics", "trending"]


@by_family
def test_the_table_before_can_be_put_back_and_holds_what_came_since(connection: Conn, name: str) -> None:
    fill(connection, LOG[:60])
    members = family(name)
    rebuild(connection, name)
    someone_rates(connection)
    connection.execute("update checkpoints set version = 0 where inline and name <> %s", (name,))
    roll_back(connection, name)
    catch_up(connection)
    assert differences(connection, [p.name for p in members]) == {}
    roll_back(connection, name)
    catch_up(connection)
    assert differences(connection, [p.name for p in members]) == {}


def test_putting_back_brings_back_the_damage(connection: Conn) -> None:
    fill(connection, LOG[:60])
    damage(connection, "ratings")
    damaged = rows(connection, projections()["ratings"])
    rebuild(connection, "ratings")
    roll_back(connection, "ratings")
    assert rows(connection, projections()["ratings"]) == damaged


def test_without_a_table_before_there_is_nothing_to_put_back(connection: Conn) -> None:
    before = everything(connection)
    with pytest.raises(RebuildFailed, match="no earlier table"):
        roll_back(connection, "ratings")
    assert everything(connection) == before


def test_an_unknown_name_is_a_key_error(connection: Conn) -> None:
    with pytest.raises(KeyError):
        rebuild(connection, "nothing")


assert threading
