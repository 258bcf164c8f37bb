"""What the models have to reach, beside each other, in one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.evaluation.metrics import estimate
from recsys.evaluation.run import Row

Runs = Mapping[str, Sequence[Row]]
"""Rows by the name of the data set."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something to reach, what was reached, and the standard error of that where it is a difference of pairs."""

    what: str
    wanted: float
    reached: float
    error: float | None

    @property
    def is_met(self) -> bool:
        """Whether it was reached."""
        return self.reached >= self.wanted

    @property
    def verdict(self) -> str:
        """The same, for people."""
        return "met" if self.is_met else "missed"


_NIGHT = "BLEND, histories of the last training"
_PRIOR = "iALS (implicit), with the prior"
_LAST = "leave-last-out"
_BLEND_OVER_EASE = {"movielens-100k": 1.15, "movielens-latest-small": 1.4}
_COVERAGE = {"movielens-100k": 0.25}
_COLD = {"movielens-100k": 0.72}
_NEWCOMERS = {1: 1.08, 3: 1.2, 5: 1.3, 10: 1.45}


def targets(runs: Runs) -> list[Target]:
    """Return every target that can be told from these runs; means are over the data sets."""
    found = [
        _mean_ratio(runs, _LAST, "EASE + LightFM", other, wanted)
        for other, wanted in (("iALS (implicit)", 1.05), ("EASE", 1.02), ("LightFM, library defaults", 1.3))
    ]
    for name in runs:
        one = {name: runs[name]}
        if name in _BLEND_OVER_EASE:
            found.append(_mean_ratio(one, _LAST, "BLEND", "EASE", _BLEND_OVER_EASE[name]))
        if name in _COVERAGE:
            reached = _row(runs[name], _LAST, "BLEND").estimates["coverage@10"].mean
            found.append(Target(f"{name}: coverage@10 of BLEND", _COVERAGE[name], reached, None))
        found.append(_mean_ratio(one, "stream", "BLEND", _NIGHT, 1.35))
        found.append(_mean_ratio(one, "stream", "BLEND", _PRIOR, 1.0))
        for shown, wanted in _NEWCOMERS.items():
            random = f"newcomers, random order, {shown} likes"
            found.append(_mean_ratio(one, random, "BLEND", "popularity", wanted))
            found.append(_mean_ratio(one, random, "BLEND", "LightFM retrained", 1.0))
            found += [_not_below(name, runs[name], order, shown) for order in ("random", "time")]
        if name in _COLD:
            auc = _row(runs[name], "cold movies", "LightFM inductive").estimates["AUC"]
            found.append(Target(f"{name}: AUC of cold movies", _COLD[name], auc.mean, auc.error))
    known = sum(row.known_shown for rows in runs.values() for row in rows)
    found.append(Target("all lists: nothing that the person had judged", 1.0, float(known == 0), None))
    return found


def _mean_ratio(runs: Runs, protocol: str, ours: str, other: str, wanted: float) -> Target:
    """The mean over data sets of the ratio of NDCG@10; its error is that of the paired differences."""
    ratios, errors = [], []
    for rows in runs.values():
        mine, theirs = _row(rows, protocol, ours).ndcg, _row(rows, protocol, other).ndcg
        base = theirs.mean()
        ratios.append(mine.mean() / base)
        errors.append(estimate(mine - ratios[-1] * theirs).error / base)
    where = next(iter(runs)) if len(runs) == 1 else "mean"
    what = f"{where}: {protocol}: {ours} / {other}"
    return Target(what, wanted, float(np.mean(ratios)), float(np.linalg.norm(errors) / len(errors)))


def _not_below(name: str, rows: Sequence[Row], order: str, shown: int) -> Target:
    protocol = f"newcomers, {order} order, {shown} likes"
    mine, popular = _row(rows, protocol, "BLEND"), _row(rows, protocol, "popularity")
    floor = popular.estimates["NDCG@10"].mean - popular.estimates["NDCG@10"].error
    what = f"{name}: {protocol}: BLEND, no less than popularity minus one standard error"
    return Target(what, float(floor), float(mine.ndcg.mean()), mine.estimates["NDCG@10"].error)


def _row(rows: Sequence[Row], protocol: str, model: str) -> Row:
    return next(row for row in rows if (row.protocol, row.model) == (protocol, model))
