"""Estimates of other rankings: against slow sums, and against a world whose clicks are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.evaluation import offpolicy
from recsys.evaluation.logged import Logged, Slates
from recsys.evaluation.offpolicy import SERVED, Estimates, Interval, estimates, resampled
from recsys.evaluation.reward_model import FOLDS, PRIOR_OUTCOMES, PRIOR_PLACES, expected

Place = tuple[int, float, bool, int]
"""A movie, its propensity, whether it was clicked, and the movie that is wanted there."""
Slate = tuple[int, Sequence[Place]]
"""A person, and what they were shown."""


def logged(slates: Sequence[Slate]) -> tuple[Logged, Any]:
    """The arrays of some slates, and what is wanted."""
    people = np.array([person for person, _ in slates])
    made = np.arange(len(slates), dtype=np.float64)
    whose = Slates(people.astype("V16"), people, made.astype(np.int64), made)
    rows = [
        (number, rank, *place)
        for number, (_, places) in enumerate(slates)
        for rank, place in enumerate(places, 1)
    ]
    slate, rank, movie, propensity, clicked, wanted = (np.array(column) for column in zip(*rows, strict=True))
    found = Logged(
        whose,
        slate,
        rank.astype(np.int32),
        movie.astype(np.int32),
        propensity.astype(np.float64),
        clicked.astype(bool),
        np.zeros(len(rows), bool),
    )
    return found, wanted.astype(np.int32)


_PLACES = st.tuples(
    st.integers(1, 4), st.sampled_from([1.0, 0.5, 0.05]), st.booleans(), st.sampled_from([-1, 1, 2, 3, 4])
)


@st.composite
def _slates(draw: st.DrawFn) -> list[Slate]:
    # people are numbered without gaps
    people = draw(st.lists(st.integers(0, 6), min_size=1, max_size=8))
    number = {person: place for place, person in enumerate(sorted(set(people)))}
    return [(number[person], draw(st.lists(_PLACES, min_size=1, max_size=4))) for person in people]


def rate(slates: Sequence[Slate], person: int, rank: int, movie: int) -> float:
    """The reward model, place by place, of the people of the other folds."""
    told = [
        (rank, *place)
        for who, places in slates
        if who % FOLDS != person % FOLDS
        for rank, place in enumerate(places, 1)
    ]
    overall = sum(place[3] for place in told) / len(told) if told else 0.0

    def of_rank(rank: int) -> float:
        clicks = [place[3] for place in told if place[0] == rank]
        return (sum(clicks) + PRIOR_PLACES * overall) / (len(clicks) + PRIOR_PLACES)

    own = [place for place in told if place[1] == movie]
    foreseen = sum(of_rank(place[0]) for place in own)
    lift = (sum(place[3] for place in own) + PRIOR_OUTCOMES) / (foreseen + PRIOR_OUTCOMES)
    return min(of_rank(rank) * lift, 1.0)


def slowly(slates: Sequence[Slate]) -> dict[str, float | None]:
    """Every figure as its formula says it."""
    ips = robust = weights = squares = 0.0
    matched = certain = places = 0
    for person, shown in slates:
        for rank, (movie, chance, is_clicked, wanted) in enumerate(shown, 1):
            weight = 1 / chance if movie == wanted else 0.0
            ips += weight * is_clicked
            guess = 0.0 if wanted < 0 else rate(slates, person, rank, wanted)
            robust += guess + weight * (is_clicked - rate(slates, person, rank, movie))
            weights, squares = weights + weight, squares + weight**2
            places, matched = places + 1, matched + (movie == wanted)
            certain += movie != wanted and chance == 1
    number = len(slates)
    return {
        "ips": ips / number,
        "snips": ips / weights * places / number if weights else None,
        "dr": robust / number,
        "matched": matched / places,
        "without_support": min(max(1 - weights / places, 0), 1),
        "certain": certain / places,
        "effective": weights**2 / squares if squares else 0.0,
    }


@given(slates=_slates())
def test_estimates_are_their_formulae(slates: list[Slate]) -> None:
    found, wanted = logged(slates)
    served, line = estimates(found, {"other": wanted}, {"clicks": found.clicked})
    assert (served.policy, line.policy) == (SERVED, "other")
    for name, value in slowly(slates).items():
        said = getattr(line, name)
        said = said.value if isinstance(said, Interval) else said
        assert said == (None if value is None else pytest.approx(value)), name
    clicks = sum(place[2] for _, places in slates for place in places) / len(slates)
    assert [each.value for each in (served.ips, served.snips, served.dr)] == pytest.approx([clicks] * 3)
    assert [served.matched, served.without_support.value, served.effective] == pytest.approx(
        [1, 0, len(found)]
    )
    per_slate = len(found) / len(slates)
    assert max(served.at_most, line.at_most) <= per_slate + 1e-9


def test_nothing_that_chance_gave_means_no_estimate_but_bounds() -> None:
    found, wanted = logged([(0, [(1, 1.0, True, 2), (2, 0.5, False, 3)]), (1, [(1, 1.0, False, -1)])])
    _, line = estimates(found, {"other": wanted}, {"clicks": found.clicked})
    nothing = Interval(None, None, None)
    assert (line.ips, line.snips) == (Interval(0.0, None, None), nothing)
    assert (line.at_least, line.effective, line.largest) == (0, 0, 0)
    assert line.at_most == pytest.approx(1.5)
    assert not line.is_supported
    assert [line.without_support.value, line.certain] == pytest.approx([1, 2 / 3])


def test_people_are_drawn_with_all_that_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    draws = resampled(sums, 1)
    assert draws.shape == (1_000, 2)
    np.testing.assert_allclose(draws[:, 1], 10 * draws[:, 0])
    assert set(draws[:, 0]) <= {a + b + c for a in (1, 2, 4) for b in (1, 2, 4) for c in (1, 2, 4)}
    assert draws[:, 0].mean() == pytest.approx(7, rel=0.05)
    assert draws[:, 0].std() == pytest.approx(math.sqrt(3 * np.var([1, 2, 4])), rel=0.1)
    monkeypatch.setattr(offpolicy, "_AT_ONCE", 1)
    assert resampled(sums, 1).shape == (1_000, 2)
    assert np.array_equal(resampled(sums, 1), resampled(sums, 1))


class World:
    """Ten places, ten movies, a chance of a click that is examination times appeal, and people of two minds.

    Served is the worst first of each five, save that they turn in a ring with probability `share`; the policy in question
    has the best of them first.
    """

    share = 0.6
    looked = 1 / np.arange(1, 11) ** 0.7
    appeal = np.tile(np.linspace(0.1, 0.6, 5), 2)
    wanted = np.array([4, 3, 2, 1, 0, 9, 8, 7, 6, 5])

    def clicks(self, movies: Any, mind: Any) -> Any:
        return self.looked * self.appeal[movies] * mind

    def truth(self) -> float:
        return float(self.clicks(self.wanted, 1.0).sum())

    def run(self, seed: int, people: int = 250) -> list[Estimates]:
        dice = np.random.default_rng(seed)
        person = np.repeat(np.arange(people), dice.integers(1, 6, people))
        mind = dice.choice([0.5, 1.5], people)[person]
        turned = np.where(
            dice.random((len(person), 2)) < self.share, dice.integers(0, 5, (len(person), 2)), 0
        )
        place = np.arange(10)
        movies = 5 * (place // 5) + (place % 5 + turned[:, place // 5]) % 5
        propensity = np.where(movies == place, 1 - self.share + self.share / 5, self.share / 5)
        clicked = dice.random(movies.shape) < self.clicks(movies, mind[:, None])
        slate = np.repeat(np.arange(len(person)), 10)
        made = np.arange(len(person), dtype=np.float64)
        found = Logged(
            Slates(person.astype("V16"), person, made.astype(np.int64), made),
            slate,
            np.tile(place + 1, len(person)).astype(np.int32),
            movies.ravel().astype(np.int32) + 1,
            propensity.ravel(),
            clicked.ravel(),
            clicked.ravel(),
        )
        wanted = np.tile(self.wanted + 1, len(person)).astype(np.int32)
        return estimates(found, {"turned": wanted}, {"clicks": found.clicked}, seed=seed)


def test_intervals_hold_the_truth_as_often_as_they_say_and_the_naive_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(offpolicy, "_RESAMPLES", 300)
    world, runs = World(), 200
    truth, held = world.truth(), dict.fromkeys(("naive", "ips", "snips", "dr", "bounds"), 0)
    errors: dict[str, list[float]] = {name: [] for name in ("ips", "snips", "dr")}
    for seed in range(runs):
        served, line = world.run(seed)
        held["naive"] += holds(served.ips, truth)
        held["bounds"] += line.at_least < truth < line.at_most
        for name, found in errors.items():
            interval = getattr(line, name)
            held[name] += holds(interval, truth)
            found.append(interval.value - truth)
    assert held["naive"] < 0.2 * runs
    for name, found in errors.items():
        # 95 of 100, and what chance makes of 200 runs
        assert 0.88 * runs <= held[name] <= 0.995 * runs, (name, held)
        assert abs(np.mean(found)) < 3 * np.std(found) / math.sqrt(runs), name
    assert held["bounds"] >= 0.88 * runs
    assert np.std(errors["dr"]) < np.std(errors["ips"])


def holds(interval: Interval, truth: float) -> bool:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low < truth < interval.high


@pytest.mark.parametrize(
    ("places", "without", "is_supported"), [(100, 0, True), (99, 0, False), (105, 5, True), (106, 6, False)]
)
def test_an_estimate_needs_enough_places_and_enough_of_them_supported(
    places: int, without: int, is_supported: bool
) -> None:
    found, wanted = logged(
        [(person, [(1, 1.0, False, 2 if person < without else 1)]) for person in range(places)]
    )
    _, line = estimates(found, {"other": wanted}, {"clicks": found.clicked})
    assert line.effective == pytest.approx(places - without)
    assert line.is_supported is is_supported


def test_the_same_again_gives_the_same_figures() -> None:
    assert World().run(3) == World().run(3)


def test_a_place_that_chance_does_not_reach_is_told_of_and_bounded() -> None:
    world = World()
    world.wanted = np.array([4, 3, 2, 1, 0, 4, 3, 2, 1, 0])
    _, line = world.run(1)
    assert line.without_support.value == pytest.approx(0.5, abs=0.1)
    assert holds(line.without_support, 0.5)
    assert line.at_least < world.truth() < line.at_most
    assert line.at_most - line.at_least > 4
    assert not line.is_supported


def test_a_rate_is_no_more_than_one_and_nobody_is_predicted_from_their_own() -> None:
    places = [(1, 0.5, True, 1)] * 3
    found, wanted = logged([(0, places)])
    shown, _ = expected(found, found.clicked, wanted)
    assert shown.tolist() == [0, 0, 0]
    found, wanted = logged([(0, places), (1, places)])
    assert expected(found, found.clicked, wanted)[0].tolist() == [1] * 6
