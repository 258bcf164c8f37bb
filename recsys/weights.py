"""What each thing that a person said or did about a movie tells the recommender; said here and nowhere else.

| signal | weight |
|---|---|
| favourite | 2 |
| reaction SUPER_LIKE, LIKE, OK, DISLIKE | 2, 1, 0, -1 |
| stars 4 to 5; 2.5 to 3.5; 0.5 to 2 | 1; 0; -1 |
| dismissed | -1 |
| on the watchlist | 0.5 |
| watched, or only looked at | 0 |

A favourite goes before a reaction, a reaction before stars, stars before a dismissal, and so on down the table.
A weight above 0 makes the movie a positive. Every other weight, 0 too, says that the person has judged the movie or
knows it: it is listed for WARP with a negative value, so that it is never sampled as one that the person would pass over.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

REACTIONS = {"DISLIKE": -1.0, "OK": 0.0, "LIKE": 1.0, "SUPER_LIKE": 2.0}
FAVORITE = 2.0
DISMISSED = -1.0
LISTED = 0.5
KNOWN = 0.0

LIKED_HALF_STARS = 8
_DISLIKED_HALF_STARS = 4


def weigh(
    *,
    reaction: ArrayLike,
    half_stars: ArrayLike,
    favorite: ArrayLike,
    watched: ArrayLike,
    listed: ArrayLike,
    dismissed: ArrayLike,
    viewed: ArrayLike,
) -> NDArray[np.float32]:
    """Return one weight a (person, movie) pair, float32, NaN where nothing was said.

    All arrays are equally long. `reaction` has the numbers of REACTIONS, NaN for none; `half_stars` 1 to 10, 0 or NaN
    for none; the others are true where it holds now, or numbers above 0. `listed` means on the watchlist.
    """
    reacted, stars = np.asarray(reaction, np.float32), np.asarray(half_stars, np.float32)
    of_stars = np.where(stars >= LIKED_HALF_STARS, 1.0, np.where(stars > _DISLIKED_HALF_STARS, 0.0, -1.0))
    weights = np.full(reacted.shape, np.nan, np.float32)
    for where, weight in (
        (_holds(viewed), KNOWN),
        (_holds(watched), KNOWN),
        (_holds(listed), LISTED),
        (_holds(dismissed), DISMISSED),
        (stars > 0, of_stars),
        (~np.isnan(reacted), reacted),
        (_holds(favorite), FAVORITE),
    ):  # what comes later goes before
        weights = np.where(where, weight, weights)
    return np.asarray(weights, np.float32)


def is_positive(weights: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where a movie is one that the person wants more of."""
    return weights > 0


def is_disliked(weights: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where the person wants no more of the kind."""
    return weights < 0


def _holds(flags: ArrayLike) -> NDArray[np.bool_]:
    return np.asarray(flags, np.float32) > 0  # NaN is not
