"""Drawing histories and targets from everybody's likes, anew for each round of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys.config import Config
from recsys.interactions import Interactions

if TYPE_CHECKING:
    from scipy.sparse import coo_matrix, csr_matrix


@dataclass(frozen=True)
class Draw:
    """Rows are people as they are described once; a person may have several.

    `histories` is float32 [rows, movies], each row of length 1. `cells` is float32 [rows, movies]: 1 for a target, -1 for
    every other movie that the person judged, which WARP then never samples as one to be put behind a target.
    """

    histories: csr_matrix
    cells: coo_matrix


def shuffled(ordered: Interactions, config: Config, rng: np.random.Generator) -> Draw:
    """Divide each person's likes at random; a share of the histories is as short as a newcomer's.

    `ordered` is what `in_time` returns, here and below.
    """
    from scipy.sparse import coo_matrix, csr_matrix

    shape = (ordered.people, ordered.movies)
    liked = np.flatnonzero(ordered.liked)
    person, movie = ordered.person[liked], ordered.movie[liked]
    count = np.bincount(person, minlength=ordered.people)
    part = np.ceil(count * rng.uniform(config.least_share, config.most_share, ordered.people)).astype(
        np.int64
    )
    is_short = rng.random(ordered.people) < config.short_share
    size = np.where(is_short, rng.integers(1, config.short_history + 1, ordered.people), part)
    size = np.minimum(size, np.clip(count - 1, 1, config.history))
    is_first = is_short & (rng.random(ordered.people) < config.first_share)
    chance = np.where(is_first[person], np.arange(len(person)), rng.random(len(person)))
    by_chance = np.lexsort((chance, person))
    rank = np.empty(len(person), np.int64)
    rank[by_chance] = np.arange(len(person)) - (np.cumsum(count) - count)[person[by_chance]]
    is_history = rank < size[person]
    entries = (person[is_history], movie[is_history])
    values = (1 / np.sqrt(size[entries[0]])).astype(np.float32)
    cells = np.full(len(ordered), -1, np.float32)
    cells[liked[~is_history]] = 1
    return Draw(
        csr_matrix((values, entries), shape=shape),
        coo_matrix((cells, (ordered.person, ordered.movie)), shape=shape),
    )


def in_order(ordered: Interactions, config: Config, rng: np.random.Generator) -> Draw:
    """Cut people's likes at random moments: the fading history before each, and the next likes as targets."""
    from scipy.sparse import csr_matrix

    liked = np.flatnonzero(ordered.liked)
    person, movie = ordered.person[liked], ordered.movie[liked]
    cut = 1 + np.flatnonzero(person[1:] == person[:-1])
    cut = cut[rng.random(len(cut)) < config.cut_share]
    past, future = range(-1, -1 - config.past_likes, -1), range(config.cut_targets)
    histories = faded((person, movie), cut, past, config.half_life_past, ordered.movies)
    length = np.sqrt(np.asarray(histories.multiply(histories).sum(axis=1)).ravel())
    histories.data /= np.repeat(length, np.diff(histories.indptr))
    targets = faded((person, movie), cut, future, np.inf, ordered.movies)
    judged = csr_matrix(
        (np.full(len(ordered), -1, np.float32), (ordered.person, ordered.movie)),
        shape=(ordered.people, ordered.movies),
    )
    cells = judged[person[cut]] + 2 * targets
    return Draw(histories, cells.tocoo())


def faded(
    ordered: tuple[NDArray[np.int32], NDArray[np.int32]],
    moments: NDArray[np.int64],
    offsets: range,
    half_life: float,
    movies: int,
) -> csr_matrix:
    """Return a row for each moment, a place in the likes: those of the same person at these offsets from it.

    `ordered` are person and movie of the likes; the first offset counts 1, and each after it less by the half-life.
    """
    from scipy.sparse import csr_matrix

    person, movie = ordered
    rows, columns, values = [], [], []
    for age, offset in enumerate(offsets):
        place = moments + offset
        inside = np.flatnonzero((place >= 0) & (place < len(person)))
        same = inside[person[place[inside]] == person[moments[inside]]]
        rows.append(same)
        columns.append(movie[place[same]])
        values.append(np.full(len(same), 0.5 ** (age / half_life), np.float32))
    entries = (np.concatenate(rows), np.concatenate(columns))
    return csr_matrix((np.concatenate(values), entries), shape=(len(moments), movies))
