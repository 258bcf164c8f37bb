"""What a document asks for, merged: fragments and directives are gone, arguments are leaves that are bound later.

Structure and values are kept apart. The *shape* of the variables (which are null, which enum and boolean values they
have, which fields of input objects are there) decides on the statement; everything else is a parameter of it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
    value_from_ast,
)

from resolvers.errors import BadInput, Refused
from resolvers.mapping import Fed

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """What a plan is bound with: the coerced variables, who asks, the payload of a mutation or event, what feeds yield."""

    variables: Mapping[str, Any]
    viewer: str | None = None
    payload: Mapping[str, str | None] = field(default_factory=dict)
    fed: Mapping[Path, Fed | Refused] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that is known when the statement is bound: a variable, a part of one, or a literal of the document."""

    of: Callable[[Values], Any]
    is_personal: bool = False
    """Whether it depends on who asks."""


Argument = Leaf | Enum | bool | None | dict[str, "Argument"]


@dataclass(frozen=True, slots=True)
class Selected:
    """One field of the response, with everything that the document says of it."""

    key: str
    name: str
    definition: GraphQLField
    arguments: Mapping[str, Argument]
    nodes: tuple[FieldNode, ...]
    path: Path


def shape(value: Any) -> Hashable:
    """Return what of a coerced value decides on the statement: equal shapes share one plan."""
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, dict):
        return tuple((name, shape(part)) for name, part in value.items())
    return ""


@dataclass(frozen=True)
class Document:
    """One operation of a parsed and validated document, seen with one shape of its variables."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    shape: Mapping[str, Any]
    known: dict[str, Any] = field(default_factory=dict)

    def root(self) -> Iterator[Selected]:
        """Yield the fields of the operation's root type in the order of the response."""
        kind = self.schema.get_root_type(self.operation.operation)
        assert kind is not None
        return self._merged(kind, [self.operation.selection_set], ())

    def fields(self, parent: GraphQLObjectType, selected: Selected) -> Iterator[Selected]:
        """Yield what a field's selection asks of a concrete type, in the order of the response."""
        sets = [node.selection_set for node in selected.nodes if node.selection_set]
        return self._merged(parent, sets, selected.path)

    def _merged(
        self, parent: GraphQLObjectType, sets: Sequence[SelectionSetNode], path: Path
    ) -> Iterator[Selected]:
        grouped: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selection_set in sets:
            self._collect(parent, selection_set.selections, grouped, seen)
        for key, nodes in grouped.items():
            name = nodes[0].name.value
            definition = self.schema.get_field(parent, name)
            assert definition is not None
            yield Selected(
                key, name, definition, self._arguments(definition, nodes[0]), tuple(nodes), (*path, key)
            )

    def _collect(
        self,
        parent: GraphQLObjectType,
        selections: Sequence[SelectionNode],
        grouped: dict[str, list[FieldNode]],
        seen: set[str],
    ) -> None:
        for node in selections:
            if not self.included(node):
                continue
            if isinstance(node, FieldNode):
                grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self.applies(parent, condition.name.value):
                    self._collect(parent, node.selection_set.selections, grouped, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self.applies(parent, fragment.type_condition.name.value):
                    self._collect(parent, fragment.selection_set.selections, grouped, seen)

    def applies(self, parent: GraphQLObjectType, condition: str) -> bool:
        """Whether a fragment on the type of this name is about objects of a type."""
        kind = self.schema.get_type(condition)
        return kind is parent or (is_abstract_type(kind) and self.schema.is_sub_type(kind, parent))

    def included(self, node: SelectionNode) -> bool:
        """Whether `@include` and `@skip` leave a selection in. Raises BadInput."""
        for directive in node.directives or ():
            if directive.name.value in ("skip", "include"):
                (condition,) = directive.arguments or ()
                given = condition.value
                if isinstance(given, VariableNode):
                    holds = self.shape.get(given.name.value)
                    if holds is None:
                        raise BadInput(f"`${given.name.value}` must not be null.")
                else:
                    holds = isinstance(given, BooleanValueNode) and given.value
                if bool(holds) is (directive.name.value == "skip"):
                    return False
        return True

    def _arguments(self, definition: GraphQLField, node: FieldNode) -> dict[str, Argument]:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        arguments: dict[str, Argument] = {}
        for name, argument in definition.args.items():
            value = self._argument(argument.type, given.get(name))
            if value is not Undefined:
                arguments[name] = value
            elif argument.default_value is not Undefined:
                arguments[name] = constant(argument.default_value)
        return arguments

    def _argument(self, kind: GraphQLInputType, node: ValueNode | None) -> Any:
        """Return the argument, its structure resolved and its values left as leaves; Undefined when it is left out."""
        if node is None:
            return Undefined
        if isinstance(node, VariableNode):
            name = node.name.value
            if name not in self.shape:
                return Undefined
            if name not in self.known:
                self.known[name] = _shaped(self.shape[name], lambda values: values.variables[name])
            return self.known[name]
        if isinstance(node, NullValueNode):
            return None
        if isinstance(node, ObjectValueNode):
            return self._object(get_nullable_type(kind), node)
        if isinstance(node, ListValueNode) and any(isinstance(item, VariableNode) for item in node.values):
            return self._list(kind, node)
        value = value_from_ast(node, kind)
        return constant(value) if value is not Undefined else _INVALID

    def _object(self, kind: Any, node: ObjectValueNode) -> Any:
        assert isinstance(kind, GraphQLInputObjectType)
        given = {part.name.value: part.value for part in node.fields}
        result: dict[str, Any] = {}
        for name, part in kind.fields.items():
            value = self._argument(part.type, given.get(name))
            if value is not Undefined:
                result[part.out_name or name] = value
            elif part.default_value is not Undefined:
                result[part.out_name or name] = constant(part.default_value)
        return result

    def _list(self, kind: GraphQLInputType, node: ListValueNode) -> Leaf:
        nullable = get_nullable_type(kind)
        item = nullable.of_type if is_list_type(nullable) else kind

        def of(values: Values) -> list[Any]:
            variables = dict(values.variables)
            found = [value_from_ast(value, item, variables) for value in node.values]
            return _invalid(values) if Undefined in found else found

        return Leaf(of)


def _invalid(_: Values) -> Any:
    raise BadInput("A value is null or too large where it may not be.")


_INVALID = Leaf(_invalid)
"""A literal that its scalar refuses though it was validated, such as a number that is infinite."""


def constant(value: Any) -> Argument:
    """Return a plain value as an argument: its structure as it is, its values as leaves."""
    return _shaped(_kept(value), lambda _: value)


def _kept(value: Any) -> Any:
    """A constant's own structure, in the form that `Document.shape` has."""
    return value if isinstance(value, bool | Enum | dict) or value is None else ""


def _shaped(form: Any, of: Callable[[Values], Any]) -> Argument:
    if form is None or isinstance(form, bool | Enum):
        return form
    if isinstance(form, dict):

        def part(name: str) -> Callable[[Values], Any]:
            return lambda values: of(values)[name]

        return {name: _shaped(_kept(inner), part(name)) for name, inner in form.items()}
    return Leaf(of)


def evaluated(argument: Argument, values: Values) -> Any:
    """Return the plain value of an argument, for code that is not SQL."""
    if isinstance(argument, Leaf):
        return argument.of(values)
    if isinstance(argument, dict):
        return {name: evaluated(part, values) for name, part in argument.items()}
    return argument


def form_of(value: Any) -> Any:
    """Return a coerced variable with its values blanked out: what `Document.shape` holds for it."""
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, dict):
        return {name: form_of(part) for name, part in value.items()}
    return ""
