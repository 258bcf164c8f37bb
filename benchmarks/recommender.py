"""The recommender: from a new like to the next list, and training on a million interactions."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.report import Report, Section, machine, ms
from recsys import features
from recsys.config import Config
from recsys.evaluation.peers import lightfm_hybrid
from recsys.features import Features
from recsys.interactions import Interactions
from recsys.model import Model
from recsys.reasons import reasons
from recsys.scoring import Algorithm, History, Scorer
from recsys.training import train

_MOVIES, _LIKES = 50_000, 30
_MOST_MS = 1.0
"""For a list, and for its reasons."""
_TRAINED_MOVIES, _TRAINED_PEOPLE, _TRAINED = 3_700, 6_000, 1_000_000


def run(*, quick: bool) -> Report:
    """Measure on one thread; the targets are 1 ms at the median for BLEND and for reasons, 120 s by ids, 600 s inductive."""
    report = Report("recommender", machine(), quick)
    with threadpool_limits(1):
        _lists(report, rounds=50 if quick else 1_000)
        _training(report, share=0.02 if quick else 1.0)
    return report


def _lists(report: Report, rounds: int) -> None:
    model = made_up()
    scorer = Scorer(model, model.likes)
    rng = np.random.default_rng(2)
    table = Section(
        f"A like becomes a new list: {_MOVIES:,} movies, {model.config.dimensions} dimensions, {_LIKES} likes, the best 20",
        ("algorithm", "p50 ms", "p99 ms", "reasons p50 ms", "reasons p99 ms"),
        note="Fold-in, scores of all movies, leaving out 200 that are known, and the best 20; then the reasons of these 20."
        " One thread.",
    )
    for algorithm in Algorithm:
        found = np.zeros((rounds, 2))
        for row in range(rounds):
            liked = rng.choice(_MOVIES, _LIKES, replace=False).astype(np.int32)
            known = rng.integers(0, _MOVIES, 200).astype(np.int32)
            history = History(liked, np.ones(_LIKES, np.float32), known=known)
            began = time.perf_counter()
            best, _ = scorer.top(history, 20, algorithm)
            ranked = time.perf_counter()
            reasons(scorer, history, best, algorithm=algorithm)
            found[row] = ranked - began, time.perf_counter() - ranked
        p50, p99 = np.percentile(found * 1000, [50, 99], axis=0)
        table.rows.append((algorithm, ms(p50[0]), ms(p99[0]), ms(p50[1]), ms(p99[1])))
        if algorithm is Algorithm.BLEND:
            report.at_most(f"BLEND: median ms ÷ {_MOST_MS:g} ms", 1.0, float(p50[0]) / _MOST_MS)
            report.at_most(f"reasons of BLEND: median ms ÷ {_MOST_MS:g} ms", 1.0, float(p50[1]) / _MOST_MS)
    report.sections.append(table)


def _training(report: Report, share: float) -> None:
    interactions, described = _interactions(share)
    config = Config()
    by_ids = _timed(lambda: lightfm_hybrid(interactions, described))
    inductive = _timed(
        lambda: train(interactions, described, config, progress=lambda _what, _total: _nothing)
    )
    sizes = f"{len(interactions):,} interactions of {interactions.people:,} people, {interactions.movies:,} movies"
    table = Section(f"Training: {sizes}", ("model", "seconds"))
    table.rows += [("LightFM by ids", f"{by_ids:.0f}"), ("all that is served", f"{inductive:.0f}")]
    report.sections.append(table)
    report.at_most("training by ids, s", 120.0, by_ids)
    report.at_most("training what is served, s", 600.0, inductive)


def _nothing(_: int) -> None:
    """Progress is not measured."""


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _interactions(share: float) -> tuple[Interactions, Features]:
    """Draw people who rate movies by their popularity and their taste, about as MovieLens 1M."""
    rng = np.random.default_rng(1)
    people, wanted = max(int(_TRAINED_PEOPLE * share), 50), int(_TRAINED * share)
    often = 1 / np.arange(10, _TRAINED_MOVIES + 10)
    active = rng.lognormal(4.6, 0.95, people)
    person = rng.choice(people, wanted * 3 // 2, p=active / active.sum())
    movie = rng.choice(_TRAINED_MOVIES, len(person), p=often / often.sum())
    pairs = rng.permutation(np.unique(person.astype(np.int64) * _TRAINED_MOVIES + movie))[:wanted]
    person, movie = np.divmod(pairs, _TRAINED_MOVIES)
    likes = (person % 20 == movie % 20) | (rng.random(len(pairs)) < 0.55)
    interactions = Interactions(
        person.astype(np.int32),
        movie.astype(np.int32),
        np.where(likes, 1, 0).astype(np.float32),
        np.arange(len(pairs), dtype=np.float64),
        people,
        _TRAINED_MOVIES,
    )
    genres = [f"{number % 20}" for number in range(_TRAINED_MOVIES)]
    return interactions, features.build(_TRAINED_MOVIES, {"genre": (np.arange(_TRAINED_MOVIES), genres)})


def made_up(movies: int = _MOVIES) -> Model:
    """Make arrays of the sizes that a catalogue of so many movies has; their values do not matter to the clock."""
    config, rng = Config(), np.random.default_rng(1)
    rows, k, d = min(config.ease_movies, movies) + 1, config.neighbors, config.dimensions

    def floats(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, np.float32)

    return Model(
        config=config,
        features=("genre:Drama",),
        people=100_000,
        interactions=10_000_000,
        item_vectors=floats(movies, d),
        item_biases=floats(movies),
        content_vectors=floats(movies, d),
        content_biases=floats(movies),
        taste_vectors=floats(movies, d),
        feature_vectors=floats(1, d),
        feature_biases=floats(1),
        feature_tastes=floats(1, d),
        feature_starts=np.zeros(movies + 1, np.int32),
        feature_ids=np.zeros(0, np.int32),
        ease_rows=rng.integers(0, rows - 1, movies).astype(np.int32),
        neighbors=rng.integers(0, movies, (rows, k)).astype(np.int32),
        neighbor_weights=floats(rows, k),
        likes=rng.integers(1, 1000, movies).astype(np.float32),
    )
