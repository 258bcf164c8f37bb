"""What others would use, with the parameters that did best on validation parts."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.config import Config
from recsys.evaluation.protocols import Case
from recsys.features import Features
from recsys.interactions import Interactions
from recsys.model import Floats
from recsys.tastes import library

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Ask = Callable[[Sequence[Case]], Floats]
"""Given cases, what returns scores [cases, movies] that may be changed."""

Fit = Callable[[Interactions, Features], Ask]
"""Given what may be trained on, what answers."""


def load() -> None:
    """Load the peers' libraries of linear algebra, so that a limit on threads that follows is theirs, too."""
    import implicit.cpu.als
    import scipy.linalg

    assert implicit.cpu.als
    assert scipy.linalg


def popularity(train: Interactions, _: Features) -> Ask:
    """Everybody gets what most people like."""
    likes = np.bincount(train.movie[train.liked], minlength=train.movies).astype(np.float32)
    return lambda cases: np.tile(likes, (len(cases), 1))


def item_knn(train: Interactions, _: Features, *, neighbors: int = 200) -> Ask:
    """Sum of the cosines to what the person liked, over the nearest neighbours of each movie."""
    matrix = likes_of(train)
    length = np.sqrt(np.maximum(np.asarray(matrix.sum(axis=0)).ravel(), 1))
    cosine = np.asarray((matrix.T @ matrix).todense()) / np.outer(length, length)
    np.fill_diagonal(cosine, 0)
    k = min(neighbors, train.movies)
    least = np.partition(cosine, -k, axis=1)[:, -k]
    near = np.where(cosine >= least[:, None], cosine, 0).astype(np.float32)
    return lambda cases: histories_of(cases, train.movies) @ near.T


def ials(train: Interactions, _: Features) -> Ask:
    """Weighted matrix factorisation of `implicit`; every case's person is solved for from their history."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=128, regularization=20.0, alpha=5.0, iterations=15, num_threads=1, random_state=Config().seed
    )
    _fit_quietly(model, likes_of(train))

    def ask(cases: Sequence[Case]) -> Floats:
        people = model.recalculate_user(np.arange(len(cases)), histories_of(cases, train.movies))
        return np.asarray(people @ model.item_factors.T, np.float32)

    return ask


def bpr(train: Interactions, _: Features) -> Ask:
    """Bayesian personalised ranking of `implicit`; knows the people of training only."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(
        factors=64,
        learning_rate=0.02,
        regularization=0.02,
        iterations=50,
        num_threads=1,
        random_state=Config().seed,
    )
    _fit_quietly(model, likes_of(train))
    return lambda cases: np.asarray(model.user_factors[_rows(cases)] @ model.item_factors.T, np.float32)


def lightfm_defaults(train: Interactions, _: Features) -> Ask:
    """LightFM with ids alone and its library's defaults, but for the loss: 10 dimensions, 30 epochs of WARP."""
    return _lightfm(train, None, epochs=30, loss="warp")


def lightfm_hybrid(train: Interactions, features: Features) -> Ask:
    """LightFM with an id a person, ids and features of movies, and what was judged but not liked listed with -1."""
    return _lightfm(
        train,
        features,
        epochs=30,
        loss="warp",
        no_components=64,
        max_sampled=30,
        item_alpha=1e-4,
        user_alpha=1e-4,
    )


def likes_of(train: Interactions) -> csr_matrix:
    """Return 1 for each like, float32 [people, movies]."""
    from scipy.sparse import csr_matrix

    entries = train.person[train.liked], train.movie[train.liked]
    return csr_matrix((np.ones(len(entries[0]), np.float32), entries), shape=(train.people, train.movies))


def histories_of(cases: Sequence[Case], movies: int) -> csr_matrix:
    """Return 1 for each like of the cases' histories, float32 [cases, movies]."""
    from scipy.sparse import csr_matrix

    liked = [case.history.liked for case in cases]
    row = np.repeat(np.arange(len(cases)), [len(each) for each in liked])
    entries = row, np.concatenate(liked) if liked else row
    return csr_matrix((np.ones(len(row), np.float32), entries), shape=(len(cases), movies))


def _lightfm(train: Interactions, features: Features | None, *, epochs: int, **parameters: Any) -> Ask:
    from scipy.sparse import coo_matrix, hstack, identity

    kept = train.where(train.liked) if features is None else train
    value = np.where(kept.liked, 1, -1).astype(np.float32)
    cells = coo_matrix((value, (kept.person, kept.movie)), shape=(train.people, train.movies))
    items = identity(train.movies, np.float32, format="csr")
    if features is not None:
        scale = np.float32(Config().feature_scale)
        items = hstack([items, features.matrix * scale], format="csr", dtype=np.float32)
    model = library()(random_state=Config().seed, **parameters)
    model.fit(cells, item_features=items, epochs=epochs)
    vectors, biases = items @ model.item_embeddings, items @ model.item_biases
    return lambda cases: model.user_embeddings[_rows(cases)] @ vectors.T + biases


def _rows(cases: Sequence[Case]) -> list[int]:
    return [case.person for case in cases]


def _fit_quietly(model: Any, likes: csr_matrix) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # about threads of BLAS, which are bounded here
        model.fit(likes, show_progress=False)
