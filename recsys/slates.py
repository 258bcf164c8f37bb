"""Slates: the best movies for a person at a moment, in ranks, with a small share of them left to chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.model import Floats, Ints
from recsys.scoring import Algorithm, History
from recsys.standing import Standing

BEST = 1
"""Places that keep their movies: whoever looks at a list sees the best first, and nothing is left to chance there.

No more than one, since of a place that never changes the log cannot say how others would have done there.
"""
FRONT, BEHIND = 20, 40
"""A place of the next 20 may be given to one of the 40 after, whose place its own movie takes; and so on by sixties."""
MOST = BEST + 3 * (FRONT + BEHIND)
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
    explored / BEHIND: the probabilities of all movies at one place sum to 1. The best and a last part that is not whole
    stay where they are.
    """
    places, propensities = np.arange(length), np.ones(length, np.float32)
    whole = max(0, length - BEST) // (FRONT + BEHIND)
    parts = BEST + np.arange(whole * (FRONT + BEHIND)).reshape(whole, FRONT + BEHIND)
    front, behind = parts[:, :FRONT], parts[:, FRONT:]
    propensities[front] = 1 - explored
    propensities[behind] = 1 - explored * FRONT / BEHIND
    is_swapped = dice.random(front.shape) < explored
    swapped, others = front[is_swapped], dice.permuted(behind, axis=1)[:, :FRONT][is_swapped]
    places[swapped], places[others] = others, swapped
    propensities[swapped] = propensities[others] = explored / BEHIND
    return places, propensities
