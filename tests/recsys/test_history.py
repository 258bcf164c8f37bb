from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import numpy as np
import pytest

from database.connect import session_conninfo
from database.pipeline import Lane
from events.favorites import MovieFavorited, MovieUnfavorited, favorite_movie
from events.handle import Handler
from events.log import Recorded
from events.pair import Pair, Priority, Reaction, Status
from events.ratings import MovieRated
from events.reactions import MovieReacted
from events.viewing import dismiss_movie
from events.watchlist import WatchlistItemAdded, add_to_watchlist
from events.window import Command
from projections.registry import fold_inline
from projections.spec import pairs
from recsys.history import Opinions, opinions
from recsys.reading import read_interactions
from resolvers.histories import Histories
from resolvers.reader import Reader
from tests.events.writing import Conn
from tests.projections.filling import fill
from tests.recsys.test_reading import add_movies
from tests.strategies import ERASED, PEOPLE, Move, erase, movie_id, play, rich_moves, user_id


@pytest.fixture
async def histories(conninfo: str) -> AsyncIterator[Histories]:
    lane = Lane(session_conninfo(conninfo), wait_s=20)
    await lane.open()
    yield Histories(Reader([lane], []))
    await lane.close()


def states(log: list[Recorded]) -> dict[UUID, dict[UUID, Pair]]:
    """Where every movie stands for every person, evolved."""
    found: dict[UUID, dict[UUID, Pair]] = {}
    for pair, _ in pairs(
        log, (MovieReacted, MovieRated, MovieFavorited, MovieUnfavorited, WatchlistItemAdded)
    ):
        found.setdefault(pair.user_id, {})[pair.movie_id] = pair
    return found


async def test_opinions_are_what_training_would_see_of_the_log(
    connection: Conn, histories: Histories
) -> None:
    columns = add_movies(connection)
    moves = rich_moves(300, without=[erase])
    log = play([*moves, Move(ERASED, 0, erase, ())])
    fill(connection, log)
    interactions, _ = read_interactions(connection)
    people = sorted(user_id(person) for person in range(PEOPLE) if person != ERASED)
    named = {column: movie for movie, column in columns.items()}
    assert interactions.people == len(people)
    for number, person in enumerate(people):
        told = await histories.of(person)
        own = interactions.person == number
        seen = dict(zip(interactions.movie[own].tolist(), interactions.weight[own].tolist(), strict=True))
        said = dict(zip(told.movie.tolist(), told.weight.tolist(), strict=True))
        assert said == {movie: seen[movie] for movie in said}
        assert {weight for movie, weight in seen.items() if movie not in said} <= {0.0}  # only looked at
        for column, is_known in zip(told.movie.tolist(), told.is_known.tolist(), strict=True):
            pair = states(log)[person][named[column]]
            assert is_known is bool(
                pair.reaction
                or pair.half_stars
                or pair.is_favorite
                or pair.watched_on
                or pair.status is Status.NOT_INTERESTED
            )
    assert len((await histories.of(user_id(ERASED))).movie) == 0


def say(user: UUID, movie: int, decide: object, *args: object) -> Command:
    return Command(
        user_id=user,
        movie_id=movie_id(movie),
        decide=lambda pair, _: decide(pair, *args),  # type: ignore[operator]
    )


async def test_the_last_action_counts_at_once_and_comes_last(
    conninfo: str, connection: Conn, histories: Histories
) -> None:
    columns = add_movies(connection)
    lane = Lane(session_conninfo(conninfo), wait_s=20)
    await lane.open()
    handler, ann = Handler([lane], fold_inline), uuid4()
    first, second = columns[movie_id(0)], columns[movie_id(1)]
    assert_told(await histories.of(ann), [], [])
    await handler.handle(say(ann, 0, favorite_movie))
    assert_told(await histories.of(ann), [first], [2.0])
    await handler.handle(say(ann, 1, add_to_watchlist, Priority.LOW))
    told = await histories.of(ann)
    assert_told(told, [first, second], [2.0, 0.5])
    assert told.is_known.tolist() == [True, False]
    await handler.handle(say(ann, 0, lambda pair: []))
    await handler.handle(say(ann, 0, lambda pair: [MovieUnfavorited(user_id=ann, movie_id=movie_id(0))]))
    assert_told(await histories.of(ann), [second], [0.5])
    await handler.handle(say(ann, 1, dismiss_movie))
    assert_told(await histories.of(ann), [second], [-1.0])
    like = MovieReacted(user_id=ann, movie_id=movie_id(0), reaction=Reaction.LIKE, previous=None)
    await handler.handle(say(ann, 0, lambda pair: [like]))
    assert_told(await histories.of(ann), [second, first], [-1.0, 1.0])
    await lane.close()


def assert_told(told: Opinions, movies: list[int], weights: list[float]) -> None:
    assert (told.movie.tolist(), told.weight.tolist()) == (movies, weights)
    assert [str(array.dtype) for array in (told.movie, told.weight, told.is_known)] == [
        "int32",
        "float32",
        "bool",
    ]


async def test_many_who_ask_at_once_each_get_their_own(connection: Conn, histories: Histories) -> None:
    add_movies(connection)
    fill(connection, play(rich_moves(200, without=[erase])))
    people = [user_id(person) for person in range(PEOPLE)] * 5
    alone = [await histories.of(person) for person in people]
    together = await asyncio.gather(*(histories.of(person) for person in people))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.movie, other.movie)
        assert np.array_equal(one.weight, other.weight)
    assert any(len(told.movie) for told in alone)


def test_nothing_is_an_empty_history() -> None:
    assert_told(opinions(b"null"), [], [])
