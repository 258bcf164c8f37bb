"""What is left to chance in a slate, and with which probability."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.slates import BEHIND, BEST, FRONT, MOST, shuffled

DRAWS = 3_000
WHOLE = BEST + FRONT + BEHIND


@pytest.mark.parametrize("explored", [0.05, 0.5, 1.0])
def test_each_movie_stands_at_a_place_as_often_as_is_said(explored: float) -> None:
    dice = np.random.default_rng(1)
    stood = np.zeros((WHOLE, WHOLE))
    said = np.zeros_like(stood)
    for _ in range(DRAWS):
        places, chances = shuffled(WHOLE, explored, dice)
        assert sorted(places) == list(range(WHOLE))
        stood[np.arange(WHOLE), places] += 1 / DRAWS
        said[np.arange(WHOLE), places] = chances
    seen = stood > 0
    deviation = np.sqrt(said * (1 - said) / DRAWS) + 1e-9
    assert np.all(np.abs(stood - said)[seen] < 6 * deviation[seen] + 1 / DRAWS)
    if explored > 0.05:  # every pair was seen
        assert said.sum(axis=1) == pytest.approx(np.ones(WHOLE), abs=1e-5)


@pytest.mark.parametrize("length", [1, WHOLE, MOST])
def test_the_best_stands_first_however_much_is_explored(length: int) -> None:
    dice = np.random.default_rng(4)
    for _ in range(50):
        places, chances = shuffled(length, 1.0, dice)
        assert places[:BEST].tolist() == list(range(BEST))
        assert chances[:BEST].tolist() == [1.0] * BEST


@pytest.mark.parametrize(
    ("length", "first", "last"),
    [
        (0, 0, 0),
        (BEST, BEST, BEST),
        (WHOLE - 1, 0, 0),
        (WHOLE, BEST, WHOLE),
        (MOST - 1, BEST, MOST - FRONT - BEHIND),
        (MOST, BEST, MOST),
    ],
)
def test_a_part_that_is_not_whole_stays_as_it_is(length: int, first: int, last: int) -> None:
    places, chances = shuffled(length, 0.5, np.random.default_rng(2))
    assert sorted(places) == list(range(length))
    assert np.flatnonzero(chances < 1).tolist() == list(range(first, last))
    assert (places != np.arange(length)).any() == (first < last)


def test_nothing_is_left_to_chance_where_nothing_shall_be() -> None:
    places, chances = shuffled(MOST, 0.0, np.random.default_rng(3))
    assert places.tolist() == list(range(MOST))
    assert set(chances.tolist()) == {1.0}
