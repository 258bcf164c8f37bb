"""Movies that are like a movie."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.model import Floats, Model
from recsys.scoring import best_of


def similar(
    model: Model, movie: int, k: int, allowed: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], Floats]:
    """Return the k movies that are most like this one, and how much, 0 to 1: (1 + cosine) / 2 of LightFM's vectors.

    A movie that nobody liked is compared by its features. `allowed` is [movies].
    """
    length = np.sqrt(np.einsum("md,md->m", model.item_vectors, model.item_vectors))
    cosine = model.item_vectors @ model.item_vectors[movie]
    cosine /= np.maximum(length * length[movie], np.float32(1e-12))
    cosine[movie] = -np.inf
    if allowed is not None:
        cosine[~allowed] = -np.inf
    best = best_of(cosine, k)
    return best, (1 + np.clip(cosine[best], -1, 1)) / 2
