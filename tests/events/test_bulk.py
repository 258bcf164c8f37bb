from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, cast
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import errors

from database.connect import connect
from events.append import person_lock
from events.bulk import PEOPLE, Imported, SourceRating, _chunks, append_ratings
from events.facts import Event
from events.log import COLUMNS, Recorded, Source, recorded
from events.pair import Pair, PairEvent, Priority, Status
from events.people import UserErased
from events.ratings import MovieRated, RatingCleared, rate_movie
from events.watchlist import (
    RemovalReason,
    WatchlistItemAdded,
    WatchlistItemRemoved,
    remove_from_watchlist,
    set_priority,
)
from projections.follow import catch_up
from projections.registry import fold_inline, projections
from projections.verify import verify
from tests.events.writing import Conn, positions, write
from tests.postgres import Databases
from tests.strategies import ALONE, MOVIES, histories, movie_id, user_id
from tests.strategies import PEOPLE as PERSONS
from tests.waiting import until

ANN, BEN = uuid4(), uuid4()
HEAT, ALIEN = uuid4(), uuid4()
LONG_AGO = datetime(1997, 12, 4, 15, 55, 49, tzinfo=UTC)


def rating(
    half_stars: int, *, user: UUID = ANN, movie: UUID = HEAT, key: str | None = None, hours: int = 0
) -> SourceRating:
    at = LONG_AGO + timedelta(hours=hours)
    return SourceRating(user, movie, half_stars, "1-5", at, key or f"old:{movie}:{hours}:{half_stars}")


def bring(conn: Conn, *ratings: SourceRating, chunk: int = 1000) -> Imported:
    return append_ratings(conn, ratings, fold_inline, chunk=chunk)


def events_of(conn: Conn, imported: Imported) -> list[Recorded]:
    statement = f"select {COLUMNS} from events where correlation_id = %s order by position"
    return [recorded(row) for row in conn.execute(statement, [imported.correlation_id]).fetchall()]


def counts(imported: Imported) -> tuple[int, int, int, int, int]:
    return imported.rated, imported.unchanged, imported.repeated, imported.erased, imported.events


def wrong_projections(conn: Conn) -> list[str]:
    catch_up(conn)
    return [name for name in projections() if verify(conn, name)]


@pytest.fixture(scope="module")
def shared(clones: Databases) -> Iterator[Conn]:
    """A database for all examples of a property: each takes people of its own."""
    with clones.clone() as conninfo, connect(conninfo) as conn:
        yield conn


_SAID = st.tuples(
    st.integers(0, PERSONS - 1),
    st.integers(0, MOVIES - 1),
    st.integers(1, 10),
    st.sampled_from(["1-5", "0.5-5", None]),
)


