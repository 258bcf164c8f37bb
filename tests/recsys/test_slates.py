"""What is left to chance in a slate, and with which probability."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.slates import BEHIND, FRONT, MOST, shuffled

DRAWS = 3_000


@pytest.mark.parametrize("explored", [0.05, 0.5, 1.0])
def test_each_movie_stands_at_a_place_as_often_as_is_said(explored: float) -> None:
    dice = np.random.default_rng(1)
    stood = np.zeros((FRONT + BEHIND, FRONT + BEHIND))
    said = np.zeros_like(stood)
    for _ in range(DRAWS):
        places, chances = shuffled(FRONT + BEHIND, explored, dice)
        assert sorted(places) == list(range(FRONT + BEHIND))
        stood[np.arange(len(places)), places] += 1 / DRAWS
        said[np.arange(len(places)), places] = chances
    seen = stood > 0
    deviation = np.sqrt(said * (1 - said) / DRAWS) + 1e-9
    assert np.all(np.abs(stood - said)[seen] < 6 * deviation[seen] + 1 / DRAWS)
    if explored > 0.05:  # every pair was seen
        assert said.sum(axis=1) == pytest.approx(np.ones(FRONT + BEHIND), abs=1e-5)


@pytest.mark.parametrize(
    ("length", "is_explored"), [(FRONT + BEHIND - 1, False), (FRONT + BEHIND, True), (MOST, True)]
)
def test_a_part_that_is_not_whole_stays_as_it_is(length: int, is_explored: bool) -> None:
    places, chances = shuffled(length, 0.5, np.random.default_rng(2))
    assert sorted(places) == list(range(length))
    assert bool((chances < 1).any()) is is_explored
    assert (places != np.arange(length)).any() == is_explored


def test_nothing_is_left_to_chance_where_nothing_shall_be() -> None:
    places, chances = shuffled(MOST, 0.0, np.random.default_rng(3))
    assert places.tolist() == list(range(MOST))
    assert set(chances.tolist()) == {1.0}
