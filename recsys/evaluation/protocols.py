"""What is asked of every model: histories, and the likes that came after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.interactions import Interactions
from recsys.model import Floats, Ints
from recsys.scoring import History
from recsys.weights import is_disliked, is_positive

Order = Literal["random", "time"]

POOL = 10
"""The most likes of a newcomer that are shown; none of them is a candidate, however many are."""


@dataclass(frozen=True, slots=True)
class Case:
    """A person at a moment: `person` is their row in training, -1 if they are not in it.

    `at` is the Unix time in seconds. `nightly` is the history as it was when the model was trained.
    """

    person: int
    history: History
    targets: Ints
    at: float
    nightly: History = field(default_factory=History)


@dataclass(frozen=True, slots=True)
class Split:
    """What a model may be trained on, and what it is then asked."""

    train: Interactions
    cases: list[Case]


def leave_last_out(interactions: Interactions, last: int = 1, at_least: int = 5) -> Split:
    """Hold back the last likes of everybody who has at least so many likes; all else is for training."""
    rows = _by_person(interactions)
    held = [
        rows[person][liked][-last:]
        for person in range(interactions.people)
        if (liked := interactions.liked[rows[person]]).sum() >= at_least
    ]
    is_held = np.zeros(len(interactions), bool)
    is_held[np.concatenate(held)] = True
    train = interactions.where(~is_held)
    of_train = _by_person(train)
    cases = []
    for likes in held:
        person = int(interactions.person[likes[0]])
        history = _history(train, of_train[person])
        cases.append(Case(person, history, interactions.movie[likes], float(interactions.at[likes[0]])))
    return Split(train, cases)


def newcomers(
    interactions: Interactions, *, seed: int = 1, share: float = 0.2, at_least: int = POOL + 5
) -> tuple[Interactions, dict[tuple[Order, int], list[Case]]]:
    """Keep a share of the people out of training; return the training part, and cases by order and how many likes are shown.

    Targets are all likes after the first ten, in the order of time or in a random one.
    """
    rng = np.random.default_rng(seed)
    new = np.sort(rng.permutation(interactions.people)[: round(interactions.people * share)])
    train = interactions.where(~np.isin(interactions.person, new))
    rows, now = _by_person(interactions), float(interactions.at.max())
    cases: dict[tuple[Order, int], list[Case]] = {
        (order, shown): [] for order in ("random", "time") for shown in (0, 1, 3, 5, POOL)
    }
    for person in new:
        mine = rows[person]
        in_time = mine[interactions.liked[mine]]
        if len(in_time) < at_least:
            continue
        ordered: dict[Order, NDArray[np.intp]] = {"random": rng.permutation(in_time), "time": in_time}
        for (order, shown), of_kind in cases.items():
            likes = ordered[order]
            pool, weights = interactions.movie[likes[:POOL]], interactions.weight[likes[:shown]]
            history = History(pool[:shown], weights, known=pool)
            of_kind.append(Case(-1, history, interactions.movie[likes[POOL:]], now))
    return train, cases


def stream(interactions: Interactions, *, share: float = 0.8, most: int = 4_000) -> Split:
    """Train on the first part of the time line, then ask for each later like what came before it.

    Of more than `most` likes every second, third … is asked. People's first actions ask nothing personal and are left out.
    """
    ordered = interactions.where(np.argsort(interactions.at, kind="stable"))
    cut = int(len(ordered) * share)
    asked = cut + np.flatnonzero(ordered.liked[cut:])
    asked = asked[:: -(-len(asked) // most)]
    is_asked = np.zeros(len(ordered), bool)
    is_asked[asked] = True
    done: dict[int, list[int]] = {}
    cases = []
    for row, person in enumerate(ordered.person.tolist()):
        mine = done.setdefault(person, [])
        if is_asked[row] and mine:
            rows = np.array(mine)
            history, before = _history(ordered, rows), _history(ordered, rows[rows < cut])
            nightly = History(before.liked, before.weights, before.disliked, history.known)
            known_as = person if len(before.known) else -1
            targets = ordered.movie[row : row + 1]
            cases.append(Case(known_as, history, targets, float(ordered.at[row]), nightly))
        mine.append(row)
    return Split(ordered.where(np.arange(len(ordered)) < cut), cases)


def cold(interactions: Interactions, *, seed: int, share: float = 0.1) -> tuple[Split, NDArray[np.int64]]:
    """Hold back everything about a share of the movies; return the cases, whose targets are among these movies, and them."""
    rng = np.random.default_rng(seed)
    movies = np.sort(rng.permutation(interactions.movies)[: round(interactions.movies * share)])
    is_held = np.isin(interactions.movie, movies)
    train, held = interactions.where(~is_held), interactions.where(is_held & interactions.liked)
    of_train, of_held = _by_person(train), _by_person(held)
    cases = [
        Case(
            person,
            _history(train, of_train[person]),
            held.movie[of_held[person]],
            float(interactions.at.max()),
        )
        for person in range(interactions.people)
        if 0 < len(of_held[person]) < len(movies) and len(of_train[person])
    ]
    return Split(train, cases), movies


def live_popularity(interactions: Interactions, moments: Sequence[float], half_life_days: float) -> Floats:
    """Return [moments, movies]: the likes of every movie before each moment, halved with every half-life since then."""
    likes = interactions.where(interactions.liked)
    likes = likes.where(np.argsort(likes.at, kind="stable"))
    half_life_s = 86_400 * half_life_days
    popularity = np.zeros(interactions.movies)
    found = np.empty((len(moments), interactions.movies), np.float32)
    done, now = 0, float(likes.at[0]) if len(likes) else 0.0
    for row in np.argsort(moments, kind="stable"):
        moment = moments[row]
        upto = int(np.searchsorted(likes.at, moment))
        popularity *= 0.5 ** ((moment - now) / half_life_s)
        np.add.at(popularity, likes.movie[done:upto], 0.5 ** ((moment - likes.at[done:upto]) / half_life_s))
        done, now = upto, moment
        found[row] = popularity
    return found


def _by_person(interactions: Interactions) -> list[NDArray[np.intp]]:
    """Return everybody's rows in the order of time."""
    order = np.lexsort((interactions.at, interactions.person))
    ends = np.cumsum(np.bincount(interactions.person, minlength=interactions.people))
    return np.split(order, ends[:-1])


def _history(interactions: Interactions, rows: NDArray[np.intp]) -> History:
    """Return what these rows of one person say, oldest first."""
    movie, weight = interactions.movie[rows], interactions.weight[rows]
    liked = is_positive(weight)
    return History(movie[liked], weight[liked], movie[is_disliked(weight)], movie)
