"""One run over one data set: every model, every protocol."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys.config import Config
from recsys.evaluation import metrics, ours, peers
from recsys.evaluation.datasets import DataSet
from recsys.evaluation.metrics import Estimate, Figures
from recsys.evaluation.peers import Ask
from recsys.evaluation.protocols import Case, cold, leave_last_out, newcomers, stream
from recsys.features import Features
from recsys.interactions import Interactions
from recsys.model import Model
from recsys.scoring import Algorithm, Scorer
from recsys.training import Progress, train

T = TypeVar("T")

_CHUNK = 256
"""Cases that are scored at once: their scores of all movies are held in memory."""
_COLD_SEEDS = (1, 2, 3)


@dataclass(frozen=True)
class Row:
    """One model by one protocol: estimates by metric, NDCG@10 of each case, and seconds to fit and to score all cases."""

    protocol: str
    model: str
    estimates: dict[str, Estimate]
    ndcg: Figures = field(repr=False)
    fit_s: float | None = None
    score_s: float | None = None
    known_shown: int = 0
    """How often a list held a movie that the person had judged: must be 0."""


def evaluate(data: DataSet, config: Config, progress: Progress) -> list[Row]:
    """Run it all; takes some minutes. The same data and configuration give the same figures."""
    from threadpoolctl import threadpool_limits

    peers.load()
    steps = (_leave_last_out, _stream, _newcomers, _cold)
    advance = progress(f"{data.name}: protocols", len(steps))
    rows: list[Row] = []
    with threadpool_limits(1):
        for step in steps:
            rows += step(data, config)
            advance(1)
    return rows


def _leave_last_out(data: DataSet, config: Config) -> Iterator[Row]:
    split = leave_last_out(data.interactions)
    model, model_s = _trained(split.train, data.features, config)
    ease, ease_s = _timed(lambda: ours.ease(split.train, config))
    fits: dict[str, Callable[[Interactions, Features], Ask]] = {
        "popularity": peers.popularity,
        "item-kNN": peers.item_knn,
        "iALS (implicit)": peers.ials,
        "BPR (implicit)": peers.bpr,
        "LightFM, library defaults": peers.lightfm_defaults,
        "LightFM hybrid": peers.lightfm_hybrid,
    }
    for name, fit in fits.items():
        ask, fit_s = _timed(lambda fit=fit: fit(split.train, data.features))  # type: ignore[misc]
        yield _row("leave-last-out", name, ask, split.cases, data, fit_s)
    of_ours: dict[str, tuple[Ask, float]] = {
        "live popularity": (ours.live(split.train, model), 0.0),
        "EASE": (ease, ease_s),
        "LightFM inductive": (ours.inductive(model), model_s),
        "EASE + LightFM": (ours.ease_and_lightfm(model, ease), model_s),
        "BLEND, not varied": (ours.unvaried(split.train, model), model_s),
        "BLEND": (ours.blend(split.train, model), model_s),
    }
    for name, (ask, fit_s) in of_ours.items():
        yield _row("leave-last-out", name, ask, split.cases, data, fit_s)


def _stream(data: DataSet, config: Config) -> Iterator[Row]:
    split = stream(data.interactions)
    model, _ = _trained(split.train, data.features, config)
    everything = data.interactions
    ials, ease = peers.ials(split.train, data.features), ours.ease(split.train, config)
    asks = {
        "live popularity": ours.live(everything, model),
        "item-kNN": peers.item_knn(split.train, data.features),
        "EASE": ease,
        "EASE, with the prior": ours.with_prior(ease, everything, model),
        "iALS (implicit)": ials,
        "iALS (implicit), with the prior": ours.with_prior(ials, everything, model),
        "BLEND, not varied": ours.unvaried(everything, model),
        "BLEND": ours.blend(everything, model),
        "BLEND, histories of the last training": ours.nightly(everything, model),
    }
    for name, ask in asks.items():
        yield _row("stream", name, ask, split.cases, data)


def _newcomers(data: DataSet, config: Config) -> Iterator[Row]:
    training, by_kind = newcomers(data.interactions)
    model, _ = _trained(training, data.features, config)
    scorer = Scorer(model, model.likes)
    asks: dict[str, Ask] = {
        "popularity": peers.popularity(training, data.features),
        "iALS (implicit)": peers.ials(training, data.features),
        "EASE": ours.ease(training, config),
        "BLEND": lambda cases: np.stack([ours.served(scorer, case.history) for case in cases]),
    }
    for (order, shown), cases in by_kind.items():
        protocol = f"newcomers, {order} order, {shown} likes"
        for name, ask in asks.items():
            if shown or name in ("popularity", "BLEND"):
                yield _row(protocol, name, ask, cases, data)
        if shown and order == "random":
            ask, named = _retrained(training, cases, data.features)
            yield _row(protocol, "LightFM retrained", ask, named, data)


def _retrained(training: Interactions, cases: Sequence[Case], features: Features) -> tuple[Ask, list[Case]]:
    """Train LightFM anew with what the newcomers are shown to like, as people of its own."""
    liked = [case.history.liked for case in cases]
    person = training.people + np.repeat(np.arange(len(cases)), [len(each) for each in liked])
    told = Interactions(
        np.concatenate([training.person, person.astype(np.int32)]),
        np.concatenate([training.movie, *liked]),
        np.concatenate([training.weight, *(case.history.weights for case in cases)]),
        np.concatenate([training.at, np.full(len(person), training.at.max())]),
        training.people + len(cases),
        training.movies,
    )
    named = [replace(case, person=training.people + row) for row, case in enumerate(cases)]
    return peers.lightfm_hybrid(told, features), named


def _cold(data: DataSet, config: Config) -> Iterator[Row]:
    """Rank the movies that were held back among themselves, by their features alone."""
    figures: list[float] = []
    gains: list[Figures] = []
    for seed in _COLD_SEEDS:
        split, movies = cold(data.interactions, seed=seed)
        model, _ = _trained(split.train, data.features, config)
        scorer = Scorer(ours.orderless(model), model.likes)
        scores = np.stack([scorer.raw(case.history, Algorithm.HYBRID)[movies] for case in split.cases])
        targets = [np.searchsorted(movies, case.targets).astype(np.int32) for case in split.cases]
        for row, wanted in enumerate(targets):
            is_target = np.zeros(len(movies), bool)
            is_target[wanted] = True
            figures.append(metrics.auc(scores[row], is_target))
        best = metrics.ranked(scores, [case.targets[:0] for case in split.cases], 10)
        gains.append(metrics.ndcg(best, targets, 10))
    ndcg = np.concatenate(gains)
    estimates = {"AUC": metrics.estimate(np.array(figures)), "NDCG@10": metrics.estimate(ndcg)}
    yield Row("cold movies", "LightFM inductive", estimates, ndcg)


def _row(
    protocol: str, name: str, ask: Ask, cases: Sequence[Case], data: DataSet, fit_s: float | None = None
) -> Row:
    best: list[NDArray[np.int64]] = []
    spent = 0.0
    for begin in range(0, len(cases), _CHUNK):
        part = cases[begin : begin + _CHUNK]
        scores, seconds = _timed(lambda part=part: ask(part))  # type: ignore[misc]
        spent += seconds
        best.append(metrics.ranked(scores, [case.history.known for case in part], metrics.LONGEST))
    ranking, targets = np.concatenate(best), [case.targets for case in cases]
    ndcg = metrics.ndcg(ranking, targets, 10)
    covered = metrics.coverage(ranking, data.interactions.movies, 10)
    alike = metrics.similarity(ranking, data.features.matrix.toarray(), 10)
    estimates = {
        "recall@10": metrics.estimate(metrics.recall(ranking, targets, 10)),
        "NDCG@10": metrics.estimate(ndcg),
        "recall@50": metrics.estimate(metrics.recall(ranking, targets, 50)),
        "coverage@10": Estimate(covered, 0.0),
        "similarity@10": metrics.estimate(alike),
    }
    shown = sum(int(np.isin(row, case.history.known).sum()) for row, case in zip(ranking, cases, strict=True))
    return Row(protocol, name, estimates, ndcg, fit_s, spent, shown)


def _trained(interactions: Interactions, features: Features, config: Config) -> tuple[Model, float]:
    return _timed(
        lambda: train(interactions, features, config, progress=lambda _what, _total: lambda _: None)
    )


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began
