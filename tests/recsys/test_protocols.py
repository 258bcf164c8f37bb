"""What models are asked comes from before the moment of asking, and nothing of the answer is in training."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.evaluation.protocols import POOL, cold, leave_last_out, live_popularity, newcomers, stream
from recsys.interactions import Interactions

PEOPLE, MOVIES = 20, 40


@pytest.fixture(scope="module")
def history() -> Interactions:
    """Everybody rates 30 movies, some at the same second; two in three are likes."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(PEOPLE, dtype=np.int32), 30)
    movie = np.concatenate([rng.permutation(MOVIES)[:30] for _ in range(PEOPLE)]).astype(np.int32)
    weight = rng.choice([1.0, 1.0, -1.0], len(person)).astype(np.float32)
    at = rng.integers(1_000_000, 1_000_300, len(person)).astype(np.float64)
    return Interactions(person, movie, weight, at, PEOPLE, MOVIES)


def pairs(interactions: Interactions) -> set[tuple[int, int]]:
    return set(zip(interactions.person.tolist(), interactions.movie.tolist(), strict=True))


@pytest.mark.parametrize("last", [1, 5])
def test_the_last_likes_are_asked_for_and_everything_else_is_trained_on(
    history: Interactions, last: int
) -> None:
    split = leave_last_out(history, last)
    assert {case.person for case in split.cases} == set(range(PEOPLE))
    asked = {(case.person, int(movie)) for case in split.cases for movie in case.targets}
    assert len(asked) == PEOPLE * last
    assert pairs(split.train) == pairs(history) - asked
    for case in split.cases:
        mine = history.where((history.person == case.person) & history.liked)
        of_target = mine.at[np.isin(mine.movie, case.targets)]
        assert (np.isin(mine.movie, case.targets) | (mine.at <= of_target.min())).all()
        assert set(case.history.known) == {
            movie for person, movie in pairs(split.train) if person == case.person
        }
        assert set(case.history.liked) <= set(case.history.known)


def test_who_has_too_few_likes_is_only_trained_on(history: Interactions) -> None:
    likes = history.where((history.person < 2) & history.liked)
    first = np.flatnonzero(likes.person == 0)[:4]
    second = np.flatnonzero(likes.person == 1)[:5]
    split = leave_last_out(likes.where(np.concatenate([first, second])), at_least=5)
    assert [case.person for case in split.cases] == [1]
    assert len(split.train) == 8


def test_newcomers_are_unknown_and_are_shown_no_target(history: Interactions) -> None:
    train, by_kind = newcomers(history, share=0.5)
    new = sorted(set(range(PEOPLE)) - set(train.person.tolist()))
    assert len(new) == PEOPLE / 2
    assert {shown for _, shown in by_kind} == {0, 1, 3, 5, POOL}
    likes = [history.where((history.person == person) & history.liked).in_time().movie for person in new]
    likes = [each for each in likes if len(each) >= POOL + 5]
    for (order, shown), cases in by_kind.items():
        for case, mine in zip(cases, likes, strict=True):
            assert case.history.liked.tolist() == case.history.known[:shown].tolist()
            assert sorted([*case.history.known, *case.targets]) == sorted(mine)
            assert (len(case.history.known), case.person) == (POOL, -1)
            assert (case.history.known.tolist() == mine[:POOL].tolist()) == (order == "time")


def test_the_stream_asks_with_what_came_before_and_trains_on_the_first_part(history: Interactions) -> None:
    split = stream(history, share=0.5)
    assert len(split.train) == len(history) // 2
    assert split.cases
    ordered = history.where(np.argsort(history.at, kind="stable"))
    half = len(ordered) // 2
    asked = iter(split.cases)
    case = next(asked)
    for row in range(half, len(ordered)):
        before = ordered.where((ordered.person == ordered.person[row]) & (np.arange(len(ordered)) < row))
        if not ordered.liked[row] or not len(before):
            continue
        assert case.targets.tolist() == [ordered.movie[row]]
        assert case.history.known.tolist() == case.nightly.known.tolist() == before.movie.tolist()
        assert case.history.liked.tolist() == before.movie[before.liked].tolist()
        in_training = before.liked & np.isin(
            before.movie, split.train.movie[split.train.person == ordered.person[row]]
        )
        assert case.nightly.liked.tolist() == before.movie[in_training].tolist()
        case = next(asked, case)
    assert next(asked, None) is None


def test_of_many_likes_in_the_stream_some_are_asked(history: Interactions) -> None:
    assert len(stream(history, share=0.5, most=20).cases) <= 20 < len(stream(history, share=0.5).cases)


def test_cold_movies_are_not_trained_on(history: Interactions) -> None:
    split, movies = cold(history, seed=1, share=0.25)
    assert len(movies) == MOVIES / 4
    assert set(split.train.movie.tolist()).isdisjoint(movies.tolist())
    for case in split.cases:
        assert set(case.targets) <= set(movies.tolist())
        assert set(case.history.known).isdisjoint(movies.tolist())


def test_live_popularity_is_the_sum_of_fading_likes_before_the_moment(history: Interactions) -> None:
    moments = [1_000_100.0, 1_000_000.0, 1_000_299.0, 1_000_100.0]
    half_life_s = 50.0
    found = live_popularity(history, moments, half_life_s / 86_400)
    for row, moment in enumerate(moments):
        slowly = [0.0] * MOVIES
        for movie, weight, at in zip(history.movie, history.weight, history.at, strict=True):
            if weight > 0 and at < moment:
                slowly[movie] += 0.5 ** ((moment - at) / half_life_s)
        assert found[row] == pytest.approx(np.array(slowly), rel=1e-5)
