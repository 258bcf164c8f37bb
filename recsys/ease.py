"""EASE: a linear model from movies to movies, in closed form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.config import Config
from recsys.interactions import Interactions
from recsys.model import Floats, Ints

Table = tuple[Ints, Floats]
"""[rows + 1, k] twice: which movies a row moves, and by how much; the last row moves nothing."""


def most_liked(liked: Interactions, config: Config) -> NDArray[np.int64]:
    """Return the movies that take part: EASE takes memory for their square."""
    likes = np.bincount(liked.movie, minlength=liked.movies)
    known = np.sort(np.argsort(-likes, kind="stable")[: config.ease_movies])
    return known[likes[known] > 0]


def rows_of(known: NDArray[np.int64], movies: int) -> Ints:
    """Return the row of each movie in a table, the last one for those that take no part."""
    row = np.full(movies, len(known), np.int32)
    row[known] = np.arange(len(known))
    return row


def weights(liked: Interactions, known: NDArray[np.int64], config: Config) -> Floats:
    """Return how much liking a movie (row) says for another (column), both as in `known`. Raises ValueError.

    EASE: Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", doi:10.1145/3308558.3313710. With P the
    inverse of X'X + l2, the weight of movie i for movie j is -P[i, j] / P[j, j], and 0 for i = j.
    """
    from scipy.linalg import lapack
    from scipy.sparse import csr_matrix

    column = rows_of(known, liked.movies)
    inside = liked.where(column[liked.movie] < len(known))
    entries = (inside.person, column[inside.movie])
    matrix = csr_matrix((np.ones(len(inside), np.float32), entries), shape=(liked.people, len(known)))
    gram = np.asarray((matrix.T @ matrix).todense(), np.float32, order="F")
    gram[np.diag_indices_from(gram)] += config.ease_l2
    factor, failed = lapack.spotrf(gram, lower=True, overwrite_a=True)
    if failed:
        raise ValueError(f"EASE cannot be solved with l2 = {config.ease_l2}: choose a greater one.")
    inverse, _ = lapack.spotri(factor, lower=True, overwrite_c=True)
    found = np.tril(inverse) + np.tril(inverse, -1).T
    found /= -np.diag(found).copy()
    np.fill_diagonal(found, 0)
    return np.asarray(found, np.float32)


def largest(of: Floats, known: NDArray[np.int64], most: int) -> Table:
    """Return the largest weights of each row, by their size, as a table."""
    n, k = len(known), min(most, len(known))
    ids, kept = np.zeros((n + 1, k), np.int32), np.zeros((n + 1, k), np.float32)
    for row in range(n):
        best = np.sort(np.argpartition(-np.abs(of[row]), k - 1)[:k])
        ids[row], kept[row] = known[best], of[row, best]
    return ids, kept
