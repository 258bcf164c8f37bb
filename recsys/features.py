"""What is known of movies before anybody said anything about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Column = tuple[ArrayLike, Sequence[str]]
"""Rows of movies, and beside each the value that it has; a movie may come several times."""


@dataclass(frozen=True)
class Features:
    """`matrix` is float32 [movies, features], 1 where the movie has it; `names` are like "genre:Drama", one a column."""

    matrix: csr_matrix
    names: tuple[str, ...]

    @property
    def movies(self) -> int:
        """How many movies there are."""
        return int(self.matrix.shape[0])


def build(movies: int, columns: Mapping[str, Column], *, at_least: int = 2) -> Features:
    """Make the features "kind:value" of the columns by kind: genre, decade, language, person, tag.

    A value that fewer than `at_least` movies have tells nothing about other movies and is left out.
    """
    from scipy.sparse import csr_matrix

    rows, columns_, names = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], list[str]()
    for kind, (movie, values) in sorted(columns.items()):
        distinct, which = np.unique(np.asarray(values, dtype=np.str_), return_inverse=True)
        pairs = np.unique(np.stack([which, np.asarray(movie, np.int64)]), axis=1)
        is_kept = np.bincount(pairs[0], minlength=len(distinct)) >= at_least
        place = len(names) + np.cumsum(is_kept) - 1
        of_kept = pairs[:, is_kept[pairs[0]]]
        rows.append(of_kept[1])
        columns_.append(place[of_kept[0]])
        names += [f"{kind}:{value}" for value in distinct[is_kept]]
    row, column = np.concatenate(rows), np.concatenate(columns_)
    matrix = csr_matrix((np.ones(len(row), np.float32), (row, column)), shape=(movies, len(names)))
    matrix.sort_indices()
    return Features(matrix, tuple(names))


def decades(years: Sequence[int | None]) -> Column:
    """Return the column of decades; `years` has one entry a movie, None where nobody knows."""
    known = [(row, f"{year // 10 * 10}") for row, year in enumerate(years) if year is not None]
    return [row for row, _ in known], [decade for _, decade in known]