@given(
    history=histories(without=ALONE), said=st.lists(_SAID, max_size=12), chunk=st.sampled_from([1, 3, 1000])
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_decides_as_the_command_does(
    shared: Conn, history: list[Recorded], said: list[tuple[int, int, int, str | None]], chunk: int
) -> None:
    people = {user_id(number): uuid4() for number in range(PERSONS)}
    facts = [with_other_person(event.fact, people) for event in history]
    write(shared, *facts)
    ratings = [
        SourceRating(
            people[user_id(who)], movie_id(what), half_stars, scale, LONG_AGO + timedelta(days=n), f"key {n}"
        )
        for n, (who, what, half_stars, scale) in enumerate(said)
    ]
    expected: list[tuple[PairEvent, datetime]] = []
    for one in ratings:
        pair = Pair(one.user_id, one.movie_id).when([*facts, *(fact for fact, _ in expected)])
        expected += [(fact, one.rated_at) for fact in rate_movie(pair, one.half_stars, one.scale)]
    imported = append_ratings(shared, ratings, fold_inline, chunk=chunk)
    assert [(event.fact, event.occurred_at) for event in events_of(shared, imported)] == expected
    assert imported.rated + imported.unchanged == len(ratings)
    assert imported.events == len(expected)


def with_other_person(fact: Event, people: dict[UUID, UUID]) -> PairEvent:
    assert isinstance(fact, PairEvent)
    return cast(PairEvent, replace(cast(Any, fact), user_id=people[fact.user_id]))


def test_a_rating_is_recorded_as_it_was_told(connection: Conn) -> None:
    imported = bring(connection, rating(8))
    (event,) = events_of(connection, imported)
    assert event.fact == MovieRated(user_id=ANN, movie_id=HEAT, half_stars=8, previous=None, scale="1-5")
    assert (event.occurred_at, event.source, event.causation_id) == (LONG_AGO, Source.IMPORT, None)
    assert event.recorded_at > datetime.now(UTC) - timedelta(minutes=5)
    assert event.event_id.version == imported.correlation_id.version == 7
    stored = connection.execute("select data from events").fetchone()
    assert stored == (event.fact.data(),)


def test_positions_follow_the_order_in_which_ratings_are_told(connection: Conn) -> None:
    told = [rating(1 + n % 10, user=(ANN, BEN)[n % 2], movie=uuid4(), hours=-n) for n in range(50)]
    recorded_events = events_of(connection, bring(connection, *told, chunk=20))
    assert [event.occurred_at for event in recorded_events] == [one.rated_at for one in told]
    assert all(before.event_id < after.event_id for before, after in pairwise(recorded_events))


def test_the_same_again_adds_nothing(connection: Conn) -> None:
    told = [rating(8), rating(6, movie=ALIEN), rating(6, user=BEN)]
    assert counts(bring(connection, *told)) == (3, 0, 0, 0, 3)
    assert counts(bring(connection, *told, rating(4, user=BEN, movie=ALIEN))) == (1, 0, 3, 0, 1)
    assert counts(bring(connection, *told, chunk=1)) == (0, 0, 3, 0, 0)
    assert wrong_projections(connection) == []


def test_a_record_that_stands_twice_in_the_source_is_one(connection: Conn) -> None:
    assert counts(bring(connection, rating(8), rating(8))) == (1, 0, 1, 0, 1)
    assert counts(bring(connection, rating(4, user=BEN), rating(4, user=BEN), chunk=1)) == (1, 0, 1, 0, 1)


def test_what_was_taken_back_since_does_not_come_again(connection: Conn) -> None:
    # the second says what holds already: no event, but its key is known from then on
    told = [rating(8), rating(8, hours=1)]
    assert counts(bring(connection, *told)) == (1, 1, 0, 0, 1)
    write(connection, RatingCleared(user_id=ANN, movie_id=HEAT, previous=8, status=None))
    assert counts(bring(connection, *told)) == (0, 0, 2, 0, 0)


def test_a_rated_movie_leaves_the_watchlist_because_of_the_rating(connection: Conn) -> None:
    write(connection, WatchlistItemAdded(user_id=ANN, movie_id=HEAT, priority=Priority.HIGH))
    catch_up(connection)
    told = [rating(6, movie=ALIEN), rating(8), rating(4, hours=1)]
    imported = bring(connection, *told)
    assert counts(imported) == (3, 0, 0, 0, 4)
    _, rated, removed, again = events_of(connection, imported)
    assert removed.fact == WatchlistItemRemoved(
        user_id=ANN, movie_id=HEAT, reason=RemovalReason.RATED, priority=Priority.HIGH, status=Status.SEEN
    )
    assert (removed.causation_id, removed.occurred_at) == (rated.event_id, rated.occurred_at)
    assert again.fact == MovieRated(user_id=ANN, movie_id=HEAT, half_stars=4, previous=8, scale="1-5")
    kept = connection.execute(
        "select event_ids from idempotency_keys where key = %s", [told[1].key]
    ).fetchone()
    assert kept == ([rated.event_id, removed.event_id],)
    assert connection.execute("select count(*) from watchlist where is_active").fetchone() == (0,)


@pytest.mark.parametrize("later", [Priority.LOW, None])
def test_what_the_watchlist_says_last_holds(connection: Conn, later: Priority | None) -> None:
    facts: list[PairEvent] = [WatchlistItemAdded(user_id=ANN, movie_id=HEAT, priority=Priority.HIGH)]
    pair = Pair(ANN, HEAT).when(facts)
    facts += set_priority(pair, later) if later else remove_from_watchlist(pair)
    write(connection, *facts)
    imported = bring(connection, rating(8))
    expected = rate_movie(Pair(ANN, HEAT).when(facts), 8, "1-5")
    assert [event.fact for event in events_of(connection, imported)] == expected
    assert len(expected) == (2 if later else 1)


def test_read_tables_are_folded_with_the_ratings(connection: Conn) -> None:
    bring(connection, rating(8), rating(6, movie=ALIEN), rating(4, hours=1), chunk=2)
    found = connection.execute("select movie_id, half_stars, rated_at from ratings").fetchall()
    assert {movie: (stars, at) for movie, stars, at in found} == {
        HEAT: (4, LONG_AGO + timedelta(hours=1)),
        ALIEN: (6, LONG_AGO),
    }
    assert wrong_projections(connection) == []


def test_erased_people_are_left_out(connection: Conn) -> None:
    write(connection, UserErased(user_id=ANN))
    assert counts(bring(connection, rating(8), rating(6, user=BEN))) == (1, 0, 0, 1, 1)
    assert connection.execute("select distinct user_id from ratings").fetchall() == [(BEN,)]


def test_an_import_that_breaks_is_completed_by_the_next(connection: Conn) -> None:
    told = [rating(8, movie=uuid4()) for _ in range(10)]

    def breaking() -> Iterator[SourceRating]:
        yield from told[:7]
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        append_ratings(connection, breaking(), fold_inline, chunk=3)
    assert len(positions(connection)) == 6
    assert counts(bring(connection, *told)) == (4, 0, 6, 0, 4)
    assert wrong_projections(connection) == []


def test_stars_that_do_not_exist_never_reach_the_log(connection: Conn) -> None:
    with pytest.raises(errors.CheckViolation):
        bring(connection, rating(8), rating(11, movie=ALIEN))
    assert positions(connection) == []
    assert counts(bring(connection, rating(8))) == (1, 0, 0, 0, 1)


def test_progress_is_told_after_each_commit(conninfo: str, connection: Conn) -> None:
    told: list[tuple[int, int]] = []
    with connect(conninfo) as other:
        append_ratings(
            connection,
            [rating(8, movie=uuid4()) for _ in range(7)],
            fold_inline,
            lambda done: told.append((done, len(positions(other)))),
            chunk=3,
        )
    assert told == [(3, 3), (3, 6), (1, 7)]


def test_two_imports_of_the_same_at_once_record_it_once(conninfo: str) -> None:
    told = [rating(1 + n % 10, user=(ANN, BEN)[n % 2], movie=uuid4()) for n in range(200)]
    found: list[Imported] = []

    def run() -> None:
        with connect(conninfo) as conn:
            found.append(bring(conn, *told, chunk=7))

    in_threads(run, run)
    assert sum(imported.rated for imported in found) == sum(imported.repeated for imported in found) == 200
    with connect(conninfo) as conn:
        assert len(positions(conn)) == 200
        assert wrong_projections(conn) == []


def test_it_waits_for_who_is_deciding_and_sees_what_they_said(
    conninfo: str, connection: Conn, writers: Callable[[], Conn]
) -> None:
    deciding = writers()
    deciding.execute("select pg_advisory_xact_lock(%s)", [person_lock(ANN)])
    write(deciding, MovieRated(user_id=ANN, movie_id=HEAT, half_stars=2, previous=None))
    found: list[Imported] = []

    def run() -> None:
        with connect(conninfo) as conn:
            found.append(bring(conn, rating(8)))

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: waiting_for_a_lock(connection) == 1)
    deciding.commit()
    thread.join(30)
    (event,) = events_of(connection, found[0])
    assert event.fact == MovieRated(user_id=ANN, movie_id=HEAT, half_stars=8, previous=2, scale="1-5")


def test_a_chunk_never_locks_more_people_than_postgresql_has_room_for(connection: Conn) -> None:
    many = [rating(8, user=uuid4()) for _ in range(PEOPLE + 1)]
    assert [len(chunk) for chunk in _chunks(many, 10_000)] == [PEOPLE, 1]
    assert [len(chunk) for chunk in _chunks(many[:5] * 3, 7)] == [7, 7, 1]
    assert counts(bring(connection, *many, chunk=10_000)) == (PEOPLE + 1, 0, 0, 0, PEOPLE + 1)


def waiting_for_a_lock(conn: Conn) -> int:
    row = conn.execute("""
        select count(*) from pg_locks l join pg_database d on d.oid = l.database
         where l.locktype = 'advisory' and not l.granted and d.datname = current_database()""").fetchone()
    assert row is not None
    return int(row[0])


def in_threads(*works: Callable[[], None]) -> None:
    failures: list[psycopg.Error] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except psycopg.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
