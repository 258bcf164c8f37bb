"""How much a document and its values may be: measured once, before validation and compilation look at it.

Each fragment is measured once, however often it is spread, so measuring takes time in proportion to the document's
length, and not to what it unfolds to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
)

from resolvers.errors import Refused, TooComplex, ValueTooLarge

INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True)
class Limits:
    """The most that a client may ask for and send. Errors are a limit on answers: how many, and how long each."""

    tokens: int = 2_000
    fragments: int = 50
    directives: int = 50
    depth: int = 12
    root_fields: int = 20
    aliases: int = 30
    selections: int = 2_000
    cost: int = 5_000
    list_items: int = 250
    string_characters: int = 10_000
    integer_digits: int = 400
    errors: int = 10
    error_characters: int = 200


@dataclass(slots=True)
class Size:
    """What an operation or a fragment asks for when the fragments in it are written out.

    What lies below `__schema` and `__type` has no depth: validation bounds it, and tools ask for deep chains there.
    """

    depth: int = 0
    root_fields: int = 0
    aliases: int = 0
    selections: int = 0
    introspects: bool = False
    refusal: Refused | None = None
    """Why an operation of this size does not run, None when it may."""


def measured(
    operations: Mapping[str | None, OperationDefinitionNode],
    fragments: Mapping[str, FragmentDefinitionNode],
    limits: Limits,
) -> dict[str | None, Size]:
    """Return the size of each operation.

    Raises TooComplex and ValueTooLarge for what the document as a whole must not have.
    """
    if len(fragments) > limits.fragments:
        raise TooComplex(f"A document has at most {limits.fragments} fragments. Send several.")
    measure = _Measure(fragments, limits)
    for name in fragments:
        measure.fragment(name)
    sizes = {name: measure.definition(node) for name, node in operations.items()}
    for size in sizes.values():
        size.refusal = _refusal(size, limits)
    return sizes


def _refusal(size: Size, limits: Limits) -> Refused | None:
    if size.depth > limits.depth:
        return TooComplex(f"Fields are nested at most {limits.depth} deep. Ask for less at once.")
    if size.root_fields > limits.root_fields:
        return TooComplex(f"An operation has at most {limits.root_fields} root fields. Send several.")
    if size.aliases > limits.aliases:
        return TooComplex(f"An operation has at most {limits.aliases} aliases. Send several.")
    if size.selections > limits.selections:
        return TooComplex(
            f"With its fragments written out an operation has at most {limits.selections} fields. Send several."
        )
    return None


class _Measure:
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], limits: Limits) -> None:
        self._fragments, self._limits = fragments, limits
        self._sizes: dict[str, Size] = {}
        self._directives = 0

    def fragment(self, name: str) -> Size:
        if name not in self._sizes:
            self._sizes[name] = Size()  # a spread that closes a cycle adds nothing; validation refuses it
            if name in self._fragments:
                self._sizes[name] = self.definition(self._fragments[name])
        return self._sizes[name]

    def definition(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> Size:
        self._take(definition.directives)
        for variable in definition.variable_definitions or ():
            self._take(variable.directives)
            if variable.default_value:
                _require_small(variable.default_value, self._limits)
        size = Size()
        waiting = [(definition.selection_set, 0, 1)]
        while waiting:
            self._selections(*waiting.pop(), size, waiting)
        return size

    def _selections(
        self,
        selection_set: SelectionSetNode,
        depth: int,
        step: int,
        size: Size,
        waiting: list[tuple[SelectionSetNode, int, int]],
    ) -> None:
        """Add one selection set to `size`; what is in it waits. `step` is 0 below introspection, which has no depth."""
        for node in selection_set.selections:
            self._take(node.directives)
            if isinstance(node, FragmentSpreadNode):
                inner = self.fragment(node.name.value)
                size.depth = max(size.depth, depth + step * inner.depth)
                size.root_fields += inner.root_fields if depth == 0 else 0
                size.aliases += inner.aliases
                size.selections += inner.selections
                size.introspects |= inner.introspects
            elif isinstance(node, FieldNode):
                is_introspection = node.name.value in INTROSPECTION
                size.depth = max(size.depth, depth + step)
                size.root_fields += depth == 0
                size.aliases += node.alias is not None
                size.selections += 1
                size.introspects |= is_introspection
                for argument in node.arguments or ():
                    _require_small(argument.value, self._limits)
                if node.selection_set:
                    waiting.append((node.selection_set, depth + step, 0 if is_introspection else step))
            elif isinstance(node, InlineFragmentNode):
                waiting.append((node.selection_set, depth, step))

    def _take(self, directives: Sequence[DirectiveNode | ConstDirectiveNode] | None) -> None:
        for directive in directives or ():
            self._directives += 1
            for argument in directive.arguments or ():
                _require_small(argument.value, self._limits)
        if self._directives > self._limits.directives:
            raise TooComplex(f"A document has at most {self._limits.directives} directives.")


def _require_small(literal: ValueNode, limits: Limits) -> None:
    waiting = [literal]
    for node in waiting:
        if isinstance(node, StringValueNode):
            _require_short(len(node.value), limits)
        elif isinstance(node, IntValueNode):
            if len(node.value.lstrip("-")) > limits.integer_digits:
                raise ValueTooLarge(f"An integer has at most {limits.integer_digits} digits.")
        elif isinstance(node, ListValueNode):
            _require_few(len(node.values), limits)
            waiting += node.values
        elif isinstance(node, ObjectValueNode):
            waiting += (part.value for part in node.fields)


def require_small(values: Mapping[str, Any], limits: Limits) -> None:
    """Raise ValueTooLarge where the variables, as JSON was read, hold a string or a list that is too long."""
    waiting: list[Iterable[Any]] = [values.values()]
    for level in waiting:
        for value in level:
            if isinstance(value, str):
                _require_short(len(value), limits)
            elif isinstance(value, list):
                _require_few(len(value), limits)
                waiting.append(value)
            elif isinstance(value, dict):
                waiting.append(value.values())


def _require_short(characters: int, limits: Limits) -> None:
    if characters > limits.string_characters:
        raise ValueTooLarge(f"A string has at most {limits.string_characters} characters.")


def _require_few(items: int, limits: Limits) -> None:
    if items > limits.list_items:
        raise ValueTooLarge(f"A list that is sent has at most {limits.list_items} items.")
