"""What people said about movies, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.weights import is_positive


@dataclass(frozen=True, slots=True)
class Interactions:
    """One row a (person, movie) pair, its newest state, in the order of the log.

    `person` and `movie` are int32 below `people` and `movies`; `weight` is float32, as `weights.weigh` gives it and
    never NaN; `at` is float64, the Unix time of the action in seconds.
    """

    person: NDArray[np.int32]
    movie: NDArray[np.int32]
    weight: NDArray[np.float32]
    at: NDArray[np.float64]
    people: int
    movies: int

    def __len__(self) -> int:
        return len(self.person)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Interactions:
        """Return some of the rows, in the same order for a mask, in the given one for positions."""
        return Interactions(
            self.person[chosen],
            self.movie[chosen],
            self.weight[chosen],
            self.at[chosen],
            self.people,
            self.movies,
        )

    @property
    def liked(self) -> NDArray[np.bool_]:
        """Which rows are positives."""
        return is_positive(self.weight)

    def in_time(self) -> Interactions:
        """Return the rows by person and then by time; rows of the same second stay as the log has them."""
        return self.where(np.lexsort((self.at, self.person)))
