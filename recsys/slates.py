"""Slates: the best movies for a person at a moment, in ranks, with a small share of them left to chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.model import Floats, Ints
from recsys.scoring import Algorithm, History
from recsys.standing import Standing

FRONT, BEHIND = 20, 40
"""A place of the first 20 may be given to one of the next 40, whose place its own movie takes; and so on by sixties."""
MOST = 3 * (FRONT + BEHIND)
"""Movies of a slate."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Movies in the order of ranks, their scores from 0 to 1, and with which probability each came to stand there."""

    movies: Ints
    scores: Floats
    propensities: Floats


def ranked(
    standing: Standing,
    history: History,
    algorithm: Algorithm,
    allowed: NDArray[np.bool_],
    *,
    explored: float,
    dice: np.random.Generator,
) -> Ranked:
    """Return the slate of a person; a share of `explored` (0 to 1) of its places is given to lower ranks."""
    movies, scores = standing.scorer.top(history, MOST, algorithm, allowed)
    places, propensities = shuffled(len(movies), explored, dice)
    return Ranked(movies[places].astype(np.int32), scores[places], propensities)


def shuffled(length: int, explored: float, dice: np.random.Generator) -> tuple[NDArray[np.int64], Floats]:
    """Return which rank of the best-first order stands at each place, and the probability that it does.

    Each place of the front swaps with probability `explored` with a random one behind it, no two with the same. So a movie
    of the front stays with 1 - explored, one behind with 1 - explored * FRONT / BEHIND, and each pair changes places with
    explored / BEHIND: the probabilities of all movies at one place sum to 1. A last part that is not whole stays as it is.
    """
    places = np.arange(length)
    propensities = np.ones(length, np.float32)
    for low in range(0, length - FRONT - BEHIND + 1, FRONT + BEHIND):
        front = low + np.arange(FRONT)
        behind = low + FRONT + np.arange(BEHIND)
        propensities[front] = 1 - explored
        propensities[behind] = 1 - explored * FRONT / BEHIND
        swapped = front[dice.random(FRONT) < explored]
        others = dice.choice(behind, len(swapped), replace=False)
        places[swapped], places[others] = others, swapped
        propensities[swapped] = propensities[others] = explored / BEHIND
    return places, propensities
