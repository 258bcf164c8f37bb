"""Which movies to ask a newcomer about."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.model import Model

_CANDIDATES = 300
"""Of the most liked movies: asking about what nobody has seen tells nothing."""


def to_ask(model: Model, k: int, popularity: NDArray[np.floating]) -> list[int]:
    """Return k movies whose answers tell most about a newcomer, in the order in which to ask; the same for everybody.

    Answers tell much where many can give one (`popularity`, [movies]) and tastes differ. Chosen greedily: each movie
    adds the most to the information about the taste, log det(1 + sum of p t t') over tastes t and the chance p of an answer.
    """
    candidates = np.argsort(-popularity, kind="stable")[:_CANDIDATES]
    candidates = candidates[popularity[candidates] > 0]
    if not len(candidates):
        return []
    tastes = model.taste_vectors[candidates].astype(np.float64)
    tastes -= tastes.mean(axis=0)
    scale = np.sqrt((tastes**2).sum(axis=1).mean())
    answered = np.sqrt(popularity[candidates] / popularity[candidates].max())
    tastes *= (answered / max(float(scale), 1e-12))[:, None]
    inverse = np.eye(tastes.shape[1])
    chosen: list[int] = []
    for _ in range(min(k, len(candidates))):
        gain = np.einsum("cd,de,ce->c", tastes, inverse, tastes)
        gain[chosen] = -np.inf
        best = int(np.argmax(gain))
        chosen.append(best)
        moved = inverse @ tastes[best]
        inverse -= np.outer(moved, moved) / (1 + tastes[best] @ moved)
    return [int(candidates[each]) for each in chosen]
