"""Lists are varied by a greedy choice, and never more than asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recsys.variety import varied

Vectors = NDArray[np.float32]


@st.composite
def lists(draw: st.DrawFn) -> tuple[NDArray[np.float32], Vectors]:
    """Scores that fall, and a vector each; some are equal, some vectors are nothing."""
    numbers = st.integers(-4, 4).map(lambda number: number / 2)
    rows = draw(st.lists(st.tuples(numbers, numbers, numbers), max_size=12))
    table = np.array(sorted(rows, reverse=True), np.float32).reshape(-1, 3)
    return table[:, 0].copy(), table[:, 1:].copy()


def greedy(scores: Vectors, vectors: Vectors, weight: float, places: int) -> list[int]:
    """The same, slowly, in double precision."""
    unit = [each / max(float(np.linalg.norm(each)), 1e-12) for each in vectors.astype(np.float64)]
    order, left = [0], list(range(1, len(scores)))
    while left and len(order) < places:
        worth = {
            row: scores[row] - weight * np.mean([unit[row] @ unit[one] for one in order]) for row in left
        }
        order.append(max(left, key=lambda row: (round(worth[row], 4), -row)))
        left.remove(order[-1])
    return order + left


@given(lists(), st.floats(0, 5), st.integers(1, 14))
def test_it_is_a_permutation_that_keeps_the_first_and_what_is_behind(
    listed: tuple[Vectors, Vectors], weight: float, places: int
) -> None:
    order = varied(*listed, weight, places=places).tolist()
    assert sorted(order) == list(range(len(listed[0])))
    assert order[:1] == [0][: len(order)]
    assert order[places:] == sorted(order[places:])


@given(lists(), st.integers(1, 14))
def test_a_weight_of_0_changes_nothing(listed: tuple[Vectors, Vectors], places: int) -> None:
    assert varied(*listed, 0.0, places=places).tolist() == list(range(len(listed[0])))


@pytest.mark.parametrize("places", [1, 2, 20, 100])
@pytest.mark.parametrize("weight", [0.3, 1.0, 3.0])
def test_each_place_takes_the_best_that_is_left(weight: float, places: int) -> None:
    dice = np.random.default_rng(3)
    scores = np.sort(dice.standard_normal(100).astype(np.float32))[::-1].copy()
    vectors = dice.standard_normal((100, 4)).astype(np.float32)
    assert varied(scores, vectors, weight, places=places).tolist() == greedy(scores, vectors, weight, places)


def test_what_is_the_same_again_comes_later() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert varied(np.array([3, 2, 1.5], np.float32), vectors, 1.0, places=3).tolist() == [0, 2, 1]
