"""Linear models from movies to movies, in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.config import Config
from recsys.draws import faded
from recsys.interactions import Interactions
from recsys.model import Floats, Ints

Rows = tuple[Ints, Floats]
"""[movies, k] twice: which movies, and by how much. A weight of 0 fills a row that is shorter."""


def neighbors(liked: Interactions, config: Config) -> Rows:
    """Return for each movie the ones that liking it moves most, up or down.

    EASE: Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", doi:10.1145/3308558.3313710. With P the
    inverse of X'X + l2, the weight of movie i for movie j is -P[i, j] / P[j, j], and 0 for i = j.
    """
    from scipy.linalg import lapack
    from scipy.sparse import csr_matrix

    known, column = _most_liked(liked, config)
    row = column[liked.movie] >= 0
    entries = (liked.person[row], column[liked.movie[row]])
    matrix = csr_matrix((np.ones(len(entries[0]), np.float32), entries), shape=(liked.people, len(known)))
    factor = _factor(matrix, config.ease_l2)
    inverse, _ = lapack.spotri(factor, lower=True, overwrite_c=True)
    weights = np.tril(inverse) + np.tril(inverse, -1).T
    weights /= -np.diag(weights).copy()
    np.fill_diagonal(weights, 0)
    return _largest(weights, known, liked.movies, config.neighbors)


def next_movies(liked: Interactions, config: Config) -> Rows:
    """Return for each movie those that liking it makes likely next: ridge from fading histories to the next likes.

    The linear model of transitions of Choi, Kim, Lee, Shim and Lee 2021, "Session-aware Linear Item-Item Models for
    Session-based Recommendation", doi:10.1145/3442381.3450005, over all moments of everybody's likes.
    """
    from scipy.linalg import lapack

    known, column = _most_liked(liked, config)
    ordered = liked.where(column[liked.movie] >= 0).in_time()
    likes = ordered.person, column[ordered.movie].astype(np.int32)
    moments = np.arange(len(ordered))
    past, future = range(-1, -1 - config.past_likes, -1), range(config.next_likes)
    histories = faded(likes, moments, past, config.half_life_likes, len(known))
    following = faded(likes, moments, future, config.half_life_next, len(known))
    wanted = np.asarray((histories.T @ following).todense(), np.float32, order="F")
    weights, _ = lapack.spotrs(_factor(histories, config.next_l2), wanted, lower=True, overwrite_b=True)
    np.fill_diagonal(weights, 0)
    return _largest(weights, known, liked.movies, config.neighbors)


def _largest(weights: Floats, known: NDArray[np.int64], movies: int, most: int) -> Rows:
    """Return the largest weights of each row, by their size; row and column r are of the movie known[r]."""
    k = min(most, len(known))
    ids, kept = np.zeros((movies, k), np.int32), np.zeros((movies, k), np.float32)
    for row, movie in enumerate(known):
        best = np.sort(np.argpartition(-np.abs(weights[row]), k - 1)[:k])
        ids[movie], kept[movie] = known[best], weights[row, best]
    return ids, kept


def _most_liked(liked: Interactions, config: Config) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the movies that take part, and for each movie its place among them or -1: memory takes their square."""
    likes = np.bincount(liked.movie, minlength=liked.movies)
    known = np.sort(np.argsort(-likes, kind="stable")[: config.linear_movies])
    known = known[likes[known] > 0]
    column = np.full(liked.movies, -1, np.int64)
    column[known] = np.arange(len(known))
    return known, column


def _factor(matrix: Any, l2: float) -> Any:
    """Return the lower Cholesky factor of X'X + l2."""
    from scipy.linalg import lapack

    gram = np.asarray((matrix.T @ matrix).todense(), np.float32, order="F")
    gram[np.diag_indices_from(gram)] += l2
    factor, failed = lapack.spotrf(gram, lower=True, overwrite_a=True)
    if failed:
        raise ValueError(f"The linear model cannot be solved with l2 = {l2}: choose a greater one.")
    return factor
