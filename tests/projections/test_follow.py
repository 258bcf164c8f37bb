from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from database.connect import connect, session_conninfo
from events.favorites import MovieFavorited
from events.pair import Priority, Reaction
from events.ratings import MovieRated
from events.reactions import MovieReacted
from events.viewing import MovieViewed
from events.watchlist import WatchlistItemAdded
from projections.checkpoints import ProjectionStatus, statuses
from projections.follow import Follower, catch_up, tick
from projections.registry import families, family, projections
from tests.events.writing import views, write, write_raw
from tests.projections.filling import Conn, differences, everything, fill, fold_inline_anew, viewed
from tests.strategies import play, rich_moves
from tests.waiting import SOON_S, until

FOLLOWERS = sorted(p.name for p in projections().values() if not p.inline)

by_family = pytest.mark.parametrize("name", [members[0].name for members in families(inline=False)])


def status(conn: Conn, name: str) -> ProjectionStatus:
    (found,) = (each for each in statuses(conn) if each.name == name)
    return found


@contextmanager
def following(conninfo: str) -> Iterator[Follower]:
    follower = Follower(lambda: connect(conninfo), poll_s=0.01)
    thread = threading.Thread(target=follower.run)
    thread.start()
    try:
        yield follower
    finally:
        follower.stop()
        thread.join(timeout=SOON_S)
        assert not thread.is_alive()


def test_catching_up_takes_what_is_new_once(connection: Conn) -> None:
    write(connection, *views(5))
    assert catch_up(connection) == 5
    assert catch_up(connection) == 0
    write(connection, *views(2))
    assert catch_up(connection) == 2
    assert viewed(connection) == 7


def test_a_tick_takes_what_commits_late(conninfo: str, connection: Conn) -> None:
    with psycopg.connect(session_conninfo(conninfo)) as slow:
        write(slow, *views(1))
        write(connection, *views(1))
        assert catch_up(connection) == 1
        write(connection, *views(1))
        assert catch_up(connection) == 1
        slow.commit()
    assert catch_up(connection) == 1
    assert viewed(connection) == 3
    fold_inline_anew(connection)
    assert differences(connection) == {}


def test_windows_of_any_size_come_to_the_same(connection: Conn) -> None:
    log = play(rich_moves(200))
    for low in range(0, len(log), 7):
        for event in log[low : low + 7]:
            write(connection, event.fact, at=event.occurred_at)
        catch_up(connection)
    fold_inline_anew(connection)
    assert differences(connection) == {}


@by_family
def test_the_checkpoint_moves_with_the_fold_or_not_at_all(
    connection: Conn, owner_connection: Conn, name: str
) -> None:
    write(connection, *views(3))
    owner_connection.execute("""
        create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
        create trigger refuse before update on checkpoints for each row execute function refuse()""")
    before = everything(connection)
    with pytest.raises(psycopg.errors.RaiseException):
        tick(connection, family(name))
    assert everything(connection) == before
    owner_connection.execute("drop trigger refuse on checkpoints")
    assert tick(connection, family(name)) == 3
    assert tick(connection, family(name)) == 0


@by_family
def test_who_is_leased_elsewhere_is_left_alone(
    conninfo: str, connection: Conn, owner_connection: Conn, name: str
) -> None:
    write(connection, *views(3))
    with psycopg.connect(session_conninfo(conninfo)) as holder:
        holder.execute("select from checkpoints where name = %s for update", (name,))
        assert tick(connection, family(name)) is None
    assert tick(connection, family(name)) == 3


def test_two_who_follow_at_once_count_once(conninfo: str, connection: Conn) -> None:
    def write_some(seed: int) -> None:
        dice = random.Random(seed)
        with psycopg.connect(session_conninfo(conninfo)) as conn:
            for _ in range(60):
                write(conn, *views(dice.randint(1, 3)))
                time.sleep(dice.random() ** 4 / 50)
                conn.rollback() if dice.random() < 0.1 else conn.commit()

    with following(conninfo), following(conninfo), ThreadPoolExecutor(4) as threads:
        list(threads.map(write_some, range(4)))
        until(lambda: all(s.lag_events == 0 for s in statuses(connection)))
    written = connection.execute("select count(*) from events").fetchone()
    assert written == (viewed(connection),)
    fold_inline_anew(connection)
    assert differences(connection) == {}


