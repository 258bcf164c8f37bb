"""Slates, and what came of them, as they are read from the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from events.facts import Event
from events.favorites import MovieFavorited
from events.pair import Reaction
from events.ratings import MovieRated
from events.reactions import MovieReacted
from events.slates import Algorithm, RecommendationClicked, RecommendationsServed
from events.viewing import MovieViewed
from recsys.evaluation.logged import Logged, read_logged
from tests.events.writing import Conn, write
from tests.recsys.test_reading import KNOWN, add_movies
from tests.strategies import movie_id

ANN, BEN = UUID(int=1), UUID(int=2)
DAYS = 7
FIRST, SECOND = movie_id(0), movie_id(1)


def served(slate_id: UUID, *movies: UUID, first_rank: int = 1, user_id: UUID = ANN) -> RecommendationsServed:
    chances = tuple((first_rank + n) / 100 for n in range(len(movies)))
    return RecommendationsServed(
        user_id=user_id,
        slate_id=slate_id,
        algorithm=Algorithm.BLEND,
        model_id=None,
        first_rank=first_rank,
        movie_ids=movies,
        scores=chances,
        propensities=chances,
    )


def clicked(slate_id: UUID, movie: UUID = FIRST, user_id: UUID = ANN) -> Event:
    return RecommendationClicked(user_id=user_id, movie_id=movie, slate_id=slate_id)


def read(conn: Conn, low: int = 0, high: int = 10**9) -> Logged:
    return read_logged(conn, low=low, high=high, days=DAYS)


def test_pages_make_a_slate_and_a_place_that_two_servers_told_of_is_one(connection: Conn) -> None:
    columns = add_movies(connection)
    one, other = uuid4(), uuid4()
    gone = movie_id(KNOWN)
    positions = write(
        connection,
        served(one, FIRST, SECOND),
        served(other, SECOND, user_id=BEN),
        served(one, SECOND, first_rank=2),
        served(one, gone, FIRST, first_rank=3),
    )
    found = read(connection)
    assert (len(found.slates), found.slates.people, len(found)) == (2, 2, 5)
    assert found.slate.tolist() == [0, 0, 0, 0, 1]
    assert found.rank.tolist() == [1, 2, 3, 4, 1]
    first, second = columns[FIRST], columns[SECOND]
    assert found.movie.tolist() == [first, second, 0, first, second]
    assert found.propensity.tolist() == [0.01, 0.02, 0.03, 0.04, 0.01]
    assert found.slates.position.tolist() == positions[:2]
    assert found.person.tolist() == [found.slates.person[0]] * 4 + [found.slates.person[1]]
    for low, high, slates in ((positions[0], 10**9, 2), (positions[1], 10**9, 1), (0, positions[0], 1)):
        assert len(read(connection, low, high).slates) == slates
    assert len(read(connection, 0, positions[0] - 1).slates) == 0


def test_a_click_is_of_its_person_its_movie_and_its_slate(connection: Conn) -> None:
    add_movies(connection)
    one, other = uuid4(), uuid4()
    write(connection, served(one, FIRST, SECOND), served(other, FIRST, SECOND), served(uuid4(), FIRST))
    write(connection, clicked(one), clicked(other, user_id=BEN), clicked(uuid4(), SECOND))
    assert read(connection).clicked.tolist() == [True, False, False, False, False]
    assert not read(connection).liked.any()


def like(reaction: Reaction) -> Event:
    return MovieReacted(user_id=ANN, movie_id=FIRST, reaction=reaction, previous=None)


def stars(half_stars: int, user_id: UUID = ANN) -> Event:
    return MovieRated(user_id=user_id, movie_id=FIRST, half_stars=half_stars, previous=None)


@pytest.mark.parametrize(
    ("fact", "is_like"),
    [
        (like(Reaction.LIKE), True),
        (like(Reaction.SUPER_LIKE), True),
        (like(Reaction.OK), False),
        (like(Reaction.DISLIKE), False),
        (stars(8), True),
        (stars(7), False),
        (stars(10, user_id=BEN), False),
        (MovieFavorited(user_id=ANN, movie_id=FIRST), True),
        (MovieFavorited(user_id=ANN, movie_id=SECOND), False),
        (MovieViewed(user_id=ANN, movie_id=FIRST), False),
    ],
)
def test_a_like_is_one_of_that_person_and_movie(connection: Conn, fact: Event, is_like: bool) -> None:
    add_movies(connection)
    write(connection, served(uuid4(), FIRST), fact)
    assert read(connection).liked.tolist() == [is_like]


@pytest.mark.parametrize(("seconds", "is_like"), [(-2, True), (2, False)])
def test_a_like_counts_within_the_days(connection: Conn, seconds: int, is_like: bool) -> None:
    add_movies(connection)
    write(connection, served(uuid4(), FIRST))
    at = datetime.fromtimestamp(read(connection).slates.made_at[0], UTC)
    write(connection, like(Reaction.LIKE), at=at + timedelta(days=DAYS, seconds=seconds))
    assert read(connection).liked.tolist() == [is_like]


def test_a_like_before_the_slate_did_not_come_of_it(connection: Conn) -> None:
    add_movies(connection)
    write(connection, like(Reaction.LIKE), served(uuid4(), FIRST))
    assert read(connection).liked.tolist() == [False]
