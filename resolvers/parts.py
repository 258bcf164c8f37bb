"""Queries that are answered in parts: a fragment with `@defer` becomes an operation of its own.

A fragment is split off where only objects lie above it. Below lists and types with several possibilities, and past the
number of parts that one query may have, `@defer` is a hint that is not taken: the fragment comes with what it stands in.
What several parts ask for comes in the nearest part that all of them wait for. So no value is sent twice, and no list is
made of rows that were read at different moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, TypeVar

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLDeferDirective,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
    Visitor,
    get_nullable_type,
    is_object_type,
    visit,
)

from resolvers.cost import Cost, cost_of, evaluated
from resolvers.documents import Operation, Parsed
from resolvers.limits import Limits
from resolvers.selection import Document, Path

PARTS = 10
"""Fragments of one query that come later, at most: as many statements as a batch may have operations."""

_PAGE = frozenset({"edges", "nodes", "pageInfo"})
"""What of a connection must be read at one moment."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the operations that a query is split into: the first, or that of a deferred fragment.

    The fragment stands at `path`, within what the part of the number `within` asks for (None: it is the first itself);
    the part of the number `shown_in` says whether there is an object at `path`.
    """

    parsed: Parsed
    node: OperationDefinitionNode
    cost: Cost
    path: Path
    label: str | None
    within: int | None
    shown_in: int

    def of(self, operation: Operation) -> Operation:
        """Return the part as an operation, with the variables of the whole."""
        extensions = operation.extensions if self.within is None else b""
        return replace(operation, parsed=self.parsed, node=self.node, extensions=extensions)


@dataclass(slots=True, eq=False)
class _Fragment:
    """A part in the making; the operation itself is one that nothing lies above."""

    above: _Fragment | None = None
    path: Path = ()
    label: str | None = None
    height: int = 0


_Found = tuple[FieldNode, _Fragment]


def parts_of(operation: Operation, schema: GraphQLSchema, limits: Limits) -> Sequence[Part]:
    """Return the parts that a query can be answered in, and set its cost to theirs; none where it is left whole."""
    if operation.node.operation is not OperationType.QUERY:
        return ()
    plans, key = operation.parsed.plans, (operation.name, "@defer", operation.shapes)
    parts: Sequence[Part] | None = plans.get(key)
    if parts is None:
        parts = _split(operation, operation.document(schema))
        operation.parsed.keep(key, parts)
    else:
        plans.move_to_end(key)
    cost = sum(evaluated(part.cost, operation.variables) for part in parts)
    if len(parts) == 1 or cost > limits.cost:
        return ()
    operation.costs(cost, limits.cost)
    return parts


def _split(operation: Operation, document: Document) -> Sequence[Part]:
    """Return the parts for one shape of the variables: the first and those that come later, if any."""
    splitter = _Splitter(document)
    fields = splitter.split()
    kept = {fragment: number for number, fragment in enumerate(f for f in splitter.fragments if f in fields)}
    parts = []
    for fragment in kept:
        node = _asking(document.operation, fields[fragment])
        cost = cost_of(replace(document, operation=node))
        above = fragment.above
        while above is not None and above not in kept:
            above = above.above
        within = None if above is None else kept[above]
        shown_in = kept[splitter.owners[fragment.path]]
        parsed = Parsed({}, operation.parsed.fragments, {})
        parts.append(Part(parsed, node, cost, fragment.path, fragment.label, within, shown_in))
    return parts


class _Splitter:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._first = _Fragment()
        self.fragments = [self._first]
        self.owners: dict[Path, _Fragment] = {(): self._first}
        """The fragment that each object comes with, by its path."""

    def split(self) -> dict[_Fragment, list[FieldNode]]:
        """Return what each fragment asks of the root; those that are left with nothing are not there."""
        kind = self._document.schema.query_type
        assert kind is not None
        fields = self._fields(kind, [(self._document.operation.selection_set, self._first)], ())
        return {self._first: [], **fields}

    def _fields(
        self, kind: GraphQLObjectType, sets: Iterable[tuple[SelectionSetNode, _Fragment]], path: Path
    ) -> dict[_Fragment, list[FieldNode]]:
        grouped: dict[str, list[_Found]] = {}
        for selection_set, fragment in sets:
            self._collect(kind, selection_set, fragment, path, grouped, set())
        made: dict[_Fragment, list[FieldNode]] = {}
        for key, found in grouped.items():
            definition = self._document.schema.get_field(kind, found[0][0].name.value)
            assert definition is not None
            inner = get_nullable_type(definition.type)
            if not is_object_type(inner) or _is_of_page(kind, found):
                owner = _common(self._together(kind, found, grouped))
                made.setdefault(owner, []).extend(node for node, _ in found)
                continue
            below = (*path, key)
            owner = self.owners[below] = _common(found)
            children = self._fields(inner, [(_selection(node), fragment) for node, fragment in found], below)
            for fragment in dict.fromkeys([owner, *children]):
                made.setdefault(fragment, []).append(_asking(found[0][0], children.get(fragment, [])))
        return made

    def _together(
        self, kind: GraphQLObjectType, found: list[_Found], grouped: dict[str, list[_Found]]
    ) -> list[_Found]:
        """Return all that has to come in one part with a field."""
        if not _is_of_page(kind, found):
            return found
        return [one for others in grouped.values() if _is_of_page(kind, others) for one in others]

    def _collect(
        self,
        kind: GraphQLObjectType,
        selection_set: SelectionSetNode,
        fragment: _Fragment,
        path: Path,
        grouped: dict[str, list[_Found]],
        seen: set[tuple[str, _Fragment]],
    ) -> None:
        document = self._document
        for node in selection_set.selections:
            if not document.included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                grouped.setdefault(key, []).append((node, fragment))
                continue
            if isinstance(node, FragmentSpreadNode):
                if (node.name.value, fragment) in seen:
                    continue
                named = document.fragments[node.name.value]
                condition, inner = named.type_condition.name.value, named.selection_set
            else:
                assert isinstance(node, InlineFragmentNode)
                condition = node.type_condition.name.value if node.type_condition else kind.name
                inner = node.selection_set
            if not document.applies(kind, condition):
                continue
            into = self._deferred(node, fragment, path)
            if isinstance(node, FragmentSpreadNode):
                seen.add((node.name.value, into))
            self._collect(kind, inner, into, path, grouped, seen)

    def _deferred(
        self, node: FragmentSpreadNode | InlineFragmentNode, above: _Fragment, path: Path
    ) -> _Fragment:
        """Return the fragment that a selection belongs to: one of its own where it is deferred."""
        for directive in node.directives or ():
            if directive.name.value != GraphQLDeferDirective.name or len(self.fragments) > PARTS:
                continue
            given = {argument.name.value: argument.value for argument in directive.arguments or ()}
            if not self._holds(given.get("if")):
                continue
            label = given.get("label")
            made = _Fragment(
                above, path, label.value if isinstance(label, StringValueNode) else None, above.height + 1
            )
            self.fragments.append(made)
            return made
        return above

    def _holds(self, condition: Any) -> bool:
        if isinstance(condition, VariableNode):
            return self._document.shape.get(condition.name.value, True) is True
        return condition is None or bool(condition.value)


def _is_of_page(kind: GraphQLObjectType, found: list[_Found]) -> bool:
    return found[0][0].name.value in _PAGE and "pageInfo" in kind.fields


def _common(found: Iterable[_Found]) -> _Fragment:
    """Return the nearest fragment that all of these lie in."""
    return reduce(_meeting, (fragment for _, fragment in found))


def _meeting(one: _Fragment, other: _Fragment) -> _Fragment:
    while one is not other:
        if one.height < other.height:
            one, other = other, one
        assert one.above is not None
        one = one.above
    return one


_Asking = TypeVar("_Asking", OperationDefinitionNode, FieldNode)


def _asking(node: _Asking, fields: Iterable[FieldNode]) -> _Asking:
    """Return a node with another selection: an empty one asks whether there is an object."""
    return replace(node, selection_set=SelectionSetNode(selections=tuple(fields)))


def _selection(node: FieldNode) -> SelectionSetNode:
    assert node.selection_set is not None
    return node.selection_set


def at_once(operation: Operation) -> DocumentNode:
    """Return the document of an operation without `@defer`, for an executor that would take it literally."""
    parsed, key = operation.parsed, (operation.name, "at once")
    made: DocumentNode | None = parsed.plans.get(key)
    if made is None:
        made = visit(DocumentNode(definitions=(operation.node, *parsed.fragments.values())), _Undeferred())
        parsed.keep(key, made)
    return made


class _Undeferred(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: Any) -> Any:
        return REMOVE if node.name.value == GraphQLDeferDirective.name else None
