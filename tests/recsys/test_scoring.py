"""What people get, from a model of two tastes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys import features
from recsys.cold import extend
from recsys.features import Features
from recsys.model import Ints, Model
from recsys.scoring import Algorithm, History, Scorer, best_of
from recsys.similar import similar
from tests.recsys.conftest import LOVE, MOVIES, NEW_LOVE, NEW_WAR, WAR

PERSONAL = [Algorithm.BLEND, Algorithm.HYBRID, Algorithm.COLLABORATIVE, Algorithm.CONTENT_BASED]


def ids(*movies: int) -> Ints:
    return np.array(movies, np.int32)


def liking(*movies: int) -> History:
    return History(ids(*movies), np.ones(len(movies), np.float32), known=ids(*movies))


@pytest.mark.parametrize("algorithm", PERSONAL)
@pytest.mark.parametrize(("taste", "liked"), [(WAR, (0, 1, 2)), (LOVE, (12, 13, 14))])
def test_three_likes_of_a_kind_bring_more_of_the_kind(
    scorer: Scorer, algorithm: Algorithm, taste: range, liked: tuple[int, ...]
) -> None:
    best, _ = scorer.top(liking(*liked), 6, algorithm)
    assert sum(movie in taste for movie in best) >= 5


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_k61_scores_are_from_0_to_1_and_order_as_the_list_does(scorer: Scorer, algorithm: Algorithm) -> None:
    history = liking(0, 1, 12)
    scores = scorer.scores(history, algorithm)
    best, told = scorer.top(history, MOVIES, algorithm)
    assert scores.dtype == np.float32
    assert ((scores >= 0) & (scores <= 1)).all()
    assert np.array_equal(told, scores[best])
    assert algorithm is Algorithm.BLEND or (np.diff(told) <= 0).all()


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_is_known_never_comes_back_and_filters_hold(scorer: Scorer, algorithm: Algorithm) -> None:
    history = History(ids(0, 1), np.ones(2, np.float32), disliked=ids(12), known=ids(0, 1, 12, 20))
    allowed = np.arange(MOVIES) % 2 == 0
    best, _ = scorer.top(history, MOVIES, algorithm, allowed)
    assert set(best) == set(np.flatnonzero(allowed)) - {0, 12, 20}
    nothing, scores = scorer.top(history, 5, algorithm, np.zeros(MOVIES, bool))
    assert len(nothing) == len(scores) == 0


@pytest.mark.parametrize("liked", [(0,), (0, 1, 2, 16), (16, 17, 0, 1, 2, 18, 3)])
def test_a_dislike_lowers_what_is_like_it(scorer: Scorer, model: Model, liked: tuple[int, ...]) -> None:
    before = liking(*liked)
    fall = scorer.raw(before) - scorer.raw(replace(before, disliked=ids(12)))
    near, _ = similar(model, 12, 5)
    assert (fall[near] > 0).all()
    assert fall[near].mean() > fall[list(WAR)].mean()


@pytest.mark.parametrize("features", [(), ("genre:Love",)])
def test_a_dislike_without_likes_lowers_what_is_like_it(
    scorer: Scorer, model: Model, features: tuple[str, ...]
) -> None:
    before = History(features=ids(*(model.features.index(name) for name in features)))
    fall = scorer.raw(before) - scorer.raw(replace(before, disliked=ids(12), known=ids(12)))
    near, _ = similar(model, 12, 5)
    rest = np.setdiff1d(LOVE, near)
    assert fall[near].mean() > fall[rest].mean()
    assert features or (fall[near] > 0).all()


def test_a_dislike_leaves_chosen_genres_first(scorer: Scorer, model: Model) -> None:
    chosen = History(features=ids(model.features.index("genre:Love")), disliked=ids(*LOVE), known=ids(12))
    assert set(scorer.top(chosen, 12)[0]) == {*LOVE, NEW_LOVE} - {12}


def test_a_list_is_the_beginning_of_a_longer_one(scorer: Scorer) -> None:
    best, _ = scorer.top(liking(0, 1, 12), MOVIES)
    for k in range(MOVIES):
        assert np.array_equal(scorer.top(liking(0, 1, 12), k)[0], best[:k])


def test_with_likes_the_first_places_are_varied_and_without_they_are_the_most_popular(model: Model) -> None:
    straight = replace(model, config=replace(model.config, variety=0.0))
    plain, varied = Scorer(straight, model.likes), Scorer(model, model.likes)
    history = liking(0, 1, 12)
    best, scores = plain.top(history, MOVIES)
    others, _ = varied.top(history, MOVIES)
    assert (np.diff(scores) <= 0).all()
    assert others[0] == best[0]
    assert not np.array_equal(others, best)
    assert set(others) == set(best)
    assert np.array_equal(plain.top(History(), MOVIES)[0], varied.top(History(), MOVIES)[0])


def test_the_newest_likes_count_most(scorer: Scorer) -> None:
    towards_war, towards_love = liking(12, 13, 14, 0, 1, 2), liking(0, 1, 2, 12, 13, 14)
    rest_of_war, rest_of_love = list(WAR)[3:], list(LOVE)[3:]
    difference = scorer.scores(towards_war) - scorer.scores(towards_love)
    assert (difference[rest_of_war] > 0).all()
    assert (difference[rest_of_love] < 0).all()


def test_one_like_changes_the_very_next_list(scorer: Scorer) -> None:
    before, after = scorer.scores(History()), scorer.scores(liking(0))
    war, love = list(WAR)[1:], list(LOVE)
    assert (after - before)[war].mean() > (after - before)[love].mean()


def test_without_likes_it_is_what_is_popular_now(model: Model) -> None:
    popularity = np.zeros(MOVIES)
    popularity[[17, 3]] = 50, 20
    now = Scorer(model, popularity)
    assert list(now.top(History(), 2)[0]) == [17, 3]
    assert list(now.top(History(), 2, Algorithm.TRENDING)[0]) == [17, 3]


def test_chosen_genres_come_first_and_within_them_what_is_popular(model: Model) -> None:
    popularity = np.zeros(MOVIES)
    popularity[[17, 3, 5]] = 50, 20, 10
    history = History(features=ids(model.features.index("genre:War")))
    best, _ = Scorer(model, popularity).top(history, 13)
    assert list(best[:2]) == [3, 5]
    assert set(best) == {*WAR, NEW_WAR}


def test_movies_that_nobody_judged_are_scored_by_their_features(scorer: Scorer) -> None:
    scores = scorer.scores(liking(0, 1, 2), Algorithm.HYBRID)
    assert scores[NEW_WAR] > scores[NEW_LOVE]


def test_a_like_of_a_movie_that_nobody_judged_says_what_its_features_say(scorer: Scorer) -> None:
    best, _ = scorer.top(liking(NEW_LOVE), 5)
    assert set(best) <= {*LOVE, NEW_WAR}


def test_a_new_movie_takes_part_at_once(model: Model, described: Features) -> None:
    genres = ["War"] * 12 + ["Love"] * 12 + ["War", "Love", "Love", "War", "Western"]
    grown = extend(
        model, features.build(29, {"genre": (np.arange(29), genres), "mood": ([26], ["dark"])}, at_least=1)
    )
    assert grown.movies == 29
    scorer = Scorer(grown, np.append(model.likes, np.zeros(3)))
    scores = scorer.scores(liking(0, 1, 2), Algorithm.HYBRID)
    assert scores[27] > scores[26]
    assert scores[27] == pytest.approx(scores[NEW_WAR], abs=1e-4)
    assert set(scorer.top(liking(26), 5)[0]) <= {*LOVE, NEW_WAR, NEW_LOVE, 27, 28}
    chosen = History(features=ids(model.features.index("genre:Love")))
    assert 26 in scorer.top(chosen, 14)[0]


def test_older_likes_than_count_and_no_likes_are_no_trouble(scorer: Scorer) -> None:
    many = liking(*(list(range(24)) * 20))
    for algorithm in Algorithm:
        assert np.isfinite(scorer.scores(many, algorithm)).all()
        assert np.isfinite(scorer.scores(History(), algorithm)).all()


@given(
    st.lists(st.sampled_from([-np.inf, 0.0, 1.0, 2.0]), min_size=1, max_size=10),
    st.integers(1, 60),
    st.integers(1, 12),
)
def test_the_best_are_those_of_a_whole_sort(scores: list[float], times: int, k: int) -> None:
    scores = scores * times
    order = sorted(range(len(scores)), key=lambda each: (-scores[each], each))
    expected = [each for each in order if scores[each] > -np.inf][:k]
    assert list(best_of(np.array(scores, np.float32), k)) == expected
