"""Documents that clients send: parsed, measured and validated once, kept as long as they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import (
    DeferStreamDirectiveOnValidOperationsRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged as merging
from graphql.validation.validate import ValidationAbortedError

from resolvers.answers import Answer, error_of, invalid
from resolvers.cost import Cost, cost_of, evaluated
from resolvers.errors import BadOperation, IntrospectionDisabled, Refused, TooComplex, TooCostly
from resolvers.limits import Limits, Size, measured, require_small
from resolvers.selection import Document, form_of, shape
from resolvers.variables import Variables

DOCUMENTS = 1_000
CHARACTERS = 500_000
REFUSED = 100
PLANS = 16
"""Documents kept, and of them all the characters; refused ones remembered; plans and costs kept of each document.

A document takes a hundred times its text, and a plan ten times: so all of them stay below some 150 MB.
"""

# the rule that takes longer than in proportion gives up after some 100 ms
merging.MAX_COMPLEXITY_BUDGET = 100_000

_RULES = [rule for rule in specified_rules if rule is not DeferStreamDirectiveOnValidOperationsRule]
"""A fragment with `@defer` may be used in a subscription, too: there it is a hint, as everywhere."""

Key = TypeVar("Key", bound=Hashable)
Kept = TypeVar("Kept")


@dataclass(slots=True)
class Parsed:
    """A document that was parsed, measured and validated once, and the plans made of it."""

    operations: dict[str | None, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    sizes: dict[str | None, Size]
    variables: dict[str | None, Variables] = field(default_factory=dict)
    plans: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    """What was compiled, or the NotCompilable that says why it cannot be."""
    costs: OrderedDict[Hashable, Cost] = field(default_factory=OrderedDict)

    def keep(self, key: Hashable, plan: object) -> None:
        """Keep a plan, and drop the one that was not asked for the longest."""
        _keep(self.plans, key, plan, PLANS)


@dataclass(slots=True)
class Operation:
    """One operation of a document with the values that a client sent: as they came, and coerced.

    `shapes` is what of the values decides on the statement, `extensions` the JSON that its answers carry.
    """

    parsed: Parsed
    node: OperationDefinitionNode
    name: str | None
    raw: Mapping[str, Any]
    variables: Mapping[str, Any]
    shapes: Hashable
    cost: int = 0
    extensions: bytes = b""

    def costs(self, requested: int, limit: int) -> None:
        """Set the cost, and what answers say of it."""
        self.cost = requested
        self.extensions = b'{"cost":{"requested":%d,"limit":%d}}' % (requested, limit)

    def document(self, schema: GraphQLSchema) -> Document:
        """Return the operation as the compiler sees it."""
        forms = {name: form_of(value) for name, value in self.variables.items()}
        return Document(schema, self.node, self.parsed.fragments, forms)


class Documents:
    """The documents of one schema, the last asked for."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema, self._limits = schema, limits
        self._kept: OrderedDict[str, Parsed] = OrderedDict()
        self._characters = 0
        self._refused: OrderedDict[Hashable, Answer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, query: str) -> bool:
        return query in self._kept

    def prepare(
        self, query: str, name: str | None, raw: Mapping[str, Any], *, may_introspect: bool
    ) -> Operation | Answer:
        """Return the operation that a client asks for, or the answer that says why there is none."""
        parsed = self._parsed(query, name, may_introspect=may_introspect)
        if isinstance(parsed, Answer):
            return parsed
        try:
            node = parsed.operations.get(name)
            if node is None:
                raise BadOperation(_which(parsed, name))
            if raw:
                require_small(raw, self._limits)
            variables = parsed.variables.get(name)
            if variables is None:
                variables = parsed.variables[name] = Variables(self._schema, node)
            values = variables.coerced(raw, self._limits.errors, hide_suggestions=not may_introspect)
            if isinstance(values, list):
                return Answer(None, [invalid(error, "BAD_USER_INPUT") for error in values])
            shapes = tuple((name, shape(value)) for name, value in values.items())
            operation = Operation(parsed, node, name, raw, values, shapes)
            self._weigh(operation)
        except Refused as refusal:
            return _refused(refusal)
        return operation

    def _weigh(self, operation: Operation) -> None:
        """Set the cost. Raises TooCostly."""
        costs, key = operation.parsed.costs, (operation.name, operation.shapes)
        cost = costs.get(key)
        if cost is None:
            cost = cost_of(operation.document(self._schema))
            _keep(costs, key, cost, PLANS)
        requested, limit = evaluated(cost, operation.variables), self._limits.cost
        if requested > limit:
            raise TooCostly(
                f"The operation costs {requested}, and {limit} is the most. Ask for smaller pages, or send several."
            )
        operation.costs(requested, limit)

    def _parsed(self, query: str, name: str | None, *, may_introspect: bool) -> Parsed | Answer:
        parsed = self._kept.get(query)
        if parsed is not None:
            self._kept.move_to_end(query)
            refusal = self._refusal(parsed, name, may_introspect=may_introspect)
            return parsed if refusal is None else _refused(refusal)
        # a digest whose key is the process's own: a memory of refusals must not hold what was sent
        key = hash((query, name, may_introspect))
        refused = self._refused.get(key)
        if refused is None:
            made = self._made(query, name, may_introspect=may_introspect)
            if isinstance(made, Parsed):
                self._keep(query, made)
                return made
            _keep(self._refused, key, refused := made, REFUSED)
        return refused

    def _keep(self, query: str, made: Parsed) -> None:
        self._kept[query] = made
        self._characters += len(query)
        while len(self._kept) > DOCUMENTS or self._characters > CHARACTERS:
            gone, _ = self._kept.popitem(last=False)
            self._characters -= len(gone)

    def _made(self, query: str, name: str | None, *, may_introspect: bool) -> Parsed | Answer:
        try:
            node = parse(query, max_tokens=self._limits.tokens)
        except GraphQLError as error:
            return Answer(None, [invalid(error, "GRAPHQL_PARSE_FAILED")])
        try:
            parsed = _taken_apart(node, self._limits)
        except Refused as too_much:
            return _refused(too_much)
        if refusal := self._refusal(parsed, name, may_introspect=may_introspect):
            return _refused(refusal)
        most = self._limits.errors
        errors = validate(self._schema, node, _RULES, max_errors=most, hide_suggestions=not may_introspect)
        if not errors:
            return parsed
        if len(errors) <= most and isinstance(errors[-1], ValidationAbortedError):
            return _refused(TooComplex("The same fields stand in too many places. Send several documents."))
        return Answer(None, [invalid(error, "GRAPHQL_VALIDATION_FAILED") for error in errors])

    def _refusal(self, parsed: Parsed, name: str | None, *, may_introspect: bool) -> Refused | None:
        """Return why the operation of this name does not run, None when it may or when there is none."""
        size = parsed.sizes.get(name)
        if size is None:
            return None
        if size.introspects and not may_introspect:
            return IntrospectionDisabled()
        return size.refusal


def _taken_apart(document: DocumentNode, limits: Limits) -> Parsed:
    """Return the operations and fragments of a document. Raises TooComplex and ValueTooLarge."""
    operations: dict[str | None, OperationDefinitionNode] = {}
    fragments: dict[str, FragmentDefinitionNode] = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            operations[node.name.value if node.name else None] = node
        elif isinstance(node, FragmentDefinitionNode):
            fragments[node.name.value] = node
    sizes = measured(operations, fragments, limits)
    if len(operations) == 1:
        ((name, node),) = operations.items()
        operations[None], sizes[None] = node, sizes[name]
    return Parsed(operations, fragments, sizes)


def _refused(refusal: Refused) -> Answer:
    return Answer(None, [error_of(refusal, ())])


def _keep(kept: OrderedDict[Key, Kept], key: Key, value: Kept, most: int) -> None:
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)


def _which(parsed: Parsed, name: str | None) -> str:
    if not parsed.operations:
        return "The document has no operation."
    if name is None:
        return "The document has several operations: say which with `operationName`."
    return "The document has no operation of this name."
