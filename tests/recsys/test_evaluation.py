"""A whole evaluation of a small data set, and what it writes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import orjson
import pytest

from recsys.config import Config
from recsys.evaluation import metrics, ours, peers
from recsys.evaluation.datasets import DataSet, read
from recsys.evaluation.protocols import Case, leave_last_out, live_popularity
from recsys.evaluation.report import write
from recsys.evaluation.run import Row, evaluate
from recsys.evaluation.targets import targets
from recsys.features import Features
from recsys.interactions import Interactions
from recsys.model import Model
from recsys.scoring import Algorithm, Scorer
from tests.recsys.conftest import CONFIG, LOVE, MOVIES, WAR, silent
from tests.recsys.test_scoring import liking


@pytest.fixture(scope="module")
def data(interactions: Interactions, described: Features) -> DataSet:
    """The two tastes, everybody liking all of theirs twice over in time so that newcomers have enough likes."""
    rng = np.random.default_rng(7)
    person = np.repeat(np.arange(60, dtype=np.int32), 24)
    movie = np.concatenate([rng.permutation(24) for _ in range(60)]).astype(np.int32)
    is_own = (movie < 12) == (person % 2 == 1)
    weight = np.where(is_own | (rng.random(len(movie)) < 0.4), 1, -1).astype(np.float32)
    at = np.asarray(1e9 + rng.permutation(len(movie)) * 600, np.float64)
    return DataSet("small", Interactions(person, movie, weight, at, 60, MOVIES), described)


@pytest.fixture(scope="module")
def rows(data: DataSet) -> list[Row]:
    return evaluate(data, replace(CONFIG, rounds=2), silent)


def test_every_model_is_asked_by_every_protocol_and_shows_nothing_known(rows: list[Row]) -> None:
    by_protocol = {
        protocol: [row.model for row in rows if row.protocol == protocol]
        for protocol in {r.protocol for r in rows}
    }
    assert len(by_protocol) == 2 + 2 * 5 + 1
    assert len(by_protocol["leave-last-out"]) == 12
    assert len(by_protocol["stream"]) == 9
    assert all(row.known_shown == 0 for row in rows)
    assert all(0 <= e.mean <= 1 for row in rows for e in row.estimates.values())


def test_the_same_again_gives_the_same_figures(data: DataSet, rows: list[Row]) -> None:
    again = evaluate(data, replace(CONFIG, rounds=2), silent)
    assert [(row.model, row.estimates) for row in again] == [(row.model, row.estimates) for row in rows]


def test_targets_are_ratios_of_the_means_with_the_error_of_the_pairs(rows: list[Row]) -> None:
    found = targets({"small": rows})
    target = next(each for each in found if each.what == "small: leave-last-out: EASE + LightFM / EASE")
    mine, theirs = (
        next(row for row in rows if (row.protocol, row.model) == ("leave-last-out", name)).ndcg
        for name in ("EASE + LightFM", "EASE")
    )
    assert target.reached == pytest.approx(mine.mean() / theirs.mean())
    assert target.error == pytest.approx(
        metrics.estimate(mine - target.reached * theirs).error / theirs.mean()
    )
    assert target.is_met == (target.reached >= 1.02)


def test_a_report_is_a_page_numbers_and_a_picture(rows: list[Row], tmp_path: Path) -> None:
    found = write({"small": rows}, Config(), tmp_path / "out")
    page = (tmp_path / "out" / "evaluation.md").read_text()
    for row in rows:
        assert f"| {row.model} |" in page
    assert len(re.findall(r"\| (met|missed) \|", page)) == len(found)
    told = orjson.loads((tmp_path / "out" / "evaluation.json").read_bytes())
    assert len(told["runs"]["small"]) == len(rows)
    assert told["config"]["seed"] == Config().seed
    assert ET.fromstring((tmp_path / "out" / "evaluation.svg").read_text()).tag.endswith("svg")


def test_blend_is_asked_as_it_is_served(interactions: Interactions, model: Model) -> None:
    split = leave_last_out(interactions)
    known = [case.history.known for case in split.cases]
    best = metrics.ranked(ours.blend(split.train, model)(split.cases), known, MOVIES)
    popularity = live_popularity(split.train, [case.at for case in split.cases], model.config.half_life_days)
    for row, case, popular in zip(best, split.cases, popularity, strict=True):
        listed, _ = Scorer(model, popular).top(case.history, MOVIES)
        assert row[row >= 0].tolist() == listed.tolist()


@pytest.mark.parametrize(
    "fit", [peers.item_knn, peers.ials, peers.lightfm_defaults, peers.lightfm_hybrid, peers.bpr]
)
def test_peers_tell_two_tastes_apart(interactions: Interactions, described: Features, fit: peers.Fit) -> None:
    split = leave_last_out(interactions)
    scores = fit(split.train, described)(split.cases)
    kinds = [WAR if case.person % 2 else LOVE for case in split.cases]
    best = metrics.ranked(scores, [case.history.known for case in split.cases], 3)
    right = np.mean([np.isin(row, kind).mean() for row, kind in zip(best, kinds, strict=True)])
    assert right > 0.85


def test_popularity_is_the_same_for_everybody(interactions: Interactions, described: Features) -> None:
    scores = peers.popularity(interactions, described)([Case(0, liking(1), liking().liked, 0.0)] * 2)
    assert scores[0].tolist() == scores[1].tolist() == [16.0] * 24 + [0.0, 0.0]


def test_ease_of_the_model_is_ease_in_closed_form(interactions: Interactions, model: Model) -> None:
    liked = peers.likes_of(interactions).toarray().astype(np.float64)[:, :24]
    inverse = np.linalg.inv(liked.T @ liked + CONFIG.ease_l2 * np.eye(24))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    ask = ours.ease(interactions, CONFIG)
    assert ask([Case(-1, liking(3, 7), liking().liked, 0.0)])[0, :24] == pytest.approx(
        expected[3] + expected[7], abs=1e-5
    )
    scores = Scorer(ours.orderless(model), model.likes).raw(liking(3, 7), Algorithm.COLLABORATIVE)[:24]
    largest = np.argsort(-np.abs(expected), axis=1)[:, : CONFIG.neighbors]
    kept = np.zeros_like(expected)
    np.put_along_axis(kept, largest, np.take_along_axis(expected, largest, 1), 1)
    raw = kept[3] + kept[7]
    assert scores == pytest.approx((raw - raw.mean()) / raw.std(), abs=1e-3)


def test_a_release_becomes_interactions_in_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text(
        "movieId,title,genres\n1,One (1994),Drama|War\n2,Two (1996),Drama\n5,Three (2001),War\n"
    )
    (tmp_path / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n7,2,4.0,1000000200\n3,1,2.0,1000000100\n7,1,3.5,1000000150\n7,9,5.0,1000000001\n7,2,1.0,1000000300\n"
    )
    data = read(tmp_path)
    told = data.interactions
    assert [told.person.tolist(), told.movie.tolist(), told.weight.tolist(), told.at.tolist()] == [
        [0, 1, 1],
        [0, 0, 1],
        [-1.0, 0.0, -1.0],
        [1000000100.0, 1000000150.0, 1000000300.0],
    ]
    assert data.features.names == ("decade:1990", "genre:Drama", "genre:War")
    assert data.features.movies == told.movies == 3
