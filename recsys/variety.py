"""Lists that are not all of one kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.model import Floats


def varied(scores: Floats, vectors: Floats, weight: float, *, places: int) -> NDArray[np.int64]:
    """Return the order of rows that come best first, `scores` [n] and `vectors` [n, d]: the first one stays first.

    Each of the next places, as many as said, takes the row with the greatest score minus weight times its mean cosine to
    the rows before it; all others follow as they were. Maximal marginal relevance, Carbonell and Goldstein 1998,
    doi:10.1145/290941.291025.
    """
    chosen = np.zeros(min(places, len(scores)), np.int64)
    if len(chosen):
        lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
        unit = vectors / np.maximum(lengths, np.float32(1e-12))[:, None]
        cosines = unit @ unit.T
        left, sums = scores.copy(), cosines[0].copy()
        left[0] = -np.inf
        for place in range(1, len(chosen)):
            best = chosen[place] = (left - sums * np.float32(weight / place)).argmax()
            left[best] = -np.inf
            sums += cosines[best]
    others = np.ones(len(scores), bool)
    others[chosen] = False
    return np.concatenate([chosen, np.flatnonzero(others)])
