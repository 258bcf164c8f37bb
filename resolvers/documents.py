"""Documents that clients send: parsed and validated once, kept as long as they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from resolvers.answers import Answer, error_of, invalid
from resolvers.errors import BadOperation

DOCUMENTS = 1_000
PLANS = 64
"""Documents kept, and plans kept of each."""


@dataclass(slots=True)
class Parsed:
    """A document that was parsed and validated once, and the plans made of it."""

    node: DocumentNode | None
    errors: list[GraphQLError]
    operations: dict[str | None, OperationDefinitionNode] = field(default_factory=dict)
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    plans: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    """What was compiled, or the NotCompilable that says why it cannot be."""

    def keep(self, key: Hashable, plan: object) -> None:
        """Keep a plan, and drop the one that was not asked for the longest."""
        self.plans[key] = plan
        if len(self.plans) > PLANS:
            self.plans.popitem(last=False)


@dataclass(slots=True)
class Operation:
    """One operation of a document with the values that a client sent: as they came, and coerced."""

    parsed: Parsed
    node: OperationDefinitionNode
    query: str
    name: str | None
    raw: Mapping[str, Any]
    variables: Mapping[str, Any]


class Documents:
    """The documents of one schema, the last asked for."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: OrderedDict[str, Parsed] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def prepare(self, query: str, name: str | None, raw: Mapping[str, Any]) -> Operation | Answer:
        """Return the operation that a client asks for, or the answer that says why there is none."""
        parsed = self._parsed(query)
        if parsed.errors:
            return Answer(None, [invalid(error, "GRAPHQL_VALIDATION_FAILED") for error in parsed.errors])
        node = parsed.operations.get(name)
        if node is None:
            return Answer(None, [error_of(BadOperation(_which(parsed, name)), ())])
        coerced = get_variable_values(self._schema, node.variable_definitions or (), dict(raw))
        if isinstance(coerced, list):
            return Answer(None, [invalid(error, "BAD_USER_INPUT") for error in coerced[:10]])
        return Operation(parsed, node, query, name, raw, coerced.coerced)

    def _parsed(self, query: str) -> Parsed:
        parsed = self._kept.get(query)
        if parsed is not None:
            self._kept.move_to_end(query)
            return parsed
        try:
            node = parse(query, max_tokens=2_000)
        except GraphQLError as error:
            error.extensions = {**(error.extensions or {}), "code": "GRAPHQL_PARSE_FAILED"}
            return Parsed(None, [error])
        parsed = Parsed(node, validate(self._schema, node, max_errors=10))
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                parsed.operations[definition.name.value if definition.name else None] = definition
            elif isinstance(definition, FragmentDefinitionNode):
                parsed.fragments[definition.name.value] = definition
        if len(parsed.operations) == 1:
            parsed.operations.setdefault(None, next(iter(parsed.operations.values())))
        if not parsed.errors:
            self._kept[query] = parsed
            if len(self._kept) > DOCUMENTS:
                self._kept.popitem(last=False)
        return parsed


def _which(parsed: Parsed, name: str | None) -> str:
    if not parsed.operations:
        return "The document has no operation."
    if name is None:
        return "The document has several operations: say which with `operationName`."
    return "The document has no operation of this name."
