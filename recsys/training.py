"""Training: interactions and features in, a model out; the same input gives the same bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys import ease, tastes
from recsys.cold import as_floats, described, mean_of
from recsys.config import Config
from recsys.features import Features
from recsys.interactions import Interactions
from recsys.model import Floats, Model

Progress = Callable[[str, int], Callable[[int], None]]
"""Given what is counted and how many there are, what takes the number that was done since its last call."""


class NothingToLearn(ValueError):
    """Nobody likes anything yet."""


def train(interactions: Interactions, features: Features, config: Config, *, progress: Progress) -> Model:
    """Train on one thread; the same input, configuration and seed give bit-identical arrays.

    `features` has a row for every movie; movies that nobody judged get their vectors from it. Raises NothingToLearn.
    """
    from threadpoolctl import threadpool_limits

    liked = interactions.where(interactions.liked)
    if not len(liked):
        raise NothingToLearn("Nobody likes any movie yet: import ratings, or wait for likes.")
    with threadpool_limits(1):
        advance = progress("EASE", 1)
        known = ease.most_liked(liked, config)
        neighbors = ease.largest(ease.weights(liked, known, config), known, config.neighbors)
        advance(1)
        learnt = tastes.learn(interactions, features, config, progress("LightFM", config.rounds))
        likes = np.bincount(liked.movie, minlength=liked.movies).astype(np.float32)
        content, content_biases = described(features.matrix, learnt.feature_vectors, learnt.feature_biases)
        feature_tastes = _feature_tastes(features, learnt.taste_vectors, likes)
        is_judged = np.bincount(interactions.movie, minlength=interactions.movies) > 0
        taste_vectors = np.where(
            is_judged[:, None], learnt.taste_vectors, mean_of(features.matrix, feature_tastes)
        )
        return Model(
            config=config,
            features=features.names,
            people=interactions.people,
            interactions=len(interactions),
            item_vectors=learnt.own_vectors + content,
            item_biases=learnt.own_biases + content_biases,
            content_vectors=content,
            content_biases=content_biases,
            taste_vectors=taste_vectors,
            feature_vectors=learnt.feature_vectors,
            feature_biases=learnt.feature_biases,
            feature_tastes=feature_tastes,
            feature_starts=features.matrix.indptr.astype(np.int32),
            feature_ids=features.matrix.indices.astype(np.int32),
            ease_rows=ease.rows_of(known, liked.movies),
            neighbors=neighbors[0],
            neighbor_weights=neighbors[1],
            likes=likes,
        )


def _feature_tastes(features: Features, taste_vectors: Floats, likes: Floats) -> Floats:
    """What liking the movies of a feature says on average, each movie counted as often as it is liked."""
    totals = features.matrix.T @ (taste_vectors * likes[:, None])
    return as_floats(totals / np.maximum(features.matrix.T @ likes, 1)[:, None])
