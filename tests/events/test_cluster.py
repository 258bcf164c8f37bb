"""A log that was restored into another cluster: noticed, refused, settled, folded on."""

from __future__ import annotations

from uuid import uuid4

import pytest
from psycopg import errors

from events.cluster import LogMoved, has_moved, rebase, require_home
from events.favorites import MovieFavorited
from events.viewing import MovieViewed
from projections import verify
from projections.deploy import deploy
from projections.follow import catch_up
from projections.registry import projections
from tests.events.writing import Conn, views, write
from tests.projections.filling import fold_inline_anew, viewed


@pytest.fixture
def log(connection: Conn) -> Conn:
    """The application's connection to a log of three events, folded."""
    write(connection, *views(3))
    fold_inline_anew(connection)
    catch_up(connection)
    return connection


@pytest.fixture
def moved(log: Conn, owner_connection: Conn) -> Conn:
    """The same, as if it had been restored from the dump of another cluster, much older than this one."""
    for statement in (
        "update log_cluster set system_identifier = 7",
        "set projectionist.break_glass = 'on'",
        "alter table events disable trigger append_only",
        "alter table events_p0 disable trigger append_only",
        "update events set xid = (xid::text::bigint + 1000000000)::text::xid8",
        "alter table events enable always trigger append_only",
        "alter table events_p0 enable always trigger append_only",
        "set projectionist.break_glass = 'off'",
    ):
        owner_connection.execute(statement)
    return log


def assert_verified(conn: Conn) -> None:
    for name in projections():
        assert verify.verify(conn, name) == [], name


def test_a_log_at_home_has_not_moved(log: Conn) -> None:
    assert not has_moved(log)
    require_home(log)


def test_an_empty_log_has_not_moved(connection: Conn) -> None:
    assert not has_moved(connection)


def test_another_cluster_is_noticed(log: Conn, owner_connection: Conn) -> None:
    owner_connection.execute("update log_cluster set system_identifier = 7")
    assert has_moved(log)
    with pytest.raises(LogMoved):
        require_home(log)


def test_ids_from_the_future_are_noticed(moved: Conn, owner_connection: Conn) -> None:
    owner_connection.execute(
        "update log_cluster set system_identifier = (select system_identifier from pg_control_system())"
    )
    assert has_moved(moved)


def test_a_follower_would_lose_events_here(moved: Conn) -> None:
    before = viewed(moved)
    moved.execute("update checkpoints set snapshot = '3:3:'")
    moved.execute("update movie_stats set view_count = 0")
    catch_up(moved)
    assert before == 3
    assert viewed(moved) == 0


def test_rebase_and_deploy_heal_it(moved: Conn, owner_connection: Conn) -> None:
    moved.execute("delete from movie_stats")
    assert rebase(owner_connection) == 3
    assert not has_moved(moved)
    assert sorted(deploy(moved)) == sorted(projections())
    assert viewed(moved) == 3
    assert_verified(moved)


def test_after_a_rebase_later_events_are_folded_once(moved: Conn, owner_connection: Conn) -> None:
    rebase(owner_connection)
    deploy(moved)
    write(moved, *views(2))
    write(moved, MovieViewed(user_id=uuid4(), movie_id=uuid4()))
    assert catch_up(moved) == 3
    assert catch_up(moved) == 0
    assert viewed(moved) == 6
    assert not has_moved(moved)
    fold_inline_anew(moved)
    assert_verified(moved)


def test_a_rebase_in_between_loses_nothing(log: Conn, owner_connection: Conn) -> None:
    write(log, MovieFavorited(user_id=uuid4(), movie_id=uuid4()))
    rebase(owner_connection)
    write(log, MovieFavorited(user_id=uuid4(), movie_id=uuid4()))
    deploy(log)
    assert catch_up(log) == 0
    assert_verified(log)


def test_only_who_owns_the_log_can_rebase(log: Conn) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        rebase(log)
