"""What another ranking would have brought, from slates that were partly left to chance.

A click at a place is taken to depend on the place and on the movie that stands there, not on its neighbours: the
item-position model of Li et al. 2018, arXiv:1804.10488. The formulae are in docs/recommendations.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.logged import Logged
from recsys.evaluation.reward_model import expected
from recsys.model import Ints

Figures = NDArray[np.float64]

SERVED = "as served"
LEAST_EFFECTIVE, MOST_UNSUPPORTED = 100, 0.05
"""A policy of which the log has tried less has no estimate to rely on, only bounds."""
_RESAMPLES = 1_000
_AT_ONCE = 4_000_000
"""Counts of resampled people that are in memory together."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and 95 % confidence; None where there is nothing to divide by, or where resampling changes nothing."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """What a policy brings a slate by each estimator, and how much of that the log can say.

    `at_least` and `at_most` bound it with the same confidence whatever would happen at places without support.
    `without_support` is the share of the policy's places that chance never gave to it, `certain` that which it could not
    have. `effective` is how many places the weights are worth, `largest` the largest weight.
    """

    policy: str
    outcome: str
    ips: Interval
    snips: Interval
    dr: Interval
    at_least: float
    at_most: float
    matched: float
    without_support: Interval
    certain: float
    effective: float
    largest: float
    is_supported: bool


def estimates(
    logged: Logged,
    wanted: Mapping[str, Ints],
    outcomes: Mapping[str, NDArray[np.bool_]],
    *,
    seed: int = 1,
) -> list[Estimates]:
    """Return a line for each policy and outcome, what was served first; the same arguments give the same figures.

    `wanted` has the movie that each policy puts at each of the places, -1 for none.
    """
    policies = {SERVED: logged.movie, **wanted}
    weights = {name: _weights(logged, movies, name) for name, movies in policies.items()}
    sums = [
        _sums(logged, weights[name], outcome, expected(logged, outcome, movies))
        for name, movies in policies.items()
        for outcome in outcomes.values()
    ]
    draws = resampled(np.concatenate(sums, axis=1), seed)
    found = []
    for place, (name, outcome) in enumerate((name, outcome) for name in policies for outcome in outcomes):
        columns = slice(place * _COLUMNS, (place + 1) * _COLUMNS)
        found.append(
            _line(logged, name, outcome, weights[name], sums[place].sum(axis=0), draws[:, columns].T)
        )
    return found


def _weights(logged: Logged, wanted: Ints, name: str) -> Figures:
    """Return what each place counts; what was served is as it would be served again, so that all count 1."""
    if name == SERVED:
        return np.ones(len(logged))
    return np.where(wanted == logged.movie, 1 / logged.propensity, 0.0)


_COLUMNS = 6


def _sums(
    logged: Logged, weights: Figures, outcome: NDArray[np.bool_], model: tuple[Figures, Figures]
) -> Figures:
    """Return float64 [people, columns], of which every estimator is a ratio."""
    of_shown, of_wanted = model
    terms = (
        np.ones(len(logged)),
        weights,
        weights * outcome,
        of_wanted + weights * (outcome - of_shown),
        1 - weights * (1 - outcome),
    )
    people, person = logged.slates.people, logged.person
    slates = np.bincount(logged.slates.person, minlength=people)
    return np.stack([slates, *(np.bincount(person, term, people) for term in terms)], axis=1)


def _line(
    logged: Logged, policy: str, outcome: str, weights: Figures, total: Figures, draws: Figures
) -> Estimates:
    def told(figure: Figures, of_draws: Figures) -> Interval:
        value = float(figure)
        if np.isnan(value):
            return Interval(None, None, None)
        low, high = np.nanquantile(of_draws, (0.025, 0.975))
        return Interval(value, float(low), float(high)) if low < high else Interval(value, None, None)

    by_name, drawn = _ratios(total), _ratios(draws)
    told_of = {name: told(by_name[name], drawn[name]) for name in by_name}
    ips, most = told_of["ips"], told_of["at_most"]
    assert ips.value is not None
    assert most.value is not None
    places = float(total[1] / total[0])
    is_zero = weights == 0
    squares = float(weights @ weights)
    effective = float(weights.sum() ** 2 / squares) if squares else 0.0
    without_support = _share(told_of["without_support"])
    return Estimates(
        policy=policy,
        outcome=outcome,
        ips=ips,
        snips=told_of["snips"],
        dr=told_of["dr"],
        # weights that sum to more than there are places could put a bound on the wrong side of the estimate
        at_least=ips.value if ips.low is None else min(ips.low, ips.value),
        at_most=min(max(most.value if most.high is None else most.high, ips.value), places),
        matched=float(1 - is_zero.mean()),
        without_support=without_support,
        certain=float((is_zero & (logged.propensity >= 1)).mean()),
        effective=effective,
        largest=float(weights.max()),
        is_supported=effective >= LEAST_EFFECTIVE and (without_support.value or 0) <= MOST_UNSUPPORTED,
    )


def _ratios(sums: Figures) -> dict[str, Figures]:
    slates, places, weights, brought, robust, at_most = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "ips": brought / slates,
            "snips": brought / weights * (places / slates),
            "dr": robust / slates,
            "at_most": at_most / slates,
            "without_support": 1 - weights / places,
        }


def _share(found: Interval) -> Interval:
    """Return it from 0 to 1: weights that have chance on their side sum to more than there are places."""

    def inside(figure: float | None) -> float | None:
        return figure if figure is None else min(max(figure, 0.0), 1.0)

    return Interval(inside(found.value), inside(found.low), inside(found.high))


def resampled(sums: Figures, seed: int) -> Figures:
    """Return [resamples, columns]: the sums over as many people, drawn with replacement.

    People and not places are drawn, for what one person does hangs together.
    """
    dice, people = np.random.default_rng(seed), len(sums)
    at_once = max(1, _AT_ONCE // people)
    parts = []
    for begin in range(0, _RESAMPLES, at_once):
        times = min(at_once, _RESAMPLES - begin)
        parts.append(dice.multinomial(people, np.full(people, 1 / people), size=times) @ sums)
    return np.concatenate(parts)
