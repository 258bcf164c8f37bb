"""How often a movie at a place brings something, by a simple model: the rate of the rank times the lift of the movie."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.logged import Logged
from recsys.model import Ints

Figures = NDArray[np.float64]

FOLDS = 5
PRIOR_PLACES = 20.0
"""Places with the rate of all ranks that each rank is given beforehand."""
PRIOR_OUTCOMES = 2.0
"""Outcomes, as many as expected, that each movie is given beforehand."""


def expected(logged: Logged, outcome: NDArray[np.bool_], wanted: Ints) -> tuple[Figures, Figures]:
    """Return the rates, 0 to 1, of what stood at each place and of what is wanted there, 0 where that is -1.

    People are divided into folds, and nobody's places are predicted from their own.
    """
    ranks, movies = int(logged.rank.max()) + 1, int(max(logged.movie.max(), wanted.max())) + 1
    of_shown, of_wanted = np.zeros(len(logged)), np.zeros(len(logged))
    fold = logged.person % FOLDS
    for each in range(FOLDS):
        told, asked = fold != each, fold == each
        by_rank, lift = _fitted(logged.rank[told], logged.movie[told], outcome[told], ranks, movies)
        rate = by_rank[logged.rank[asked]]
        of_shown[asked] = np.minimum(rate * lift[logged.movie[asked]], 1)
        of_wanted[asked] = np.where(wanted[asked] < 0, 0, np.minimum(rate * lift[wanted[asked]], 1))
    return of_shown, of_wanted


def _fitted(
    rank: Ints, movie: Ints, outcome: NDArray[np.bool_], ranks: int, movies: int
) -> tuple[Figures, Figures]:
    """Return the rate by rank and the lift by movie."""
    overall = float(outcome.mean()) if len(outcome) else 0.0
    by_rank = np.asarray(np.bincount(rank, outcome, ranks) + PRIOR_PLACES * overall, np.float64)
    by_rank /= np.bincount(rank, minlength=ranks) + PRIOR_PLACES
    foreseen = np.asarray(np.bincount(movie, by_rank[rank], movies), np.float64)
    return by_rank, (np.bincount(movie, outcome, movies) + PRIOR_OUTCOMES) / (foreseen + PRIOR_OUTCOMES)
