"""Variables that are plainly right are coerced by functions made once a document; all others by the library.

What these functions take they take as the library does, and what they do not take it may still: it knows all rules, and
the words for what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    VariableDefinitionNode,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    type_from_ast,
)
from graphql.execution.values import get_variable_values
from graphql.utilities.coerce_input_value import coerce_default_value

Coerce = Callable[[Any], Any]
"""Returns a value as resolvers take it. Raises Unclear."""


class Unclear(Exception):
    """Not a value that is plainly right."""


class Variables:
    """How the variables of one operation are coerced."""

    def __init__(self, schema: GraphQLSchema, node: OperationDefinitionNode) -> None:
        self._schema, self._definitions = schema, node.variable_definitions or ()
        kinds: dict[str, Coerce] = {}
        self._known = [
            (
                definition.variable.name.value,
                _coerce(type_from_ast(schema, definition.type), kinds),  # type: ignore[arg-type]
                _default(schema, definition),
            )
            for definition in self._definitions
        ]

    def coerced(
        self, raw: Mapping[str, Any], errors: int, *, hide_suggestions: bool
    ) -> dict[str, Any] | list[GraphQLError]:
        """Return the values by their names, or the errors, no more than so many."""
        try:
            values = {}
            for name, coerce, default in self._known:
                value = coerce(raw[name]) if name in raw else default()
                if value is not Undefined:
                    values[name] = value
            return values
        except Unclear:
            found = get_variable_values(
                self._schema, self._definitions, dict(raw), errors, hide_suggestions=hide_suggestions
            )
            return found if isinstance(found, list) else found.coerced


def _default(schema: GraphQLSchema, definition: VariableDefinitionNode) -> Callable[[], Any]:
    """Return what gives the value of a variable that is left out: Undefined where it has none."""
    found = get_variable_values(schema, [definition], {})
    if isinstance(found, list):
        return _unclear
    return lambda: found.coerced.get(definition.variable.name.value, Undefined)


def _unclear() -> Any:
    raise Unclear


def _coerce(kind: GraphQLInputType, kinds: dict[str, Coerce]) -> Coerce:
    if is_non_null_type(kind):
        inner = _coerce(kind.of_type, kinds)

        def required(value: Any) -> Any:
            if value is None:
                raise Unclear
            return inner(value)

        return required
    given = _given(kind, kinds)
    return lambda value: None if value is None else given(value)


def _given(kind: GraphQLInputType, kinds: dict[str, Coerce]) -> Coerce:
    """Return how a value of a type is coerced that is not null."""
    if is_list_type(kind):
        item = _coerce(kind.of_type, kinds)

        def items(value: Any) -> Any:
            if type(value) is not list:
                raise Unclear
            return [item(one) for one in value]

        return items
    if is_input_object_type(kind):
        made = kinds.get(kind.name)
        if made is None:  # its own fields may have its type
            name = kind.name

            def later(value: Any) -> Any:
                return kinds[name](value)

            kinds[name] = later
            made = kinds[name] = _object(kind, kinds)
        return made
    return _SCALARS.get(get_named_type(kind).name) or _leaf(kind)


def _object(kind: GraphQLInputObjectType, kinds: dict[str, Coerce]) -> Coerce:
    fields = [
        (name, field.out_name or name, _coerce(field.type, kinds), coerce_default_value(field))
        for name, field in kind.fields.items()
    ]
    required = {name for name, field in kind.fields.items() if is_required_input_field(field)}

    def members(value: Any) -> Any:
        if type(value) is not dict or not required <= value.keys() <= kind.fields.keys():
            raise Unclear
        if kind.is_one_of and (len(value) != 1 or None in value.values()):
            raise Unclear
        made = {}
        for name, out_name, coerce, default in fields:
            if name in value:
                made[out_name] = coerce(value[name])
            elif default is not Undefined:
                made[out_name] = default
        return kind.out_type(made)

    return members


def _leaf(kind: Any) -> Coerce:
    def leaf(value: Any) -> Any:
        try:
            made = kind.coerce_input_value(value)
        except Exception:
            raise Unclear from None
        if made is Undefined:
            raise Unclear
        return made

    return leaf


def _exactly(kind: type) -> Coerce:
    def same(value: Any) -> Any:
        if type(value) is not kind:
            raise Unclear
        return value

    return same


def _int(value: Any) -> int:
    if type(value) is int and -(2**31) <= value < 2**31:
        return value
    raise Unclear


def _float(value: Any) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    raise Unclear


_SCALARS: Mapping[str, Coerce] = {
    GraphQLID.name: _exactly(str),
    GraphQLString.name: _exactly(str),
    GraphQLBoolean.name: _exactly(bool),
    GraphQLInt.name: _int,
    GraphQLFloat.name: _float,
}
