from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

import numpy as np
import pytest

from events.favorites import MovieFavorited
from events.feedback import give_feedback
from events.log import Recorded
from events.pair import Feedback, Pair, PairEvent, Status
from events.people import UserErased
from events.ratings import MovieRated
from events.reactions import MovieReacted
from events.replica import Reading
from events.viewing import MovieDismissed, MovieViewed, MovieWatched
from events.watchlist import WatchlistItemAdded
from projections.spec import erased
from recsys.catalogue import read_features
from recsys.errors import BeyondTheLog
from recsys.interactions import Interactions
from recsys.reading import read_interactions
from recsys.weights import REACTIONS, weigh
from tests.catalogue import FILMS, fill
from tests.events.writing import Conn, write
from tests.projections.filling import the_log
from tests.strategies import MOVIES, PEOPLE, Move, erase, movie_id, play, rich_moves

KNOWN = MOVIES - 1
"""Movies of the histories that the catalogue has: one is missing."""


SEEN_ELSEWHERE = [Move(PEOPLE, 0, give_feedback, (Feedback.ALREADY_SEEN,))]
"""One more person, of whom no more is known of a movie than that they saw it."""


def add_movies(conn: Conn) -> dict[UUID, int]:
    """Put some movies of the histories into the catalogue, and return their columns."""
    for number in reversed(range(KNOWN)):
        conn.execute("insert into movies (id, title) values (%s, 'A film')", [movie_id(number)])
    return dict(conn.execute("select id, database_id from movies").fetchall())


def spoken(events: Sequence[Recorded]) -> Recorded:
    """The event that the time of a pair is taken from."""

    def rank(event: Recorded) -> tuple[int, int]:
        match event.fact:
            case MovieReacted() | MovieRated() | MovieFavorited():
                return 2, event.position
            case MovieWatched() | WatchlistItemAdded() | MovieDismissed():
                return 1, event.position
            case _:
                return 0, event.position

    return max(events, key=rank)


Row = tuple[int, UUID, int, float, float]


def slowly(log: Sequence[Recorded], columns: dict[UUID, int], at: int) -> list[Row]:
    """What the arrays must say: each pair evolved by itself."""
    histories: dict[tuple[UUID, UUID], list[Recorded]] = {}
    for event in log:
        if event.position <= at and isinstance(event.fact, PairEvent):
            histories.setdefault((event.fact.user_id, event.fact.movie_id), []).append(event)
    rows: list[Row] = []
    for (user_id, movie), events in histories.items():
        if user_id in erased(log) or movie not in columns:
            continue
        pair = Pair(user_id, movie).when(event.fact for event in events)
        (weight,) = weigh(
            reaction=[REACTIONS[pair.reaction] if pair.reaction else math.nan],
            half_stars=[pair.half_stars or 0],
            favorite=[pair.is_favorite],
            watched=[bool(pair.watched_on) or pair.status is Status.SEEN],
            listed=[pair.priority is not None],
            dismissed=[pair.status is Status.NOT_INTERESTED],
            viewed=[any(isinstance(event.fact, MovieViewed) for event in events)],
        )
        if not math.isnan(weight):
            last = spoken(events)
            rows.append((last.position, user_id, columns[movie], float(weight), last.occurred_at.timestamp()))
    return sorted(rows)


def assert_says(found: Interactions, rows: list[Row]) -> None:
    """The arrays are these rows, and people have numbers of their own."""
    people = sorted({row[1] for row in rows})
    assert found.person.tolist() == [people.index(row[1]) for row in rows]
    assert found.movie.tolist() == [row[2] for row in rows]
    assert found.weight.tolist() == [row[3] for row in rows]
    assert found.at.tolist() == [row[4] for row in rows]
    assert found.people == len(people)
    kinds = [str(array.dtype) for array in (found.person, found.movie, found.weight, found.at)]
    assert kinds == ["int32", "int32", "float32", "float64"]


@pytest.mark.parametrize("window", [1_000_000, 100, 3])
def test_the_arrays_are_what_the_log_said_at_each_position(connection: Conn, window: int) -> None:
    columns = add_movies(connection)
    moves = rich_moves(300, without=[erase])
    with connection.transaction():
        for event in play([*moves[:200], Move(0, 0, erase, ()), *moves[200:], *SEEN_ELSEWHERE]):
            write(connection, event.fact, at=event.occurred_at)
    log = the_log(connection)
    told: list[int] = []

    def counted(_: str, total: int) -> Callable[[int], None]:
        told[:] = [total]
        return told.append

    for at in (0, 1, 2, 17, 90, log[-2].position, None):
        found, position = read_interactions(Reading(connection), at=at, progress=counted, window=window)
        assert position == (log[-1].position if at is None else at)
        assert_says(found, slowly(log, columns, position))
        assert found.movies == max(columns.values()) + 1
        assert told[0] == sum(told[1:]) == position
    assert len(found) > KNOWN


def test_a_busy_log_of_many_people_and_movies(connection: Conn) -> None:
    columns = add_movies(connection)
    people = [uuid4() for _ in range(40)]
    dice = np.random.default_rng(1)
    with connection.transaction():
        for n, stars in enumerate(dice.integers(1, 11, 400)):
            fact = MovieRated(
                user_id=people[dice.integers(40)],
                movie_id=movie_id(n % KNOWN),
                half_stars=int(stars),
                previous=None,
            )
            write(connection, fact)
    log = the_log(connection)
    for window in (1000, 64):
        found, position = read_interactions(Reading(connection), window=window)
        assert_says(found, slowly(log, columns, position))


@pytest.mark.parametrize("at", [-1, 3])
def test_a_position_that_the_log_does_not_reach_is_refused(connection: Conn, at: int) -> None:
    add_movies(connection)
    write(connection, *(MovieViewed(user_id=uuid4(), movie_id=movie_id(0)) for _ in range(2)))
    assert len(read_interactions(Reading(connection), at=2)[0]) == 2
    with pytest.raises(BeyondTheLog):
        read_interactions(Reading(connection), at=at)


def test_an_empty_log_and_an_empty_catalogue_are_empty_arrays(connection: Conn) -> None:
    found, position = read_interactions(Reading(connection))
    assert (len(found), found.people, found.movies, position) == (0, 0, 1, 0)
    assert read_features(connection, 1).names == ()


def test_who_was_erased_since_is_not_in_what_was_said_before(connection: Conn) -> None:
    add_movies(connection)
    ann = uuid4()
    write(connection, MovieFavorited(user_id=ann, movie_id=movie_id(0)))
    assert len(read_interactions(Reading(connection), at=1)[0]) == 1
    write(connection, UserErased(user_id=ann))
    assert len(read_interactions(Reading(connection), at=1)[0]) == 0


def test_features_are_what_the_catalogue_knows(connection: Conn) -> None:
    fill(connection)
    columns: dict[str, int] = dict(
        connection.execute("select title || coalesce(release_year, 0), database_id from movies").fetchall()
    )
    features = read_features(connection, len(FILMS) + 1)
    assert features.matrix.shape == (len(FILMS) + 1, len(features.names))

    def of(title: str) -> set[str]:
        return {features.names[column] for column in features.matrix[columns[title]].indices}

    assert {"genre:Horror", "genre:Sci-Fi", "decade:1970", "language:en"} - of("Alien1979") == {"decade:1970"}
    assert {"genre:Thriller", "decade:1990", "person:Director 0"} <= of("Heat1995")
    assert of("tt99999990") == set()
    assert "person:Actor 1" in features.names
    fewer = read_features(connection, 3)
    assert fewer.matrix.shape[0] == 3
