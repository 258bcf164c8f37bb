"""Scores of all movies for a person, from what they did up to this moment; nothing about them was learnt before.

The parts of a score are made comparable by z: minus the mean, divided by the standard deviation, both over the movies
that anybody liked. A history fades: a like counts half of one that came `half_life` likes later. In formulae, with w
the faded weights of the history and the arrays of the model by their names:

    liked    = w / |w| . taste_vectors, and a share of the same with a history that does not fade
    disliked = u / |u| . taste_vectors, with u the faded weights, 1 each, of what was disliked
    LIGHTFM  = z(item_vectors . liked + item_biases), in BLEND of liked - s disliked
    EASE     = z(sum of w[i] neighbor_weights[i])
    POPULAR  = z(log of live popularity), no less than -2; in BLEND less its greatest, which leaves the order as it is
    BLEND    = LIGHTFM + e n / (n + m) EASE + p / (1 + (n / q)^2) POPULAR, for n likes
    BLEND    = p POPULAR - s z(item_vectors . disliked), without likes
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from recsys.config import Config
from recsys.linear import FLAT
from recsys.model import Floats, Ints, Model
from recsys.variety import varied


class Algorithm(StrEnum):
    """Where a score comes from."""

    BLEND = "blend"
    HYBRID = "hybrid"
    COLLABORATIVE = "collaborative"
    CONTENT_BASED = "content_based"
    TRENDING = "trending"


_NO_IDS = np.zeros(0, np.int32)
_NO_FLOATS = np.zeros(0, np.float32)
_LEAST_HALVINGS = 6.6
"""A like that was halved as often counts 1 %; older ones are left out."""
_LEAST_POPULAR = -2.0
_PART = 32
"""Scores of which only the greatest is looked at first."""
_VARIED, _VARIED_FROM = 20, 100
"""So many places of a list are varied, with the best so many movies."""


@dataclass(frozen=True, slots=True)
class History:
    """What a person did: columns of movies are int32, weights are float32 as `weights.weigh` gives them.

    `liked` is in the order of the actions, the newest last, with a weight each; `disliked` was judged badly, in the same
    order; `known` is everything that is not to be recommended (rated, watched, dismissed ...), whether or not it is in
    the other two; `features` are columns of the model's features that the person chose, such as favourite genres.
    """

    liked: Ints = field(default_factory=lambda: _NO_IDS)
    weights: Floats = field(default_factory=lambda: _NO_FLOATS)
    disliked: Ints = field(default_factory=lambda: _NO_IDS)
    known: Ints = field(default_factory=lambda: _NO_IDS)
    features: Ints = field(default_factory=lambda: _NO_IDS)

    def without(self, place: int) -> History:
        """Return the history as if the like at this place had not been given."""
        liked, weights = np.delete(self.liked, place), np.delete(self.weights, place)
        return History(liked, weights, self.disliked, self.known, self.features)


class Scorer:
    """A model and what is popular now: `popularity` is [movies], decayed likes, as `live_popularity` gives them.

    Holds no state of anybody, so many threads may use one; a new popularity is a new scorer, which costs a millisecond,
    the first of a model some 0.1 s for 50,000 movies.
    """

    def __init__(self, model: Model, popularity: NDArray[np.floating]) -> None:
        self.model = model
        self._share = (model.likes > 0).astype(np.float32) / np.float32(max(model.liked_movies, 1))
        self.by_items, self.by_content = model.by_items, model.by_content
        self.popularity = self._popularity(popularity)
        self.unpopularity: Floats = self.popularity - self.popularity.max(initial=_LEAST_POPULAR)
        """0 for what is most popular: where popularity counts less, nothing has less of a score."""

    def scores(self, history: History, algorithm: Algorithm = Algorithm.BLEND) -> Floats:
        """Return the score of every movie, 0 to 1, comparable within the algorithm; known movies have one, too."""
        return as_share(self.raw(history, algorithm))

    def top(
        self,
        history: History,
        k: int,
        algorithm: Algorithm = Algorithm.BLEND,
        allowed: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int64], Floats]:
        """Return the k best movies that the person does not know and their scores, best first; fewer where none are left.

        `allowed` is [movies]: what a filter lets through. Of equal scores the lower column comes first. With likes, the
        first places of BLEND are varied, so that there a score may be above the one before it.
        """
        raw = self.raw(history, algorithm)
        raw[history.known] = -np.inf
        if allowed is not None:
            raw[~allowed] = -np.inf
        if algorithm is Algorithm.BLEND and len(history.liked):
            best = best_of(raw, max(k, _VARIED_FROM))
            near, config = best[:_VARIED_FROM], self.model.config
            best[:_VARIED_FROM] = near[
                varied(raw[near], self.model.item_vectors[near], config.variety, places=_VARIED)
            ]
            best = best[:k]
        else:
            best = best_of(raw, k)
        return best, as_share(raw[best])

    def raw(self, history: History, algorithm: Algorithm = Algorithm.BLEND) -> Floats:
        """Return scores that order as `scores` does and have no bounds: sums of standard deviations."""
        match algorithm:
            case Algorithm.HYBRID:
                return self.by_items.standardised(self._liked(history))
            case Algorithm.CONTENT_BASED:
                return self.by_content.standardised(self._liked(history))
            case Algorithm.COLLABORATIVE:
                return self._ease(history)
            case Algorithm.TRENDING:
                return self.popularity.copy()
            case Algorithm.BLEND:
                return self._blend(history)

    def popularity_share(self, likes: int) -> np.float32:
        """Return how much of live popularity BLEND adds for a person with so many likes: the less, the more they are."""
        config = self.model.config
        return np.float32(config.popularity_weight / (1 + (likes / config.popularity_likes) ** 2))

    def ease_share(self, likes: int) -> np.float32:
        """Return how much of EASE BLEND adds for a person with so many likes: the more, the more they are."""
        config = self.model.config
        return np.float32(config.ease_weight * likes / (likes + config.ease_likes))

    def away(self, history: History) -> Floats:
        """Return float32 [d]: what dislikes take from a person in BLEND, zeros where nothing was disliked."""
        config = self.model.config
        weights = faded(np.ones(len(history.disliked), np.float32), config)
        weights /= np.float32(max(float(np.linalg.norm(weights)), 1.0))
        taken: Floats = weights @ self.model.taste_vectors[history.disliked]
        return np.float32(config.dislike_share) * taken

    def _blend(self, history: History) -> Floats:
        config, n = self.model.config, len(history.liked)
        raw = self.popularity_share(n) * self.unpopularity
        away = self.away(history)
        if n:
            raw += self.by_items.standardised(self._liked(history) - away)
            raw += self.ease_share(n) * self._ease(history)
            return raw
        if len(history.disliked):
            raw -= np.float32(config.dislike_share) * self.standardised(self.model.item_vectors @ away)
        if len(history.features):
            # nothing is known but what was chosen: what is popular within it comes before all the rest
            raw += self._has_any(history.features) * np.float32(np.ptp(raw) + 1)
        return raw

    def _liked(self, history: History) -> Floats:
        (tastes, weights), config = self.tastes(history), self.model.config
        return person(tastes, weights, faded(weights, config), config)

    def tastes(self, history: History) -> tuple[Floats, Floats]:
        """Return [likes, d] and [likes]: what each like says and its weight, as `person` takes them.

        Chosen features count as one like that lies before all others.
        """
        tastes, weights = self.model.taste_vectors[history.liked], history.weights
        if len(history.features):
            chosen = self.model.feature_tastes[history.features].mean(axis=0)
            tastes, weights = np.vstack([chosen, tastes]), np.append(np.float32(1), weights)
        return tastes, weights

    def _ease(self, history: History) -> Floats:
        model = self.model
        newest = slice(-ease_reach(model.config), None)
        rows = model.ease_rows[history.liked[newest]]
        moves = model.neighbor_weights[rows] * faded(history.weights[newest], model.config)[:, None]
        raw = np.bincount(model.neighbors[rows].ravel(), moves.ravel(), model.movies)
        return self.standardised(raw.astype(np.float32))

    def _has_any(self, chosen: Ints) -> NDArray[np.bool_]:
        starts, ids = self.model.feature_starts, self.model.feature_ids
        owner = np.repeat(np.arange(self.model.movies), np.diff(starts))
        return np.bincount(owner[np.isin(ids, chosen)], minlength=self.model.movies) > 0

    def _popularity(self, popularity: NDArray[np.floating]) -> Floats:
        """Return z of the log of live popularity, to which all likes ever add some evidence, so that nothing is log(0).

        Where all are about as popular, small differences stay small; and what nobody liked yet is not shut out by that.
        """
        likes = self.model.likes
        ever = (likes + 1) / (likes.sum() + len(likes))
        log = np.asarray(np.log(popularity + self.model.config.popularity_prior * ever), np.float32)
        log -= log @ self._share
        log /= np.float32(max(float(np.sqrt((log * log) @ self._share)), 1.0))
        return np.asarray(np.maximum(log, np.float32(_LEAST_POPULAR)))

    def standardised(self, raw: Floats) -> Floats:
        """Return z of scores, in their place; zeros where they do not differ."""
        raw -= raw @ self._share
        deviation = np.sqrt((raw * raw) @ self._share)
        if deviation > FLAT:
            raw /= deviation
        else:
            raw[:] = 0
        return raw


def faded(weights: Floats, config: Config) -> Floats:
    """Return the weights of likes, the newest last, as they count now."""
    ages = np.arange(len(weights) - 1, -1, -1)
    return (weights * 0.5 ** (ages / config.half_life_likes)).astype(np.float32)


def person(tastes: Floats, weights: Floats, faded: Floats, config: Config) -> Floats:
    """Return [d], or [people, d] where the weights are [people, likes]; zeros without any like."""

    def unit(weights: Floats) -> Floats:
        length = np.linalg.norm(weights, axis=-1, keepdims=True)
        return np.asarray(weights / np.where(length > 0, length, np.float32(1)))

    share = np.float32(config.lasting_share)
    return (unit(faded) + share * unit(weights)) @ tastes / (1 + share)


def ease_reach(config: Config) -> int:
    """Return how many of the newest likes EASE takes."""
    return math.ceil(config.half_life_likes * _LEAST_HALVINGS)


def as_share(raw: Floats) -> Floats:
    """Return unbounded scores as numbers from 0 to 1, in the same order."""
    return np.asarray(1 / (1 + np.exp(raw.astype(np.float64) / -2)), np.float32)


def best_of(scores: Floats, k: int) -> NDArray[np.int64]:
    """Return the k best columns, best first, of equal ones the lower first; fewer where the rest is -inf."""
    parts = len(scores) // _PART
    least = -np.inf
    if parts > k:
        # each of the k greatest maxima of parts is a score, so none of the k best lies below them
        maxima = scores[: parts * _PART].reshape(_PART, parts).max(axis=0)
        least = np.partition(maxima, parts - k)[parts - k]
    elif len(scores) > k:
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
    reach = np.flatnonzero((scores >= least) & (scores > -np.inf))
    return reach[np.argsort(-scores[reach], kind="stable")][:k]
