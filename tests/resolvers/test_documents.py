"""Documents and plans are kept as long as they are asked for, and made once."""

from __future__ import annotations

import pytest

from resolvers import documents
from resolvers.answers import Answer
from schema import build


def test_a_document_is_parsed_once() -> None:
    engine = build().engine
    first = engine.prepare("{ __typename }", None, {})
    again = engine.prepare("{ __typename }", None, {})
    assert not isinstance(first, Answer)
    assert not isinstance(again, Answer)
    assert first.parsed is again.parsed
    assert len(engine.documents) == 1


def test_what_is_refused_is_not_kept() -> None:
    engine = build().engine
    for query in ("{", "{ nothing }", "{ movies(first: x) { totalCount } }"):
        assert isinstance(engine.prepare(query, None, {}), Answer)
    assert len(engine.documents) == 0


def test_the_documents_asked_for_the_longest_ago_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "DOCUMENTS", 3)
    engine = build().engine
    kept = engine.prepare("{ kept: __typename }", None, {})
    for number in range(10):
        engine.prepare(f"{{ a{number}: __typename }}", None, {})
        assert engine.prepare("{ kept: __typename }", None, {}).parsed is kept.parsed  # type: ignore[union-attr]
        assert len(engine.documents) <= 3


def test_the_documents_kept_are_bounded_by_their_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "CHARACTERS", 1_000)
    engine = build().engine
    for number in range(200):
        engine.prepare(f"{{ a{number}: __typename }} # {'x' * (number % 7) * 30}", None, {})
        kept = engine.documents._kept
        assert 0 < sum(map(len, kept)) <= 1_000
    engine.prepare(f"{{ __typename }} # {'x' * 1_000}", None, {})
    assert not engine.documents._kept


def test_a_document_has_a_bounded_number_of_tokens_and_errors() -> None:
    engine = build().engine
    long = engine.prepare("{ " + "__typename " * 3_000 + "}", None, {})
    assert isinstance(long, Answer)
    assert [error["extensions"]["code"] for error in long.errors] == ["GRAPHQL_PARSE_FAILED"]
    wrong = engine.prepare("{ " + " ".join(f"x{n}" for n in range(500)) + " }", None, {})
    assert isinstance(wrong, Answer)
    assert len(wrong.errors) <= 11
