"""Linear models from movies to movies, in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.config import Config
from recsys.draws import faded
from recsys.interactions import Interactions
from recsys.model import Floats, Ints

Table = tuple[Ints, Floats]
"""[rows + 1, k] twice: which movies a row moves, and by how much; the last row moves nothing."""


def most_liked(liked: Interactions, config: Config) -> NDArray[np.int64]:
    """Return the movies that take part in the linear models, which take memory for their square."""
    likes = np.bincount(liked.movie, minlength=liked.movies)
    known = np.sort(np.argsort(-likes, kind="stable")[: config.linear_movies])
    return known[likes[known] > 0]


def rows_of(known: NDArray[np.int64], movies: int) -> Ints:
    """Return the row of each movie in a table, the last one for those that take no part."""
    row = np.full(movies, len(known), np.int32)
    row[known] = np.arange(len(known))
    return row


def ease(liked: Interactions, known: NDArray[np.int64], config: Config) -> Floats:
    """Return how much liking a movie (row) says for another (column), both as in `known`.

    EASE: Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", doi:10.1145/3308558.3313710. With P the
    inverse of X'X + l2, the weight of movie i for movie j is -P[i, j] / P[j, j], and 0 for i = j.
    """
    from scipy.linalg import lapack
    from scipy.sparse import csr_matrix

    column = rows_of(known, liked.movies)
    inside = liked.where(column[liked.movie] < len(known))
    entries = (inside.person, column[inside.movie])
    matrix = csr_matrix((np.ones(len(inside), np.float32), entries), shape=(liked.people, len(known)))
    factor = _factor(matrix, config.ease_l2)
    inverse, _ = lapack.spotri(factor, lower=True, overwrite_c=True)
    weights = np.tril(inverse) + np.tril(inverse, -1).T
    weights /= -np.diag(weights).copy()
    np.fill_diagonal(weights, 0)
    return np.asarray(weights, np.float32)


def following(liked: Interactions, known: NDArray[np.int64], config: Config) -> Floats:
    """Return how much liking a movie (row) says for those that are liked next (columns): ridge over all moments.

    The linear model of transitions of Choi, Kim, Lee, Shim and Lee 2021, "Session-aware Linear Item-Item Models for
    Session-based Recommendation", doi:10.1145/3442381.3450005, from fading histories to the next likes.
    """
    from scipy.linalg import lapack

    column = rows_of(known, liked.movies)
    ordered = liked.where(column[liked.movie] < len(known)).in_time()
    likes = ordered.person, column[ordered.movie]
    moments = np.arange(len(ordered))
    past, future = range(-1, -1 - config.past_likes, -1), range(config.next_likes)
    before = faded(likes, moments, past, config.half_life_past, len(known))
    after = faded(likes, moments, future, config.half_life_next, len(known))
    wanted = np.asarray((before.T @ after).todense(), np.float32, order="F")
    weights, _ = lapack.spotrs(_factor(before, config.next_l2), wanted, lower=True, overwrite_b=True)
    np.fill_diagonal(weights, 0)
    return np.asarray(weights, np.float32)


def largest(weights: Floats, known: NDArray[np.int64], most: int) -> Table:
    """Return the largest weights of each row, by their size, as a table."""
    n, k = len(known), min(most, len(known))
    ids, kept = np.zeros((n + 1, k), np.int32), np.zeros((n + 1, k), np.float32)
    for row in range(n):
        best = np.sort(np.argpartition(-np.abs(weights[row]), k - 1)[:k])
        ids[row], kept[row] = known[best], weights[row, best]
    return ids, kept


def _factor(matrix: Any, l2: float) -> Any:
    """Return the lower Cholesky factor of X'X + l2."""
    from scipy.linalg import lapack

    gram = np.asarray((matrix.T @ matrix).todense(), np.float32, order="F")
    gram[np.diag_indices_from(gram)] += l2
    factor, failed = lapack.spotrf(gram, lower=True, overwrite_a=True)
    if failed:
        raise ValueError(f"The linear model cannot be solved with l2 = {l2}: choose a greater one.")
    return factor
