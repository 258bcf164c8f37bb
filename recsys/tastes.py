"""Inductive LightFM: a person is the sum of what their likes say, so newcomers need no training.

LightFM: Kula 2015, "Metadata Embeddings for User and Item Cold-start Recommendations", arXiv:1507.08439. WARP: Weston,
Bengio and Usunier 2011, "WSABIE: Scaling Up To Large Vocabulary Image Annotation".
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys.config import Config
from recsys.draws import in_order, shuffled
from recsys.features import Features
from recsys.interactions import Interactions
from recsys.model import Floats


@dataclass(frozen=True)
class Tastes:
    """LightFM's embeddings: of movies by themselves, of features, and of what liking a movie says about a person."""

    own_vectors: Floats
    own_biases: Floats
    feature_vectors: Floats
    feature_biases: Floats
    taste_vectors: Floats


def learn(
    interactions: Interactions, features: Features, config: Config, advance: Callable[[int], None]
) -> Tastes:
    """Train; what nobody judged has zeros, since WARP would only push it down. `advance` counts rounds."""
    from scipy.sparse import hstack, identity

    judged, column = np.unique(interactions.movie, return_inverse=True)
    scale = np.float32(config.feature_scale)
    items = hstack([identity(len(judged)), features.matrix[judged] * scale], format="csr", dtype=np.float32)
    ordered = replace(interactions, movie=column.astype(np.int32), movies=len(judged)).in_time()
    lightfm = library()(
        no_components=config.dimensions,
        loss="warp",
        learning_schedule="adagrad",
        learning_rate=config.learning_rate,
        item_alpha=config.regularization,
        user_alpha=config.regularization,
        max_sampled=config.max_sampled,
        random_state=config.seed,
    )
    rng = np.random.default_rng(config.seed)
    for _ in range(config.rounds):
        for draw in (shuffled, in_order):
            drawn = draw(ordered, config, rng)
            lightfm.fit_partial(drawn.cells, user_features=drawn.histories, item_features=items)
        advance(1)
    vectors, biases = lightfm.item_embeddings, lightfm.item_biases
    own, tastes = np.zeros((2, interactions.movies, config.dimensions), np.float32)
    own_biases = np.zeros(interactions.movies, np.float32)
    own[judged], own_biases[judged] = vectors[: len(judged)], biases[: len(judged)]
    tastes[judged] = lightfm.user_embeddings
    return Tastes(own, own_biases, vectors[len(judged) :] * scale, biases[len(judged) :] * scale, tastes)


def library() -> Any:
    """Return the class LightFM, imported where it is needed only: it brings scipy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # where it has no OpenMP it has one thread: all we want
        from lightfm import LightFM
    return LightFM
