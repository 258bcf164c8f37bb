"""What operations cost, by the rules that docs/clients.md gives to clients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolvers.answers import Answer
from resolvers.limits import Limits
from schema import build

ENGINE = build().engine
CONTRACT = (Path(__file__).parent.parent / "operations/contract.graphql").read_text()


def cost(query: str, variables: Any = None, name: str | None = None) -> int:
    """Return what an operation costs."""
    operation = ENGINE.prepare(query, name, variables or {})
    assert not isinstance(operation, Answer), operation.errors
    return operation.cost


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename }", 0),
        ("{ viewer { id username roles } }", 1),
        ("{ genres { id name } }", 1),
        ("{ movie(by: { tmdbId: 1 }) { title genres { name } stats { viewCount } } }", 3),
        ("{ movies { totalCount pageInfo { hasNextPage } } }", 1),
        ("{ movies { nodes { id } } }", 1 + 20),
        ("{ movies(first: null) { nodes { id } } }", 1 + 20),
        ("{ movies { edges { cursor node { id } } } }", 1 + 20),
        ("{ movies(first: 3) { edges { node { id genres { name } } } } }", 1 + 3 * 2),
        ("{ movies(last: 3) { nodes { id } } }", 1 + 3),
        ("{ movies(first: 0) { nodes { id genres { name } } } }", 1),
        ("{ movies(first: -1) { nodes { id } } }", 1),
        ("{ movies(first: 1000) { nodes { id } } }", 1 + 100),
        ("{ movies(first: 10) { nodes { similar(first: 10) { nodes { id } } } } }", 1 + 10 * (2 + 10)),
        ("{ movies(first: 2) { edges { node { id } } nodes { id } } }", 1 + 2 + 2),
        ("{ viewer { recommendations(first: 2) { edges { reasons { because { id } } } } } }", 2 + 2 * 21),
        ("{ movies(first: 2) { nodes { id } } movies(first: 2) { nodes { title } } }", 1 + 2),
        ("{ a: movies(first: 2) { nodes { id } } b: movies(first: 2) { nodes { id } } }", 2 * (1 + 2)),
        ("{ ...F } fragment F on Query { movies(first: 2) { ...N } } "
         "fragment N on MovieConnection { nodes { id } }", 1 + 2),
        ('{ node(id: "x") { id } }', 1),
        ('{ node(id: "x") { ... on Movie { genres { id } stats { viewCount } } ... on User { id } } }', 1 + 2),
        ('{ nodes(ids: ["a", "b"]) { id ... on Movie { genres { id } } } }', 2 * 2),
        ('{ nodes(ids: "a") { id } }', 1),
        ("{ nodes(ids: []) { id } }", 0),
        ("{ movies(first: 9) @skip(if: true) { nodes { id } } viewer { id } }", 1),
        ("{ __schema { types { fields { args { name } } } } }", 100),
        ('{ __type(name: "Movie") { name } viewer { id } }', 101),
        ("subscription { interactions { id movie { id } } }", 2),
        ("mutation { a: signOut(input: {}) { errors { code } } b: signOut(input: {}) { errors { code } } }", 22),
    ],
)  # fmt: skip
def test_an_operation_costs_what_the_rules_say(query: str, expected: int) -> None:
    assert cost(query) == expected


PAGED = """query ($first: Int = 30, $inner: Int, $ids: [ID!] = [], $more: Boolean = false) {
  movies(first: $first) { nodes { similar(first: $inner) @include(if: $more) { nodes { id } } } }
  trending(last: $first) { nodes { id } }
  nodes(ids: $ids) { id }
}"""


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, 2 + 60),
        ({"first": 1}, 2 + 2),
        ({"first": None}, 2 + 40),
        ({"first": 500}, 2 + 200),
        ({"first": -5}, 2),
        ({"first": 5, "more": True}, 2 + 5 + 5 + 5 * 21),
        ({"first": 5, "more": True, "inner": 7}, 2 + 5 + 5 + 5 * 8),
        ({"first": 0, "ids": ["a", "b", "c"]}, 2 + 3),
        ({"first": 0, "ids": "a"}, 2 + 1),
    ],
)
def test_the_cost_follows_the_variables(variables: Any, expected: int) -> None:
    assert cost(PAGED, variables) == expected
    assert cost(PAGED, {"first": 2}) == 2 + 4  # what is kept for a shape is the same for all values


MOVIE = {"movieId": "Movie:x"}


@pytest.mark.parametrize(
    ("name", "variables", "expected"),
    [
        ("Home", {}, 5 + 20 * 29),
        ("Home", {"first": 100}, 5 + 100 * 29),
        ("Movie", {"by": {"tmdbId": 1}}, 4 + 1 + 5 * 2),
        ("BrowseMovies", {"first": 100}, 1 + 100 * 5),
        ("MyRatings", {"first": 100}, 2 + 100 * 2),
        ("MyHistory", {"first": 100}, 2 + 100 * 2),
        ("Log", {"first": 100}, 1 + 100),
        ("Projections", {}, 1 + 20),
        ("Rate", {"input": {**MOVIE, "stars": 4}}, 10 + 5),
        ("View", {"input": MOVIE}, 10 + 1),
        ("Live", {}, 2),
    ],
)
def test_the_operations_of_the_contract_stay_well_below_the_limit(
    name: str, variables: Any, expected: int
) -> None:
    assert cost(CONTRACT, variables, name) == expected
    assert expected < Limits.cost * 0.6


def test_what_is_too_dear_says_what_it_costs_and_what_it_may() -> None:
    query = "query ($n: Int) { movies(first: $n) { nodes { id } } }"
    engine = build(limits=Limits(cost=50)).engine
    fine, dear = (engine.prepare(query, None, {"n": n}) for n in (49, 50))
    assert not isinstance(fine, Answer)
    assert fine.extensions == b'{"cost":{"requested":50,"limit":50}}'
    assert isinstance(dear, Answer)
    assert dear.errors == [
        {
            "message": "The operation costs 51, and 50 is the most. Ask for smaller pages, or send several.",
            "extensions": {"code": "COST_EXCEEDED"},
        }
    ]
    again = engine.prepare(query, None, {"n": 1})
    assert not isinstance(again, Answer)
    assert again.cost == 2