def test_a_stale_projection_waits_for_its_rebuild(connection: Conn) -> None:
    connection.execute("update checkpoints set status = 'stale' where name = 'movie_stats'")
    write(connection, *views(1))
    assert tick(connection, family("movie_stats")) is None
    assert viewed(connection) == 0


def test_who_asks_hears_what_cannot_be_relied_on(connection: Conn) -> None:
    assert status(connection, "movie_stats").status == "live"
    connection.execute(
        "insert into dead_letters (projection, position, error) values ('movie_stats', 1, 'it burst')"
    )
    assert status(connection, "movie_stats").status == "failed"
    connection.execute("update dead_letters set error = 'skipped: ' || error")
    assert status(connection, "movie_stats").status == "live"
    connection.execute("update checkpoints set version = version - 1 where name = 'movie_stats'")
    assert status(connection, "movie_stats").status == "stale"
    connection.execute("update checkpoints set status = 'rebuilding' where name = 'movie_stats'")
    assert status(connection, "movie_stats").status == "rebuilding"


def test_lag_is_what_is_committed_and_not_folded(conninfo: str, connection: Conn) -> None:
    assert (status(connection, "movie_stats").lag_events, status(connection, "movie_stats").position) == (
        0,
        0,
    )
    with psycopg.connect(session_conninfo(conninfo)) as slow:
        write(slow, *views(1))
        write(connection, *views(2))
        assert status(connection, "movie_stats").lag_events == 2
        assert status(connection, "movie_stats").lag_seconds > 0
        catch_up(connection)
        assert (status(connection, "movie_stats").lag_events, status(connection, "movie_stats").position) == (
            0,
            3,
        )
        slow.commit()
    assert status(connection, "movie_stats").lag_events == 1
    assert status(connection, "ratings").lag_events == 0
    catch_up(connection)
    assert status(connection, "movie_stats").lag_events == 0


# Followers that run


def test_a_follower_keeps_up_and_tells(conninfo: str, connection: Conn) -> None:
    told: list[tuple[str, int]] = []
    with following(conninfo) as follower:
        follower.on_tick.append(lambda name, events, seconds: told.append((name, events)))
        for _ in range(3):
            write(connection, *views(2))
            follower.nudge()
            until(lambda: status(connection, "movie_stats").lag_events == 0)
        until(lambda: status(connection, "trending").lag_events == 0)
    assert sum(events for name, events in told if name == "movie_stats") == 6
    assert sum(events for name, events in told if name == "popularity_metrics") == 6


def test_a_follower_goes_on_when_its_connection_is_cut(
    conninfo: str, connection: Conn, owner_connection: Conn, caplog: pytest.LogCaptureFixture
) -> None:
    with following(conninfo):
        write(connection, *views(1))
        until(lambda: viewed(connection) == 1)
        mine = [connection.info.backend_pid, owner_connection.info.backend_pid]
        owner_connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> all (%s)",
            (mine,),
        )
        write(connection, *views(1))
        until(lambda: viewed(connection) == 2)
    assert "waits for the database" in caplog.text


# Poison


POISON: dict[str, dict[str, Any]] = {
    "popularity_metrics": {"half_stars": "many"},
    "movie_stats": {"half_stars": 7, "previous": "many"},
}


@pytest.mark.parametrize("name", POISON)
def test_a_poison_event_is_parked_and_the_others_go_on(connection: Conn, name: str) -> None:
    write(connection, *views(20))
    position = write_raw(connection, "movie_rated", POISON[name], user=uuid4(), movie=uuid4())
    write(connection, MovieRated(user_id=uuid4(), movie_id=uuid4(), half_stars=7, previous=None), *views(10))
    assert catch_up(connection) == 32
    assert viewed(connection) == 30
    parked = connection.execute("select projection, position, tries from dead_letters order by 1").fetchall()
    assert (name, position, 1) in parked
    assert "many" in str(connection.execute("select error from dead_letters").fetchall())
    assert status(connection, name).dead_letters == 1
    assert differences(connection, FOLLOWERS) == {}
    assert catch_up(connection) == 0
    write(connection, *views(1))
    assert catch_up(connection) == 1
    assert viewed(connection) == 31


