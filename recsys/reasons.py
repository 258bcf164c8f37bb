"""Why a movie is recommended: which of the person's own actions moved it up, found by taking each away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.leaving_out import scores_without
from recsys.scoring import Algorithm, History, Scorer

_MOST_TRIED = 20
"""The newest likes, which are taken away one by one; older ones have faded to little."""

_LEAST = 1e-6
"""An amount below this is none: scores have seven digits."""


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

    The newest 20 likes are tried; it takes about as long as one scoring of all movies.
    """
    tried = np.arange(max(0, len(history.liked) - _MOST_TRIED), len(history.liked))
    scores, held = scores_without(scorer, history, movies, tried, algorithm)
    # a like that only makes popularity count less says nothing of a movie
    drops = np.where(held[0] - held[1:] >= _LEAST, scores[0] - scores[1:], np.float32(0))
    best = np.argsort(-drops, axis=0, kind="stable")[:most]
    amounts, likes = np.take_along_axis(drops, best, axis=0), history.liked[tried][best]
    is_new = scorer.model.likes[movies] == 0
    counts = _features(scorer, history) if is_new.any() else np.zeros(0, np.int64)
    found = []
    rows = zip(movies.tolist(), is_new.tolist(), amounts.T.tolist(), likes.T.tolist(), strict=True)
    for movie, nobody_likes_it, mine, because in rows:
        why = [Reason(amount, liked) for amount, liked in zip(mine, because, strict=True) if amount >= _LEAST]
        if nobody_likes_it:
            why += _shared(scorer, counts, movie)[: most - len(why)]
        found.append(why)
    return found


def _features(scorer: Scorer, history: History) -> NDArray[np.int64]:
    """Return [features]: how often the person chose each, or liked a movie that has it."""
    starts, ids = scorer.model.feature_starts, scorer.model.feature_ids
    of_likes = [ids[starts[liked] : starts[liked + 1]] for liked in history.liked.tolist()]
    return np.bincount(
        np.concatenate([history.features, *of_likes]).astype(np.int64), minlength=len(scorer.model.features)
    )


def _shared(scorer: Scorer, counts: NDArray[np.int64], movie: int) -> list[Reason]:
    """Return the features of a movie that the person likes, the most frequent first."""
    starts, ids = scorer.model.feature_starts, scorer.model.feature_ids
    mine = ids[starts[movie] : starts[movie + 1]]
    mine = mine[counts[mine] > 0]
    return [Reason(0.0, feature=int(each)) for each in mine[np.argsort(-counts[mine], kind="stable")]]
