"""Why a movie is recommended: which of the person's own actions moved it up, found by taking each away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.scoring import Algorithm, History, Scorer

_MOST_TRIED = 20
"""The newest likes, which are taken away one by one; older ones have faded to little."""


@dataclass(frozen=True, slots=True)
class Reason:
    """`liked` is the movie whose like moved the score up by `amount`; or `feature` the column that both share.

    Taking the like away lowers the score, which is 0 to 1, by just this amount. A shared feature has no amount of its own.
    """

    amount: float
    liked: int | None = None
    feature: int | None = None


def reasons(
    scorer: Scorer,
    history: History,
    movies: NDArray[np.int64],
    *,
    algorithm: Algorithm = Algorithm.BLEND,
    most: int = 3,
) -> list[list[Reason]]:
    """Return for each movie the likes that moved it up, the strongest first, then what new movies share with likes.

    Costs one scoring for each of the newest likes, 20 at most.
    """
    full = scorer.scores(history, algorithm)[movies]
    n = len(history.liked)
    tried = range(max(0, n - _MOST_TRIED), n)
    drops = np.zeros((len(tried), len(movies)), np.float32)
    for row, place in enumerate(tried):
        drops[row] = full - scorer.scores(history.without(place), algorithm)[movies]
    found = []
    for column, movie in enumerate(movies):
        best = np.argsort(-drops[:, column], kind="stable")[:most]
        mine = [
            Reason(float(drops[row, column]), liked=int(history.liked[tried[row]]))
            for row in best
            if drops[row, column] > 0
        ]
        if scorer.model.likes[movie] == 0:
            mine += _shared(scorer, history, int(movie))[: most - len(mine)]
        found.append(mine)
    return found


def _shared(scorer: Scorer, history: History, movie: int) -> list[Reason]:
    """Return the features of a movie that the person chose or that their likes have, the most frequent first."""
    starts, ids = scorer.model.feature_starts, scorer.model.feature_ids
    of_likes = [ids[starts[liked] : starts[liked + 1]] for liked in history.liked]
    counts = np.bincount(
        np.concatenate([history.features, *of_likes]).astype(np.int64), minlength=len(scorer.model.features)
    )
    mine = ids[starts[movie] : starts[movie + 1]]
    mine = mine[counts[mine] > 0]
    return [Reason(0.0, feature=int(each)) for each in mine[np.argsort(-counts[mine], kind="stable")]]