def test_what_is_poison_for_one_is_folded_by_another(connection: Conn) -> None:
    user, movie = uuid4(), uuid4()
    write_raw(connection, "movie_rated", POISON["movie_stats"], user=user, movie=movie)
    catch_up(connection)
    assert connection.execute("select projection from dead_letters").fetchall() == [("movie_stats",)]
    counted = connection.execute("select rating_count, half_stars_sum from popularity_metrics").fetchall()
    assert counted == [(1, 7)]


# Trending


def scores(conn: Conn) -> dict[str, dict[UUID, int]]:
    found: dict[str, dict[UUID, int]] = {"DAY": {}, "WEEK": {}, "MONTH": {}, "ALL": {}}
    for window, movie, score in conn.execute(
        "select win, movie_id, score from trending where score > 0"
    ).fetchall():
        found[window][movie] = score
    return found


def test_k64_trending_counts_the_days_of_each_window_back_from_the_newest(connection: Conn) -> None:
    newest = datetime(2024, 3, 1, 12, tzinfo=UTC)
    ages = [0, 1, 6, 7, 29, 30, 400]
    movies = {age: uuid4() for age in ages}
    for age in ages:
        write(connection, MovieViewed(user_id=uuid4(), movie_id=movies[age]), at=newest - timedelta(days=age))
    catch_up(connection)
    assert scores(connection) == {
        window: {movies[age]: 1 for age in ages if age < days}
        for window, days in (("DAY", 1), ("WEEK", 7), ("MONTH", 30), ("ALL", 1000))
    }


def test_a_new_day_moves_every_window(connection: Conn) -> None:
    day = datetime(2024, 3, 1, 23, 59, tzinfo=UTC)
    old, new = uuid4(), uuid4()
    write(connection, MovieViewed(user_id=uuid4(), movie_id=old), at=day)
    catch_up(connection)
    assert scores(connection)["DAY"] == {old: 1}
    write(connection, MovieViewed(user_id=uuid4(), movie_id=new), at=day + timedelta(minutes=1))
    catch_up(connection)
    assert scores(connection)["DAY"] == {new: 1}
    assert scores(connection)["WEEK"] == {old: 1, new: 1}
    assert set(connection.execute("select as_of from trending").fetchall()) == {(date(2024, 3, 2),)}


def test_what_is_told_late_does_not_turn_the_clock_back(connection: Conn) -> None:
    day = datetime(2024, 3, 1, tzinfo=UTC)
    new, late = uuid4(), uuid4()
    write(connection, MovieViewed(user_id=uuid4(), movie_id=new), at=day)
    catch_up(connection)
    write(connection, MovieViewed(user_id=uuid4(), movie_id=late), at=day - timedelta(days=3))
    catch_up(connection)
    assert (scores(connection)["DAY"], scores(connection)["WEEK"]) == ({new: 1}, {new: 1, late: 1})


def test_each_action_has_its_points(connection: Conn) -> None:
    user, movie = uuid4(), uuid4()
    facts = {
        MovieViewed(user_id=user, movie_id=movie): 1,
        MovieReacted(user_id=user, movie_id=movie, reaction=Reaction.SUPER_LIKE, previous=None): 5,
        MovieReacted(user_id=user, movie_id=movie, reaction=Reaction.OK, previous=Reaction.LIKE): 0,
        MovieRated(user_id=user, movie_id=movie, half_stars=1, previous=None): 2,
        MovieFavorited(user_id=user, movie_id=movie): 4,
        WatchlistItemAdded(user_id=user, movie_id=movie, priority=Priority.LOW): 3,
    }
    total = 0
    for fact, points in facts.items():
        write(connection, fact)
        catch_up(connection)
        total += points
        assert scores(connection)["ALL"] == {movie: total}


def test_a_filled_database_is_what_its_log_says(connection: Conn) -> None:
    fill(connection, play(rich_moves(150)))
    assert differences(connection) == {}
