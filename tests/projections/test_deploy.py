from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from database.connect import session_conninfo
from projections import registry
from projections.checkpoints import stale
from projections.deploy import deploy
from projections.follow import catch_up, tick
from projections.rebuild import RebuildFailed, rebuild, roll_back
from projections.registry import Projection, family, projections
from projections.verify import verify
from tests.events.writing import views, write, write_raw
from tests.projections.filling import Conn, differences, everything, fill, rows
from tests.strategies import erase, play, rich_moves

LOG = play(rich_moves(150, without=[erase]))


def test_a_rebuild_of_an_empty_log_is_empty(connection: Conn) -> None:
    for name in projections():
        assert rebuild(connection, name).swapped
    assert differences(connection) == {}


def test_what_commits_after_the_swap_is_folded_once(conninfo: str, connection: Conn) -> None:
    with psycopg.connect(session_conninfo(conninfo)) as slow:
        write(slow, *views(1))
        write(connection, *views(1))
        rebuild(connection, "movie_stats")
        assert connection.execute("select sum(view_count) from movie_stats").fetchone() == (1,)
        slow.commit()
    assert tick(connection, family("movie_stats")) == 1
    assert connection.execute("select sum(view_count) from movie_stats").fetchone() == (2,)


# Poison


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
    wrong = replace(
        right,
        rows=right.rows.replace("(data->>'half_stars')::integer", "(data->>'half_stars' || 'x')::integer"),
    )
    with monkeypatch.context() as patch:
        patch.setitem(registry._PROJECTIONS, "movie_stats", wrong)
        catch_up(connection)
    assert connection.execute("select projection from dead_letters").fetchall() == [("movie_stats",)]
    assert verify(connection, "movie_stats") == []
    rebuild(connection, "movie_stats")
    assert connection.execute("select count(*) from dead_letters").fetchone() == (0,)
    assert connection.execute("select sum(half_stars_sum) from movie_stats").fetchone() == (7,)
    assert verify(connection, "movie_stats") == []


def test_a_rebuild_does_without_what_was_given_up(connection: Conn) -> None:
    write(connection, *views(3))
    write_raw(connection, "movie_rated", {"half_stars": "many"}, user=uuid4(), movie=uuid4())
    catch_up(connection)
    names = ["movie_stats", "popularity_metrics"]
    assert connection.execute("select projection from dead_letters order by 1").fetchall() == [
        (n,) for n in names
    ]
    connection.execute("update dead_letters set error = 'skipped: ' || error")
    for name in (*names, "trending"):
        assert rebuild(connection, name).swapped
        assert verify(connection, name) == []
    assert connection.execute("select count(*) from dead_letters").fetchone() == (2,)
    assert connection.execute("select sum(view_count) from movie_stats").fetchone() == (3,)


# Versions


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> Projection:
    """`favorites` in its next version, with another column."""
    old = projections()["favorites"]
    new = replace(
        old,
        version=old.version + 1,
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
    with pytest.raises(RebuildFailed, match=f"version {new.version - 1}"):
        roll_back(connection, "favorites")


def test_who_is_of_another_version_than_the_table_does_not_fold_into_it(
    connection: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(connection, *views(2))
    old = projections()["movie_stats"]
    with monkeypatch.context() as patch:
        patch.setitem(registry._PROJECTIONS, "movie_stats", replace(old, version=old.version + 1))
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


def test_without_a_table_before_there_is_nothing_to_put_back(connection: Conn) -> None:
    before = everything(connection)
    with pytest.raises(RebuildFailed, match="no earlier table"):
        roll_back(connection, "ratings")
    assert everything(connection) == before
