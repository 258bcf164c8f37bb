"""Training: interactions and features in, a model out; the same input gives the same bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys import linear, tastes
from recsys.config import Config
from recsys.features import Features
from recsys.interactions import Interactions
from recsys.model import Floats, Model

Progress = Callable[[str, int], Callable[[int], None]]
"""Given what is counted and how many there are, what takes the number that was done since its last call."""


def train(interactions: Interactions, features: Features, config: Config, *, progress: Progress) -> Model:
    """Train on one thread; the same input, configuration and seed give bit-identical arrays.

    `features` has a row for every movie; movies that nobody liked get their vectors from it.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        liked = interactions.where(interactions.liked)
        advance = progress("linear models", 2)
        neighbors = linear.neighbors(liked, config)
        advance(1)
        following = linear.next_movies(liked, config)
        advance(1)
        learnt = tastes.learn(interactions, features, config, progress("LightFM", config.rounds))
        likes = np.bincount(liked.movie, minlength=liked.movies).astype(np.float32)
        content = _float(features.matrix @ learnt.feature_vectors)
        content_biases = _float(features.matrix @ learnt.feature_biases)
        return Model(
            config=config,
            features=features.names,
            people=interactions.people,
            interactions=len(interactions),
            item_vectors=learnt.own_vectors + content,
            item_biases=learnt.own_biases + content_biases,
            content_vectors=content,
            content_biases=content_biases,
            taste_vectors=learnt.taste_vectors,
            feature_vectors=_float(learnt.feature_vectors),
            feature_biases=_float(learnt.feature_biases),
            feature_tastes=_feature_tastes(features, learnt.taste_vectors, likes),
            feature_starts=features.matrix.indptr.astype(np.int32),
            feature_ids=features.matrix.indices.astype(np.int32),
            neighbors=neighbors[0],
            neighbor_weights=neighbors[1],
            next_movies=following[0],
            next_weights=following[1],
            likes=likes,
        )


def _feature_tastes(features: Features, taste_vectors: Floats, likes: Floats) -> Floats:
    """What liking the movies of a feature says on average, each movie counted as often as it is liked."""
    totals = features.matrix.T @ (taste_vectors * likes[:, None])
    return _float(totals / np.maximum(features.matrix.T @ likes, 1)[:, None])


def _float(array: object) -> Floats:
    return np.ascontiguousarray(array, np.float32)
