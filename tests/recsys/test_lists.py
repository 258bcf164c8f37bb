"""Lists that are not one person's: similar movies, groups, and what to ask a newcomer."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.groups import Strategy, group_top
from recsys.model import Model
from recsys.onboarding import to_ask
from recsys.scoring import History, Scorer
from recsys.similar import similar
from tests.recsys.conftest import LOVE, MOVIES, NEW_WAR, WAR
from tests.recsys.test_scoring import ids, liking


@pytest.mark.parametrize(("movie", "kind"), [(0, WAR), (13, LOVE), (NEW_WAR, WAR)])
def test_similar_movies_are_of_the_kind_and_never_the_movie_itself(
    model: Model, movie: int, kind: range
) -> None:
    best, how = similar(model, movie, 5)
    assert movie not in best
    assert sum(each in kind or each == NEW_WAR for each in best) >= 4
    assert ((how >= 0) & (how <= 1)).all()
    assert (np.diff(how) <= 0).all()


def test_similar_movies_are_filtered(model: Model) -> None:
    allowed = np.arange(MOVIES) % 2 == 1
    best, _ = similar(model, 1, MOVIES, allowed)
    assert set(best) == set(np.flatnonzero(allowed)) - {1}


def test_a_group_gets_the_mean_or_what_is_least_bad_for_each(scorer: Scorer) -> None:
    people = [liking(0, 1, 2), liking(12, 13, 14)]
    scores = np.stack([scorer.scores(each) for each in people])
    average, told = group_top(scorer, people, 3)
    assert told == pytest.approx(scores.mean(axis=0)[average])
    fair, least = group_top(scorer, people, 3, Strategy.LEAST_MISERY)
    assert least == pytest.approx(scores.min(axis=0)[fair])
    assert scores.min(axis=0)[fair].max() >= scores.min(axis=0)[average].max()


@pytest.mark.parametrize("strategy", list(Strategy))
def test_one_veto_is_enough(scorer: Scorer, strategy: Strategy) -> None:
    first = History(ids(0, 1), np.ones(2, np.float32), disliked=ids(5), known=ids(0, 1))
    best, _ = group_top(scorer, [first, liking(2)], MOVIES, strategy)
    assert set(best) == set(range(MOVIES)) - {0, 1, 2, 5}
    allowed = np.arange(MOVIES) > 20
    assert set(group_top(scorer, [first], MOVIES, strategy, allowed=allowed)[0]) == set(range(21, MOVIES))


def test_a_newcomer_is_asked_about_both_tastes(model: Model) -> None:
    asked = to_ask(model, 4, model.likes)
    assert len(set(asked)) == 4
    assert {movie in WAR for movie in asked} == {True, False}


def test_nobody_is_asked_about_what_nobody_has_seen(model: Model) -> None:
    assert to_ask(model, 3, np.zeros(MOVIES)) == []
    assert set(to_ask(model, MOVIES, model.likes)) == {*WAR, *LOVE}
