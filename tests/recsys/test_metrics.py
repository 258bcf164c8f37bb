"""Each metric is what a slow and obvious reading of its definition says."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.evaluation import metrics

MOVIES = 12


@st.composite
def rankings(draw: st.DrawFn) -> tuple[list[float], set[int], set[int]]:
    """Scores with many ties, what is known, and what is wanted of the rest."""
    scores = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=MOVIES, max_size=MOVIES))
    known = draw(st.sets(st.integers(0, MOVIES - 1), max_size=4))
    wanted = draw(st.sets(st.integers(0, MOVIES - 1), min_size=1, max_size=5))
    return scores, known, wanted - known or {next(each for each in range(MOVIES) if each not in known)}


def slowly(scores: list[float], known: set[int], k: int) -> list[int]:
    """Take the best that is left, k times."""
    left = [each for each in range(len(scores)) if each not in known]
    taken: list[int] = []
    while left and len(taken) < k:
        best = max(left, key=lambda each: (scores[each], -each))
        taken.append(best)
        left.remove(best)
    return taken


def columns(of: set[int]) -> Any:
    return np.array(sorted(of), np.int32)


def best_of(scores: list[float], known: set[int], k: int) -> Any:
    return metrics.ranked(np.array([scores], np.float32), [columns(known)], k)


@given(rankings(), st.integers(1, MOVIES))
def test_the_ranking_is_the_best_first_without_what_is_known(case: Any, k: int) -> None:
    scores, known, _ = case
    expected = slowly(scores, known, k)
    assert list(best_of(scores, known, k)[0]) == expected + [-1] * (k - len(expected))


@given(rankings(), st.integers(1, MOVIES))
def test_recall_counts_hits(case: Any, k: int) -> None:
    scores, known, wanted = case
    hits = sum(each in wanted for each in slowly(scores, known, k))
    assert metrics.recall(best_of(scores, known, k), [columns(wanted)], k)[0] == pytest.approx(
        hits / min(k, len(wanted))
    )


@given(rankings(), st.integers(1, MOVIES))
def test_ndcg_is_the_gain_by_the_best_gain(case: Any, k: int) -> None:
    scores, known, wanted = case
    gain = sum(
        1 / math.log2(rank + 1) for rank, each in enumerate(slowly(scores, known, k), 1) if each in wanted
    )
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(wanted)) + 1))
    assert metrics.ndcg(best_of(scores, known, k), [columns(wanted)], k)[0] == pytest.approx(gain / best)


@given(rankings())
def test_auc_is_the_share_of_pairs_in_the_right_order(case: Any) -> None:
    scores, _, wanted = case
    others = set(range(MOVIES)) - wanted
    right = sum((scores[a] > scores[b]) + (scores[a] == scores[b]) / 2 for a in wanted for b in others) / (
        len(wanted) * len(others)
    )
    is_target = np.array([each in wanted for each in range(MOVIES)])
    assert metrics.auc(np.array(scores, np.float32), is_target) == pytest.approx(right)


@given(st.lists(st.lists(st.integers(-1, MOVIES - 1), min_size=3, max_size=3), min_size=1, max_size=5))
def test_coverage_is_the_share_of_movies_that_anybody_sees(lists: list[list[int]]) -> None:
    seen = {each for one in lists for each in one[:2] if each >= 0}
    assert metrics.coverage(np.array(lists), MOVIES, 2) == pytest.approx(len(seen) / MOVIES)


@given(
    st.lists(st.lists(st.integers(-1, 3), min_size=4, max_size=4), min_size=1, max_size=5), st.integers(1, 4)
)
def test_similarity_is_the_mean_cosine_of_pairs(lists: list[list[int]], k: int) -> None:
    described = np.array([[1, 0], [0, 2], [3, 3], [0, 0]], np.float32)
    slant = 1 / math.sqrt(2)
    cosine = {(0, 0): 1, (1, 1): 1, (2, 2): 1, (0, 2): slant, (1, 2): slant}
    expected = []
    for one in lists:
        shown = sorted(each for each in one[:k] if each >= 0)
        pairs = [cosine.get(pair, 0) for pair in combinations(shown, 2)]
        expected += [sum(pairs) / len(pairs)] if pairs else []
    assert metrics.similarity(np.array(lists), described, k) == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_an_estimate_is_the_mean_and_its_standard_error(values: list[float]) -> None:
    mean = sum(values) / len(values)
    error = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))
    found = metrics.estimate(np.array(values))
    assert [found.mean, found.error] == pytest.approx([mean, error])
