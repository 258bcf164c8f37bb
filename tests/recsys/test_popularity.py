from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from database.connect import pool
from events.facts import Event
from events.favorites import MovieFavorited
from events.pair import Reaction
from events.ratings import MovieRated
from events.reactions import MovieReacted
from events.viewing import MovieViewed
from projections.follow import catch_up
from recsys.popularity import live_popularity
from tests.events.writing import Conn, write
from tests.recsys.test_reading import add_movies
from tests.strategies import movie_id

TODAY = datetime(2024, 3, 10, 12, tzinfo=UTC)
FIRST, SECOND = movie_id(0), movie_id(1)


def like(movie: UUID) -> Event:
    return MovieReacted(user_id=uuid4(), movie_id=movie, reaction=Reaction.LIKE, previous=None)


def rating(movie: UUID, half_stars: int) -> Event:
    return MovieRated(user_id=uuid4(), movie_id=movie, half_stars=half_stars, previous=None)


async def popularity(conninfo: str, movies: int, half_life_days: float = 10) -> list[float]:
    async with pool(conninfo, size=1) as connections:
        found = await live_popularity(connections, movies, half_life_days=half_life_days)
    return [float(likes) for likes in found]


async def test_a_like_counts_half_after_a_half_life(conninfo: str, connection: Conn) -> None:
    columns = add_movies(connection)
    first, second = columns[FIRST], columns[SECOND]
    highest = max(first, second)
    assert await popularity(conninfo, highest + 1) == [0.0] * (highest + 1)
    write(connection, like(FIRST), rating(FIRST, 8), at=TODAY)
    write(
        connection,
        rating(FIRST, 7),
        MovieViewed(user_id=uuid4(), movie_id=FIRST),
        at=TODAY + timedelta(days=3),
    )
    write(connection, MovieFavorited(user_id=uuid4(), movie_id=SECOND), at=TODAY - timedelta(days=10))
    write(connection, like(SECOND), at=TODAY - timedelta(days=99))
    write(connection, like(SECOND), at=TODAY - timedelta(days=100))
    write(connection, like(uuid4()), at=TODAY)
    catch_up(connection)
    found = await popularity(conninfo, highest + 1)
    assert found[first] == 2.0
    assert found[second] == pytest.approx(0.5 + 0.5**9.9)
    assert sum(found) == pytest.approx(found[first] + found[second])
    assert await popularity(conninfo, highest) == found[:highest]
