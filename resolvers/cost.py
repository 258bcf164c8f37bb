"""What an operation costs before it is run: a sum over its selection that only the page sizes are missing from.

Fields without selections are free, and so are `edges` and `pageInfo`. An object, a list or a connection costs 1 where it
stands. What is asked for each item of a connection, or of a list that has ids as its argument, counts once for each
item; a plain list counts as a page. A mutation costs 10, introspection 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationType,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    is_object_type,
)

from resolvers.ids import PAGE_DEFAULT, PAGE_MOST
from resolvers.limits import INTROSPECTION
from resolvers.selection import Document, Selected

MUTATION = 10
WHOLE_SCHEMA = 100
"""Introspection has no page sizes, and no database: it takes the time of about so many objects."""

_FREE = frozenset({"edges", "pageInfo"})
_SIZES = ("first", "last", "ids")

Cost = dict[tuple[str, ...], int]
"""A sum of products: a number for each set of variables that it is multiplied by the sizes of."""


def cost_of(document: Document) -> Cost:
    """Return what one operation costs, for one shape of its variables."""
    total: Cost = {}
    is_mutation = document.operation.operation is OperationType.MUTATION
    for selected in document.root():
        _add(total, _field(document, selected, None, MUTATION if is_mutation else 1))
    return total


def evaluated(cost: Cost, variables: Mapping[str, Any]) -> int:
    """Return a cost with the sizes that coerced variables ask for."""
    total = 0
    for names, product in cost.items():
        for name in names:
            product *= _items(variables[name])  # noqa: PLW2901
        total += product
    return total


def _field(document: Document, selected: Selected, page: int | str | None, own: int = 1) -> Cost:
    """Return the cost of a field; `page` is the size of the page that it is a part of, if it is of a connection's."""
    if selected.name in INTROSPECTION:
        return {(): WHOLE_SCHEMA}
    named = get_named_type(selected.definition.type)
    if not is_composite_type(named):
        return {}
    arguments = selected.definition.args
    size = _size(document, selected) if any(name in arguments for name in _SIZES) else None
    is_list = is_list_type(get_nullable_type(selected.definition.type))
    cost: Cost = {(): 0 if selected.name in _FREE else own}
    below: Cost = {}
    for kind in document.schema.get_possible_types(named) if is_abstract_type(named) else (named,):
        assert is_object_type(kind)
        of_kind: Cost = {}
        for part in document.fields(kind, selected):
            _add(of_kind, _field(document, part, None if is_list else size))
        for names, number in of_kind.items():  # the dearest of the types
            below[names] = max(number, below.get(names, 0))
    items = size if page is None else page
    if not is_list or items is None:
        _add(cost, below, PAGE_DEFAULT if is_list else 1)
        return cost
    _add(cost, below)
    each: Cost = {}
    _add(each, cost, items)
    return each


def _size(document: Document, selected: Selected) -> int | str:
    """Return how many items a field asks for, or the variable that says it."""
    for argument in selected.nodes[0].arguments or ():
        if argument.name.value not in _SIZES:
            continue
        given = argument.value
        if isinstance(given, VariableNode):
            if document.shape.get(given.name.value) is not None:
                return given.name.value
        elif isinstance(given, ListValueNode):
            return len(given.values)
        elif isinstance(given, IntValueNode):
            return _items(int(given.value))
        elif not isinstance(given, NullValueNode):
            return 1  # one value stands for a list of it
    return PAGE_DEFAULT


def _items(given: int | list[Any]) -> int:
    if isinstance(given, list):
        return len(given)
    return given if 0 <= given <= PAGE_MOST else 0 if given < 0 else PAGE_MOST


def _add(total: Cost, more: Cost, times: int | str = 1) -> None:
    for names, number in more.items():
        key = tuple(sorted((*names, times))) if isinstance(times, str) else names
        total[key] = total.get(key, 0) + (number if isinstance(times, str) else number * times)
