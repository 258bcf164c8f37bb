from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from events.facts import decode
from events.pair import Pair
from events.slates import MOST, Algorithm, RecommendationClicked, click_recommendation, serve_slate
from tests.events.writing import Conn, write
from tests.spec import given

PAIR = Pair(UUID(int=17), UUID(int=603))
FIRST, SECOND = UUID(int=1), UUID(int=2)


def clicked(slate_id: UUID) -> RecommendationClicked:
    return RecommendationClicked(user_id=PAIR.user_id, movie_id=PAIR.movie_id, slate_id=slate_id)


def test_a_movie_is_opened_once_in_a_slate() -> None:
    given(PAIR).when(click_recommendation, FIRST).then(clicked(FIRST))
    given(PAIR, clicked(FIRST)).when(click_recommendation, FIRST).then()
    given(PAIR, clicked(FIRST)).when(click_recommendation, SECOND).then(clicked(SECOND))


@pytest.mark.parametrize(
    ("count", "lengths"), [(0, []), (1, [1]), (MOST, [MOST]), (MOST + 1, [MOST, 1]), (2 * MOST, [MOST] * 2)]
)
def test_a_slate_of_any_length_fits_into_events(connection: Conn, count: int, lengths: list[int]) -> None:
    movies = [(uuid4(), 1 / (n + 3), 1 / 3e6) for n in range(count)]
    facts = serve_slate(
        user_id=PAIR.user_id,
        slate_id=FIRST,
        algorithm=Algorithm.CONTENT_BASED,
        model_id=SECOND,
        movies=movies,
    )
    assert [len(fact.movie_ids) for fact in facts] == lengths
    assert [fact.first_rank for fact in facts] == [1 + MOST * n for n in range(len(lengths))]
    assert [movie_id for fact in facts for movie_id in fact.movie_ids] == [movie[0] for movie in movies]
    write(connection, *facts)
    stored = connection.execute("select data from events order by position").fetchall()
    assert [
        decode(fact.type, 1, PAIR.user_id, None, data) for fact, (data,) in zip(facts, stored, strict=True)
    ] == facts


def test_numbers_are_kept_to_six_digits() -> None:
    (fact,) = serve_slate(
        user_id=PAIR.user_id,
        slate_id=FIRST,
        algorithm=Algorithm.TRENDING,
        model_id=None,
        movies=[(uuid4(), 0.123456789, 1.23456789e-6)],
        first_rank=21,
    )
    assert (fact.scores, fact.propensities, fact.first_rank) == ((0.123457,), (1.23457e-6,), 21)
