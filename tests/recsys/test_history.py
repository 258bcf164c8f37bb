from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID, uuid4

import numpy as np
import pytest

from database.connect import session_conninfo
from database.pipeline import Lane
from events.favorites import favorite_movie, unfavorite_movie
from events.handle import Handler
from events.log import Recorded
from events.pair import Pair, PairEvent, Priority, Reaction, Status
from events.ratings import rate_movie
from events.reactions import react_to_movie
from events.replica import Reading
from events.viewing import dismiss_movie, view_movie
from events.watchlist import add_to_watchlist
from events.window import Command
from projections.registry import fold_inline
from projections.spec import pairs
from recsys.history import history
from recsys.reading import read_interactions
from resolvers.histories import Histories
from resolvers.reader import Reader
from tests.events.writing import Conn
from tests.projections.filling import fill
from tests.recsys.test_reading import SEEN_ELSEWHERE, add_movies
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
    for pair, _ in pairs(log, (PairEvent,)):
        found.setdefault(pair.user_id, {})[pair.movie_id] = pair
    return found


MANY = 1_000


async def test_a_history_is_what_training_would_see_of_the_log(
    connection: Conn, histories: Histories
) -> None:
    columns = add_movies(connection)
    moves = rich_moves(300, without=[erase])
    log = play([*moves, Move(ERASED, 0, erase, ()), *SEEN_ELSEWHERE])
    fill(connection, log)
    interactions, _ = read_interactions(Reading(connection))
    people = sorted(user_id(person) for person in range(PEOPLE + 1) if person != ERASED)
    assert interactions.people == len(people)
    for number, person in enumerate(people):
        told = history(await histories.told(person), MANY)
        own = interactions.person == number
        seen = dict(zip(interactions.movie[own].tolist(), interactions.weight[own].tolist(), strict=True))
        liked = dict(zip(told.liked.tolist(), told.weights.tolist(), strict=True))
        assert liked == {movie: weight for movie, weight in seen.items() if weight > 0}
        assert set(told.disliked.tolist()) == {movie for movie, weight in seen.items() if weight < 0}
        assert set(told.known.tolist()) == {
            columns[movie]
            for movie, pair in states(log)[person].items()
            if movie in columns
            and (
                pair.reaction
                or pair.half_stars
                or pair.is_favorite
                or pair.watched_on
                or pair.status in (Status.SEEN, Status.NOT_INTERESTED)
            )
        }
    assert len((history(await histories.told(user_id(ERASED)), MANY)).known) == 0


def say(user: UUID, movie: int, decide: Callable[..., Sequence[PairEvent]], *args: object) -> Command:
    return Command(user_id=user, movie_id=movie_id(movie), decide=lambda pair, _: decide(pair, *args))


async def test_the_last_action_counts_at_once_and_comes_last(
    conninfo: str, connection: Conn, histories: Histories
) -> None:
    columns = add_movies(connection)
    lane = Lane(session_conninfo(conninfo), wait_s=20)
    await lane.open()
    handler, ann = Handler([lane], fold_inline), uuid4()
    first, second = columns[movie_id(0)], columns[movie_id(1)]

    async def liked() -> list[tuple[int, float]]:
        told = history(await histories.told(ann), MANY)
        kinds = [str(a.dtype) for a in (told.liked, told.weights, told.disliked, told.known)]
        assert kinds == ["int32", "float32", "int32", "int32"]
        return list(zip(told.liked.tolist(), told.weights.tolist(), strict=True))

    assert await liked() == []
    await handler.handle(say(ann, 0, favorite_movie))
    assert await liked() == [(first, 2.0)]
    await handler.handle(say(ann, 1, add_to_watchlist, Priority.LOW))
    assert await liked() == [(first, 2.0), (second, 0.5)]
    assert (history(await histories.told(ann), MANY)).known.tolist() == [first]
    await handler.handle(say(ann, 0, unfavorite_movie))
    await handler.handle(say(ann, 1, dismiss_movie))
    told = history(await histories.told(ann), MANY)
    assert (told.liked.tolist(), told.disliked.tolist(), told.known.tolist()) == ([], [second], [second])
    await handler.handle(say(ann, 1, react_to_movie, Reaction.LIKE))
    await handler.handle(say(ann, 0, rate_movie, 9))
    await handler.handle(say(ann, 1, view_movie))
    assert await liked() == [(second, 1.0), (first, 1.0)]
    only = min(first, second)
    assert (history(await histories.told(ann), only + 1)).liked.tolist() == [only]
    await lane.close()


async def test_many_who_ask_at_once_each_get_their_own(connection: Conn, histories: Histories) -> None:
    add_movies(connection)
    fill(connection, play(rich_moves(200, without=[erase])))
    people = [user_id(person) for person in range(PEOPLE)] * 5
    alone = [history(await histories.told(person), MANY) for person in people]
    asked = await asyncio.gather(*(histories.told(person) for person in people))
    together = [history(told, MANY) for told in asked]
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.known, other.known)
        assert np.array_equal(one.liked, other.liked)
    assert any(len(told.liked) for told in alone)
