"""How good a ranking is; every figure is one number a case, so that errors and differences can be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.model import Floats, Ints

Figures = NDArray[np.float64]

LONGEST = 50
"""How far down the evaluation looks."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its standard error."""

    mean: float
    error: float


def estimate(figures: Figures) -> Estimate:
    """Return the mean over cases; the error of fewer than two is NaN."""
    error = figures.std(ddof=1) / np.sqrt(len(figures)) if len(figures) > 1 else np.nan
    return Estimate(float(figures.mean()), float(error))


def ranked(scores: Floats, known: Sequence[Ints], k: int) -> NDArray[np.int64]:
    """Return the k best columns of each row, best first, without those that are known; of equal ones the lower first.

    `scores` is changed. Where fewer than k are left, the row ends with -1.
    """
    for row, columns in enumerate(known):
        scores[row, columns] = -np.inf
    k = min(k, scores.shape[1])
    kth = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
    best = np.full((len(scores), k), -1, np.int64)
    for row, threshold in enumerate(kth[:, 0]):
        reach = np.flatnonzero((scores[row] >= threshold) & (scores[row] > -np.inf))
        found = reach[np.argsort(-scores[row, reach], kind="stable")][:k]
        best[row, : len(found)] = found
    return best


def recall(best: NDArray[np.int64], targets: Sequence[Ints], k: int) -> Figures:
    """Return hits among the first k, divided by how many there could be: min(k, targets)."""
    return np.array(
        [
            np.isin(row[:k], wanted).sum() / min(k, len(wanted))
            for row, wanted in zip(best, targets, strict=True)
        ]
    )


def ndcg(best: NDArray[np.int64], targets: Sequence[Ints], k: int) -> Figures:
    """Return the normalised discounted cumulative gain: a hit at rank r is worth 1 / log2(r + 1)."""
    worth = 1 / np.log2(np.arange(2, k + 2))
    return np.array(
        [
            worth[: len(row[:k])][np.isin(row[:k], wanted)].sum() / worth[: min(k, len(wanted))].sum()
            for row, wanted in zip(best, targets, strict=True)
        ]
    )


def similarity(best: NDArray[np.int64], described: Floats, k: int) -> Figures:
    """Return how alike the first k are: the mean cosine of their pairs, `described` being [movies, anything].

    Lists of fewer than two are left out.
    """
    lengths = np.linalg.norm(described, axis=1, keepdims=True)
    unit = described / np.maximum(lengths, 1e-12)
    found = []
    for row in best[:, :k]:
        shown = unit[row[row >= 0]]
        if len(shown) > 1:
            upper = np.triu_indices(len(shown), 1)
            found.append((shown @ shown.T)[upper].mean())
    return np.array(found, np.float64)


def coverage(best: NDArray[np.int64], movies: int, k: int) -> float:
    """Return the share of all movies that are in anybody's first k."""
    return len(np.setdiff1d(best[:, :k], [-1])) / movies


def auc(scores: Floats, is_target: NDArray[np.bool_]) -> float:
    """Return how often a target is scored above another movie; equal scores count half."""
    order = np.argsort(scores, kind="stable")
    _, place, count = np.unique(scores[order], return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    targets = int(is_target.sum())
    others = len(scores) - targets
    return float((rank[is_target[order]].sum() - targets * (targets + 1) / 2) / (targets * others))
