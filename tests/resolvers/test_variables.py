"""Variables are coerced as the library coerces them, wrong ones too."""

from __future__ import annotations

from typing import Any, cast

import pytest
from graphql import OperationDefinitionNode, build_schema, parse
from graphql.execution.values import get_variable_values
from hypothesis import given
from hypothesis import strategies as st

from resolvers import variables
from resolvers.variables import Variables

SCHEMA = build_schema("""
    enum Order { TITLE YEAR }
    scalar Moment
    input Part { flag: Boolean! = true, inner: [Part!], key: ID }
    input Key @oneOf { id: ID, number: Int }
    type Query { f(a: ID!, b: [Int!], c: Order = YEAR, d: Part, e: Key, g: Float, h: [[String]], i: Moment): Int }
""")
QUERY = parse("""
    query ($a: ID!, $b: [Int!], $c: Order = TITLE, $d: Part, $e: Key, $g: Float = 2, $h: [[String]], $i: Moment) {
        f(a: $a, b: $b, c: $c, d: $d, e: $e, g: $g, h: $h, i: $i)
    }
""")
NODE = cast(OperationDefinitionNode, QUERY.definitions[0])

_names = st.sampled_from(["flag", "inner", "key", "id", "number", "other"])
_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**33), 2**33)
    | st.floats()
    | st.sampled_from(["TITLE", "YEAR", "x", ""])
)
_values = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3)
)
_right = {
    "a": st.text(max_size=3) | st.integers(0, 9),
    "b": st.lists(st.integers(0, 9)) | st.integers(0, 9),
    "c": st.sampled_from(["TITLE", "YEAR"]),
    "d": st.recursive(
        st.fixed_dictionaries({}, optional={"flag": st.booleans(), "key": st.text(max_size=2)}),
        lambda part: st.fixed_dictionaries({"inner": st.lists(part, max_size=2)}),
        max_leaves=4,
    ),
    "e": st.fixed_dictionaries({"id": st.text(max_size=2)})
    | st.fixed_dictionaries({"number": st.integers(0, 9)}),
    "g": st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 9),
    "h": st.lists(st.lists(st.text(max_size=2) | st.none())),
    "i": _leaves,
}
_some = st.fixed_dictionaries({}, optional={name: value | st.none() for name, value in _right.items()})
_any = st.dictionaries(st.sampled_from([*"abcdeghi", "z"]), _values, max_size=4)


def same(raw: dict[str, Any]) -> None:
    found = Variables(SCHEMA, NODE).coerced(raw, 5, hide_suggestions=False)
    wanted = get_variable_values(SCHEMA, NODE.variable_definitions or (), raw, 5)
    if isinstance(wanted, list):
        assert isinstance(found, list)
        assert [error.message for error in found] == [error.message for error in wanted]
    else:
        assert isinstance(found, dict)
        assert repr(found) == repr(wanted.coerced)  # types, the order, and what is not a number


@given(_some | _any | st.builds(lambda some, any_: {**some, **any_}, _some, _any))
def test_as_the_library_does(raw: dict[str, Any]) -> None:
    same(raw)


@pytest.mark.parametrize(
    "raw",
    [
        {"a": "x", "b": [1], "c": "YEAR", "d": {"inner": [{"flag": False}], "key": "k"}},
        {"a": "x", "e": {"number": 1}, "g": 2.5, "h": [["a", None], None], "i": "now"},
        {"a": "x"},
    ],
)
def test_what_is_right_needs_no_library(raw: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Variables(SCHEMA, NODE)
    monkeypatch.setattr(variables, "get_variable_values", pytest.fail)
    assert isinstance(ours.coerced(raw, 5, hide_suggestions=False), dict)
