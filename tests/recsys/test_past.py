"""What slates were made of, read from the log afterwards, is what serving had at the moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import numpy as np
import pytest

from database.connect import pool, session_conninfo
from database.ids import uuid7
from database.pipeline import Lane
from events.people import UserErased
from events.slates import Algorithm, serve_slate
from recsys import movies
from recsys.evaluation.logged import read_logged
from recsys.evaluation.past import PastPopularity, histories
from recsys.popularity import live_popularity
from recsys.scoring import History, Scorer
from recsys.standing import Standing, nothing_learnt
from resolvers.histories import Histories
from resolvers.reader import Reader
from tests.events.writing import Conn, write
from tests.projections.filling import fill
from tests.recsys.test_reading import SEEN_ELSEWHERE, add_movies
from tests.strategies import ALONE, PEOPLE, choose, movie_id, play, rich_moves, user_id

MOMENTS = 5
EVERYTHING = 10**9
_OTHERS = [says for says in ALONE if says is not choose]


@pytest.fixture
async def told(conninfo: str) -> AsyncIterator[Histories]:
    lane = Lane(session_conninfo(conninfo), wait_s=20)
    await lane.open()
    yield Histories(Reader([lane], []))
    await lane.close()


def facts(history: History) -> list[list[float]]:
    return [
        each.tolist()
        for each in (
            history.liked,
            history.weights,
            history.disliked,
            np.sort(history.known),
            history.features,
        )
    ]


def serve(conn: Conn, person: UUID, slate_id: UUID) -> None:
    shown = [(movie_id(0), 0.5, 0.25)]
    write(
        conn,
        *serve_slate(
            user_id=person, slate_id=slate_id, algorithm=Algorithm.BLEND, model_id=None, movies=shown
        ),
    )


async def test_histories_and_popularity_are_those_that_serving_had(
    conninfo: str, connection: Conn, told: Histories
) -> None:
    add_movies(connection)
    for number in (1, 2):
        connection.execute(
            "insert into genres (id, name, slug) values (%s, %s, %s)",
            (UUID(int=number), f"G{number}", f"g{number}"),
        )
    log = play([*SEEN_ELSEWHERE, *rich_moves(400, without=_OTHERS)])
    people = [user_id(person) for person in range(PEOPLE + 1)]
    had: list[tuple[list[list[float]], np.ndarray]] = []
    async with pool(conninfo, size=1) as connections:
        known = movies.arranged(*await movies.told(connections))
        model = nothing_learnt(known)
        zeros = np.zeros(len(known), np.float32)
        standing = Standing(known, Scorer(model, zeros), zeros, None)
        for part in np.array_split(np.arange(len(log)), MOMENTS):
            fill(connection, [log[each] for each in part])
            popular = await live_popularity(
                connections, model.movies, half_life_days=model.config.half_life_days
            )
            for person in people:
                had.append((facts(standing.history(await told.told(person))), popular))
                serve(connection, person, uuid7())
    slates = read_logged(connection, low=0, high=EVERYTHING, days=1).slates
    assert len(slates) == len(had) == MOMENTS * len(people)
    popularity = PastPopularity(connection, model)
    for moment, history, (expected, popular) in zip(
        slates.made_at, histories(connection, slates, model), had, strict=True
    ):
        assert facts(history) == expected
        np.testing.assert_allclose(popularity.at(float(moment))[0], popular, rtol=1e-6)
    assert had[PEOPLE][0][3]
    assert any(expected[4] for expected, _ in had)
    assert any(len(expected[0]) > 1 for expected, _ in had)


async def test_what_was_said_between_the_answer_and_its_record_came_after(connection: Conn) -> None:
    columns = add_movies(connection)
    early, late = (play(rich_moves(40, seed=seed, without=ALONE)) for seed in (1, 2))
    for event in early:
        write(connection, event.fact)
    await asyncio.sleep(0.002)  # a slate's id says to the millisecond when it was made
    slate_id = uuid7()
    serve(connection, user_id(0), uuid7())
    for event in late:
        write(connection, event.fact)
    serve(connection, user_id(0), slate_id)
    slates = read_logged(connection, low=0, high=EVERYTHING, days=1).slates
    model = nothing_learnt(movies.arranged(",".join(f"{each},x,0,0," for each in columns.values()), []))
    told_at_once, told_late = histories(connection, slates, model)
    assert facts(told_at_once) == facts(told_late)
    assert any(facts(told_late))
    between = [event for event in late if event.fact.user_id == user_id(0)]
    assert np.ptp(slates.position) > len(between) > 0


def test_people_who_were_erased_have_no_slates(connection: Conn) -> None:
    add_movies(connection)
    for person in (0, 1):
        serve(connection, user_id(person), uuid7())
    write(connection, UserErased(user_id=user_id(0)))
    slates = read_logged(connection, low=0, high=EVERYTHING, days=1).slates
    assert [each.tobytes() for each in slates.user_ids] == [user_id(1).bytes]
