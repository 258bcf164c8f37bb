"""The table of weights, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recsys.weights import REACTIONS, is_disliked, is_positive, weigh

NOTHING: dict[str, Any] = {
    "reaction": np.nan,
    "half_stars": 0,
    "favorite": False,
    "watched": False,
    "listed": False,
    "dismissed": False,
    "viewed": False,
}


def weight(**said: Any) -> float:
    return float(weigh(**{name: np.array([value]) for name, value in {**NOTHING, **said}.items()})[0])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"reaction": REACTIONS["DISLIKE"]}, -1),
        ({"reaction": REACTIONS["OK"]}, 0),
        ({"reaction": REACTIONS["LIKE"]}, 1),
        ({"reaction": REACTIONS["SUPER_LIKE"]}, 2),
        ({"half_stars": 1}, -1),
        ({"half_stars": 4}, -1),
        ({"half_stars": 5}, 0),
        ({"half_stars": 7}, 0),
        ({"half_stars": 8}, 1),
        ({"half_stars": 10}, 1),
        ({"favorite": True}, 2),
        ({"dismissed": True}, -1),
        ({"listed": True}, 0.5),
        ({"watched": True}, 0),
        ({"viewed": 3}, 0),
        ({"favorite": True, "reaction": REACTIONS["DISLIKE"]}, 2),
        ({"reaction": REACTIONS["OK"], "half_stars": 10}, 0),
        ({"half_stars": 9, "dismissed": True}, 1),
        ({"dismissed": True, "listed": True}, -1),
        ({"listed": True, "watched": True, "viewed": True}, 0.5),
    ],
)
def test_k41_the_first_thing_in_the_table_counts(said: dict[str, Any], expected: float) -> None:
    assert weight(**said) == expected


@pytest.mark.parametrize("nothing", [{}, {"half_stars": np.nan}, {"favorite": np.nan, "viewed": np.nan}])
def test_where_nothing_is_said_there_is_no_weight(nothing: dict[str, Any]) -> None:
    assert np.isnan(weight(**nothing))


def test_only_what_is_above_nought_is_wanted_and_only_what_is_below_is_not() -> None:
    weights = np.array([-1, 0, 0.5, 2, np.nan], np.float32)
    assert list(is_positive(weights)) == [False, False, True, True, False]
    assert list(is_disliked(weights)) == [True, False, False, False, False]


def test_no_pairs_are_no_weights() -> None:
    assert weigh(**{name: np.zeros(0) for name in NOTHING}).shape == (0,)
