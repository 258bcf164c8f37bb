"""Reasons are what really moved a movie up."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.model import Model
from recsys.reasons import reasons
from recsys.scoring import Algorithm, History, Scorer
from tests.recsys.conftest import NEW_WAR
from tests.recsys.test_scoring import PERSONAL, ids, liking


@pytest.mark.parametrize("algorithm", PERSONAL)
def test_taking_the_action_away_lowers_the_score_by_what_was_said(
    scorer: Scorer, algorithm: Algorithm
) -> None:
    history = liking(12, 0, 13, 1, 2)
    best, scores = scorer.top(history, 5, algorithm)
    found = reasons(scorer, history, best, algorithm=algorithm)
    assert any(found)
    for movie, score, mine in zip(best, scores, found, strict=True):
        for reason in mine:
            if reason.liked is None:
                continue
            place = int(np.flatnonzero(history.liked == reason.liked)[0])
            without = scorer.scores(history.without(place), algorithm)[movie]
            assert without < score
            assert score - without == pytest.approx(reason.amount, abs=1e-6)


def test_the_strongest_comes_first_and_no_more_than_wanted(scorer: Scorer) -> None:
    (mine,) = reasons(scorer, liking(0, 12, 1, 13, 2, 3), np.array([5]), most=2)
    assert len(mine) == 2
    assert mine[0].amount >= mine[1].amount > 0
    assert {each.liked for each in mine} <= {0, 1, 2, 3}


def test_a_like_that_is_gone_is_no_reason_any_more(scorer: Scorer) -> None:
    history, movie = liking(0, 1, 2), np.array([5])
    first = reasons(scorer, history, movie)[0][0].liked
    assert first is not None
    place = int(np.flatnonzero(history.liked == first)[0])
    after = reasons(scorer, history.without(place), movie)[0]
    assert after
    assert first not in {each.liked for each in after}


def test_a_movie_that_nobody_judged_shares_features(scorer: Scorer, model: Model) -> None:
    (mine,) = reasons(scorer, liking(0, 1), np.array([NEW_WAR]))
    shared = [model.features[each.feature] for each in mine if each.feature is not None]
    assert shared == ["genre:War"]


def test_chosen_genres_are_shared_and_without_anything_there_are_no_reasons(
    scorer: Scorer, model: Model
) -> None:
    war = History(features=ids(model.features.index("genre:War")))
    assert [each.feature for each in reasons(scorer, war, np.array([NEW_WAR]))[0]] == list(war.features)
    assert reasons(scorer, History(), np.array([0, 1])) == [[], []]
