"""What a document and its values may be at most: at each limit it runs, one past it is refused with a code."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse
from hypothesis import given
from hypothesis import strategies as st

from resolvers import documents, limits
from resolvers.answers import Answer
from resolvers.documents import Operation
from resolvers.engine import Engine
from resolvers.limits import Limits, measured
from schema import build

ENGINE = build().engine


def codes(prepared: Operation | Answer) -> list[str]:
    """Return the codes that an operation is refused with, none when it may run."""
    return [e["extensions"]["code"] for e in prepared.errors] if isinstance(prepared, Answer) else []


def deep(levels: int) -> str:
    """Return fields nested so deep, the last a leaf."""
    above = ["movie(by: { tmdbId: 1 })", *["similar(first: 1)", "nodes"] * levels][: levels - 1]
    leaf = "id" if levels % 2 == 0 else "totalCount"
    return " { ".join(["", *above, leaf]) + " }" * levels


def roots(number: int) -> str:
    return "{ " + " ".join(f"r{n}: __typename" for n in range(number)) + " }"


def spread_roots(number: int) -> str:
    half = " ".join("__typename" for _ in range(number // 2))
    return f"{{ ...F ... {{ ...F }} {'__typename' * (number % 2)} }} fragment F on Query {{ {half} }}"


def aliases(number: int) -> str:
    return "{ viewer { " + " ".join(f"a{n}: __typename" for n in range(number)) + " } }"


def spread_aliases(number: int) -> str:
    inner = " ".join(f"a{n}: id" for n in range(number // 2))
    more = "x: id" if number % 2 else ""
    return f"{{ viewer {{ ...F }} ... on Query {{ viewer {{ ...F {more} }} }} }} fragment F on User {{ {inner} }}"


def selections(number: int) -> str:
    """Return a document of so many fields, most of them in a fragment that is spread twenty times."""
    each, rest = divmod(number - 1, 20)
    return f"{{ viewer {{ {'...F ' * 20} {'id ' * rest} }} }} fragment F on User {{ {'id ' * each} }}"


def directives(number: int) -> str:
    """Return a document with so many directives, in all places that a query has."""
    each = "@include(if: true)"
    places = f"viewer {each} {{ ... {each} {{ ...F {each} }} }}"
    return f"{{ {places} {f'__typename {each} ' * (number - 4)} }} fragment F on User {{ id {each} }}"


def fragments(number: int) -> str:
    spreads = " ".join(f"...F{n}" for n in range(number))
    return f"{{ viewer {{ {spreads} }} }} " + " ".join(
        f"fragment F{n} on User {{ id }}" for n in range(number)
    )


def tokens(number: int) -> str:
    """Return a document of so many tokens, in many operations of five."""
    return "query Q { __typename } " + " ".join(
        f"query Q{n} {{ __typename }}" if n else "query Q0 {" + " __typename" * (1 + number % 5) + "}"
        for n in range(number // 5 - 1)
    )


def nodes(number: int) -> str:
    items = '"Movie:x" ' * number
    return f"{{ nodes(ids: [{items}]) {{ id }} }}"


def genres(number: int) -> str:
    items = " ".join(['"Genre:x"'] * number)
    return f"query ($f: MovieFilter = {{ genreIds: [{items}] }}) {{ movies(filter: $f) {{ totalCount }} }}"


def search(number: int) -> str:
    return f'{{ movies(search: "{"x" * number}") {{ totalCount }} }}'


def block(number: int) -> str:
    return f'{{ movies(filter: {{ genre: """{"é" * number}""" }}) {{ totalCount }} }}'


def cost(number: int) -> str:
    """Return a query of this cost, which is 4,901 and more."""
    return f"""{{ movies(first: 100) {{ nodes {{ similar(first: 47) {{ edges {{ node {{ id }} }} }} }} }}
      trending(first: {number - 4902}) {{ nodes {{ id }} }} }}"""


COMPLEX, LARGE = "DOCUMENT_TOO_COMPLEX", "VALUE_TOO_LARGE"


@pytest.mark.parametrize(
    ("document", "limit", "code"),
    [
        (deep, 12, COMPLEX),
        (roots, 20, COMPLEX),
        (spread_roots, 20, COMPLEX),
        (aliases, 30, COMPLEX),
        (spread_aliases, 30, COMPLEX),
        (selections, 2_000, COMPLEX),
        (directives, 50, COMPLEX),
        (fragments, 50, COMPLEX),
        (tokens, 2_000, "GRAPHQL_PARSE_FAILED"),
        (nodes, 250, LARGE),
        (genres, 250, LARGE),
        (search, 10_000, LARGE),
        (block, 10_000, LARGE),
        (cost, 5_000, "COST_EXCEEDED"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_document_runs_at_its_limit_and_is_refused_past_it(
    document: Callable[[int], str], limit: int, code: str
) -> None:
    wide = replace(Limits(), root_fields=60) if document is directives else Limits()
    engine = build(limits=wide).engine
    name = "Q" if document is tokens else None
    assert codes(engine.prepare(document(limit), name, {})) == []
    assert codes(engine.prepare(document(limit + 1), name, {})) == [code]
    refused = engine.prepare(document(limit + 1), name, {})
    assert isinstance(refused, Answer)
    assert f"{limit}" in refused.errors[0]["message"]


SEARCH = "query ($s: String, $f: MovieFilter) { movies(search: $s, filter: $f) { totalCount } }"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"


@pytest.mark.parametrize(
    ("query", "variables", "limit"),
    [
        (SEARCH, lambda n: {"s": "x" * n}, 10_000),
        (SEARCH, lambda n: {"s": "🎈" * n}, 10_000),
        (SEARCH, lambda n: {"f": {"genre": "x" * n}}, 10_000),
        (SEARCH, lambda n: {"f": {"genreIds": ["x" * n]}}, 10_000),
        (SEARCH, lambda n: {"f": {"genreIds": ["Genre:x"] * n}}, 250),
        (SEARCH, lambda n: {"s": "x", "unused": [[{"a": ["x"] * n}]]}, 250),
        (NODES, lambda n: {"ids": ["Movie:x"] * n}, 250),
    ],
    ids=range(7),
)
def test_variables_are_taken_at_their_limit_and_refused_past_it(
    query: str, variables: Callable[[int], Mapping[str, Any]], limit: int
) -> None:
    assert codes(ENGINE.prepare(query, None, variables(limit))) == []
    assert codes(ENGINE.prepare(query, None, variables(limit + 1))) == [LARGE]


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("literal", ["movies(first: @) { totalCount }", "nodes(ids: [@]) { id }"])
def test_an_integer_literal_of_more_than_400_digits_is_not_read(sign: str, literal: str) -> None:
    query = "{ " + literal + " }"
    assert LARGE not in codes(ENGINE.prepare(query.replace("@", sign + "9" * 400), None, {}))
    assert codes(ENGINE.prepare(query.replace("@", sign + "9" * 401), None, {})) == [LARGE]


@pytest.mark.parametrize(
    "asked",
    [
        lambda n: ("{ " + " ".join(f"x{i}" for i in range(n)) + " }", {}),
        lambda n: (NODES, {"ids": [{}] * n}),
    ],
    ids=["validation", "coercion"],
)
@pytest.mark.parametrize(("wrong", "told"), [(9, 9), (10, 10), (11, 10), (100, 10)])
def test_no_more_than_10_errors_are_told(
    asked: Callable[[int], tuple[str, dict[str, Any]]], wrong: int, told: int
) -> None:
    query, variables = asked(wrong)
    limits_ = Limits(root_fields=100)
    assert len(codes(build(limits=limits_).engine.prepare(query, None, variables))) == told


def test_a_message_has_no_more_than_200_characters() -> None:
    for letters in (10, 150, 300, 3_000):
        refused = ENGINE.prepare("{ " + "x" * letters + " }", None, {})
        assert isinstance(refused, Answer)
        assert len(refused.errors[0]["message"]) <= 200


# --- what unfolds ---


def doubling(body: str, levels: int, on: str = "Query") -> str:
    """Return fragments that each spread the next one twice; the last is a leaf."""
    names = [chr(97 + n) if n < 26 else chr(39 + n) for n in range(levels)]
    chain = zip(names, [*names[1:], "Z"], strict=True)
    parts = [f"fragment {name} on {on}{{{body.replace('@', following)}}}" for name, following in chain]
    head = "{...a}" if on == "Query" else "{movie(by:{tmdbId:1}){...a}}"
    return head + "".join(parts) + f"fragment Z on {on}{{__typename}}"


SIMILAR = "similar{nodes{...@}}"


@pytest.mark.parametrize(
    "query",
    [
        doubling("...@...@", 30),
        doubling("...{...@}...{...@}", 30),
        doubling("...@..." + "@...@..." * 9 + "@", 30),
        doubling(f"{SIMILAR}x:{SIMILAR}", 30, "Movie"),
        doubling(SIMILAR * 2, 30, "Movie"),
        doubling("...@...@", 30).replace("{__typename}", "{...a}"),
        "{ viewer { " + "id " * 1_900 + "} }",
        "{" + "viewer{id}" * 19 + "...{" + "viewer{...{id id}}" * 100 + "}}",
    ],
    ids=range(8),
)
def test_what_unfolds_without_end_is_refused_at_once(query: str) -> None:
    engine = build().engine
    started = time.perf_counter()
    assert codes(engine.prepare(query, None, {})) in ([COMPLEX], ["GRAPHQL_VALIDATION_FAILED"])
    assert time.perf_counter() - started < 1  # unfolding it takes years


def test_a_kilobyte_that_doubles_30_times_is_measured_fragment_by_fragment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    query = doubling("...@...@", 30)
    assert len(query) < 1_024
    seen: list[str] = []
    measure = limits._Measure.definition

    def counting(self: Any, node: Any) -> Any:
        seen.append(node.name.value if node.name else "")
        return measure(self, node)

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("validated")

    monkeypatch.setattr(limits._Measure, "definition", counting)
    monkeypatch.setattr(documents, "validate", never)
    assert codes(build().engine.prepare(query, None, {})) == [COMPLEX]
    assert len(seen) == len(set(seen)) == 32


@given(
    bodies=st.lists(
        st.lists(st.sampled_from(["f", "x:f", "@", "f{@}", "...{f @}", "f{f{y:f}}"]), min_size=1, max_size=3),
        min_size=1,
        max_size=5,
    )
)
def test_a_measured_document_is_as_large_as_the_one_written_out(bodies: list[list[str]]) -> None:
    texts = [" ".join(body) for body in bodies]
    text = "query Q{" + texts[0].replace("@", "...F1") + "}"
    text += " ".join(
        f"fragment F{n} on T {{{body.replace('@', f'...F{n + 1}')}}}" for n, body in enumerate(texts[1:], 1)
    )
    text += f" fragment F{len(texts)} on T {{ z:f{{f}} }}"
    out = "z:f{f}"
    for body in reversed(texts):
        out = body.replace("@", "...{" + out + "}")
    assert _sizes(text) == _sizes(f"query Q{{{out}}}")


def _sizes(text: str) -> Any:
    definitions = parse(text).definitions
    wide = Limits(**dict.fromkeys(Limits.__dataclass_fields__, 10**9))
    return measured(
        {None: next(node for node in definitions if isinstance(node, OperationDefinitionNode))},
        {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)},
        wide,
    )


# --- which operation, and how often ---

TWO = "query A { __typename } query B " + deep(13)


def test_of_several_operations_the_chosen_one_counts() -> None:
    for first in ("A", "B"):
        engine: Engine = build().engine
        found = {name: codes(engine.prepare(TWO, name, {})) for name in (first, "A", "B", "A")}
        assert found == {"A": [], "B": [COMPLEX]}


def test_a_refused_document_is_parsed_once_and_takes_no_place_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "REFUSED", 3)
    parsed: list[str] = []

    def counting(query: str, **more: Any) -> Any:
        parsed.append(query)
        return parse(query, **more)

    monkeypatch.setattr(documents, "parse", counting)
    engine = build().engine
    engine.prepare("{ __typename }", None, {})
    refused = ["{", "{ nothing }", roots(21)]
    for query in refused * 3:
        assert len(codes(engine.prepare(query, None, {}))) == 1
    assert parsed == ["{ __typename }", *refused]
    for number in range(10):
        engine.prepare(f"{{ nothing{number} }}", None, {})
    assert len(engine.documents) == 1
    assert len(engine.documents._refused) == 3


# --- the schema is for those who may see it ---

SCHEMA = "{ __schema { queryType { name } } }"


@pytest.mark.parametrize(
    "query",
    [
        SCHEMA,
        '{ __type(name: "Movie") { name } }',
        "{ ...F } fragment F on Query { ... { x: __schema { queryType { name } } } }",
    ],
)
def test_introspection_is_refused_to_those_who_may_not(query: str) -> None:
    engine = build().engine
    for may in (False, True, False, True):  # neither remembers the other's answer
        found = codes(engine.prepare(query, None, {}, may_introspect=may))
        assert found == ([] if may else ["INTROSPECTION_DISABLED"])


def test_the_name_of_a_type_is_for_all() -> None:
    assert codes(ENGINE.prepare("{ __typename }", None, {}, may_introspect=False)) == []


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ moviez { totalCount } }", {}),
        ("{ movies(firzt: 1) { totalCount } }", {}),
        ("query ($o: MovieOrdre) { movies(orderBy: $o) { totalCount } }", {}),
        ("{ movies(orderBy: NEWST) { totalCount } }", {}),
        ("{ movies(filter: { genr: 1 }) { totalCount } }", {}),
        ("query ($o: MovieOrder) { movies(orderBy: $o) { totalCount } }", {"o": "NEWST"}),
        (SEARCH, {"f": {"genr": "x"}}),
    ],
    ids=range(7),
)
def test_names_are_suggested_only_to_those_who_may_see_them(query: str, variables: Mapping[str, Any]) -> None:
    engine = build().engine
    for may in (False, True, False):
        refused = engine.prepare(query, None, variables, may_introspect=may)
        assert isinstance(refused, Answer)
        assert ("Did you mean" in str(refused.errors)) is may
