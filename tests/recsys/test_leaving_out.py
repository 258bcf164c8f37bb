"""The scores without a like are those of a history in which it never was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.leaving_out import scores_without
from recsys.model import Model
from recsys.reasons import reasons
from recsys.scoring import Algorithm, History, Scorer, ease_reach
from tests.recsys.conftest import MOVIES
from tests.recsys.test_scoring import ids

NEAR = dict.fromkeys(Algorithm, 1e-6) | {Algorithm.CONTENT_BASED: 1e-4}
"""By content there are two scores in this world: where they are all but the same, z magnifies what float32 rounds."""
FADING = (1.0, 2.0, 5.0)
"""Half-lives with which EASE reaches over fewer likes than a history has, and over all of them."""


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Likes and dislikes of any movies, each once, and perhaps a chosen genre."""
    liked = draw(st.lists(st.integers(0, MOVIES - 1), max_size=MOVIES, unique=True))
    weights = draw(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=len(liked), max_size=len(liked)))
    features = draw(st.lists(st.integers(0, 1), max_size=2, unique=True))
    others = sorted({*range(MOVIES)} - {*liked})
    disliked = draw(st.lists(st.sampled_from(others), max_size=2, unique=True)) if others else []
    return History(
        ids(*liked), np.array(weights, np.float32), ids(*disliked), ids(*liked, *disliked), ids(*features)
    )


@pytest.mark.parametrize("algorithm", list(Algorithm))
@given(history=histories(), half_life=st.sampled_from(FADING), data=st.data())
def test_each_like_is_really_taken_away(
    model: Model, algorithm: Algorithm, history: History, half_life: float, data: st.DataObject
) -> None:
    faster = replace(model, config=replace(model.config, half_life_likes=half_life))
    scorer = Scorer(faster, np.arange(MOVIES, dtype=np.float32))
    movies = np.array(data.draw(st.lists(st.integers(0, MOVIES - 1), max_size=6)), np.int64)
    places = np.arange(data.draw(st.integers(0, len(history.liked))), len(history.liked))
    found, held = scores_without(scorer, history, movies, places, algorithm)
    assert (held >= found - NEAR[algorithm]).all()
    slowly = [
        scorer.scores(each, algorithm)[movies] for each in (history, *map(history.without, places.tolist()))
    ]
    np.testing.assert_allclose(found, np.array(slowly), rtol=0, atol=NEAR[algorithm])
    for movie, why in zip(movies, reasons(scorer, history, movies, algorithm=algorithm), strict=True):
        for reason in why:
            if reason.liked is not None:
                without = history.without(int(np.flatnonzero(history.liked == reason.liked)[0]))
                lost = scorer.scores(history, algorithm) - scorer.scores(without, algorithm)
                assert lost[movie] == pytest.approx(reason.amount, abs=NEAR[algorithm])


@given(history=histories())
def test_a_like_that_is_near_a_popular_movie_is_a_reason_for_it(model: Model, history: History) -> None:
    scorer = Scorer(model, np.arange(MOVIES, dtype=np.float32))
    movies, places = np.arange(MOVIES), np.arange(len(history.liked))
    _, held = scores_without(scorer, history, movies, places, Algorithm.BLEND)
    for movie, why in enumerate(reasons(scorer, history, movies, most=len(places))):
        moved = {
            int(history.liked[place])
            for place in places[-20:]
            if held[0, movie] - held[1 + place, movie] > 1e-6
        }
        assert {reason.liked for reason in why if reason.liked is not None} == moved
        assert all(reason.amount > 0 for reason in why if reason.liked is not None)


def test_histories_are_longer_and_shorter_than_ease_reaches(model: Model) -> None:
    reaches = [ease_reach(replace(model.config, half_life_likes=each)) for each in FADING]
    assert min(reaches) < 20 < max(reaches)
    assert any(20 < MOVIES - 1 > reach for reach in reaches)


def test_what_nobody_trained_has_no_reasons_of_likes(model: Model) -> None:
    unliked = replace(model, likes=np.zeros(MOVIES, np.float32))
    scorer = Scorer(unliked, np.arange(MOVIES, dtype=np.float32))
    history = History(ids(0, 1), np.ones(2, np.float32))
    for algorithm in Algorithm:
        slowly = [
            scorer.scores(each, algorithm) for each in (history, history.without(0), history.without(1))
        ]
        found, _ = scores_without(scorer, history, np.arange(MOVIES), np.arange(2), algorithm)
        np.testing.assert_allclose(found, np.array(slowly), rtol=0, atol=1e-6)
