"""Vectors for movies that nobody judged, from their features."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from recsys.features import Features
from recsys.model import Floats, Model

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def extend(model: Model, features: Features) -> Model:
    """Return the model with the movies that it lacks: `features` has a row for every movie, the new ones last.

    Features that the model does not know are passed over. A new movie can be recommended, liked and compared at once.
    """
    column = {name: place for place, name in enumerate(features.names)}
    added = features.movies - model.movies
    known = [place for place, name in enumerate(model.features) if name in column]
    new = features.matrix[model.movies :, [column[model.features[place]] for place in known]]
    vectors, biases = described(new, model.feature_vectors[known], model.feature_biases[known])
    ids = np.asarray(known, np.int32)[new.indices]
    nothing = np.full(added, len(model.neighbors) - 1, np.int32)
    return replace(
        model,
        item_vectors=np.concatenate([model.item_vectors, vectors]),
        item_biases=np.concatenate([model.item_biases, biases]),
        content_vectors=np.concatenate([model.content_vectors, vectors]),
        content_biases=np.concatenate([model.content_biases, biases]),
        taste_vectors=np.concatenate([model.taste_vectors, mean_of(new, model.feature_tastes[known])]),
        feature_starts=np.append(
            model.feature_starts, model.feature_starts[-1] + new.indptr[1:].astype(np.int32)
        ),
        feature_ids=np.concatenate([model.feature_ids, ids]),
        ease_rows=np.concatenate([model.ease_rows, nothing]),
        likes=np.append(model.likes, np.zeros(added, np.float32)),
    )


def described(matrix: csr_matrix, feature_vectors: Floats, feature_biases: Floats) -> tuple[Floats, Floats]:
    """Return vectors and biases of movies by their features, a row of the matrix each."""
    return as_floats(matrix @ feature_vectors), as_floats(matrix @ feature_biases)


def mean_of(matrix: csr_matrix, feature_tastes: Floats) -> Floats:
    """Return what liking each movie says, by its features alone: their mean."""
    counts = np.asarray(matrix.sum(axis=1), np.float32)
    return as_floats((matrix @ feature_tastes) / np.maximum(counts, 1))


def as_floats(array: object) -> Floats:
    """Return a plain float32 array."""
    return np.ascontiguousarray(array, np.float32)
