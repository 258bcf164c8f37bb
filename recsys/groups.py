"""One list for several people."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from recsys.model import Floats
from recsys.scoring import Algorithm, History, Scorer, best_of


class Strategy(StrEnum):
    """How the scores of several people become one: their mean, or that of whoever likes it least."""

    AVERAGE = "average"
    LEAST_MISERY = "least_misery"


def group_top(
    scorer: Scorer,
    histories: Sequence[History],
    k: int,
    strategy: Strategy = Strategy.AVERAGE,
    *,
    algorithm: Algorithm = Algorithm.BLEND,
    allowed: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int64], Floats]:
    """Return the k best movies for all of them and their scores, 0 to 1, best first.

    What anybody knows is left out, and with it what anybody dismissed or disliked: a veto of one is enough.
    """
    scores = np.stack([scorer.scores(history, algorithm) for history in histories])
    together = scores.mean(axis=0) if strategy is Strategy.AVERAGE else scores.min(axis=0)
    for history in histories:
        together[history.known] = -np.inf
        together[history.disliked] = -np.inf
    if allowed is not None:
        together[~allowed] = -np.inf
    best = best_of(together, k)
    return best, together[best]
