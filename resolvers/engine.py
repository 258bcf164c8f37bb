"""Runs GraphQL requests: looks the plan up, binds it, runs one statement, and hands the bytes on."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Hashable

import orjson
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from database.pipeline import DatabaseUnavailable, StatementFailed
from events.errors import Conflict
from resolvers.context import Context
from resolvers.errors import BadOperation, Busy, Refused, TooSlow, Unavailable
from resolvers.lowering import NotCompilable
from resolvers.mapping import Mapped, Run, Sources, Stream
from resolvers.plan import BadValues, Failures, Plan, bind, compile_plan, holes_of
from resolvers.selection import Document, Path, Selected, Values, evaluated, form_of, shape

log = logging.getLogger(__name__)

DOCUMENTS = 1_000
PLANS = 64
"""Documents kept, and plans kept of each."""

Execute = Callable[["Operation", Context], Awaitable[tuple[Any, list[GraphQLError]]]]
"""The executor that takes what is not compiled: returns data and errors."""


@dataclass(slots=True)
class Parsed:
    """A document that was parsed and validated once, and the plans made of it."""

    node: DocumentNode | None
    errors: list[GraphQLError]
    operations: dict[str | None, OperationDefinitionNode] = field(default_factory=dict)
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    plans: OrderedDict[Hashable, Plan | NotCompilable] = field(default_factory=OrderedDict)


@dataclass(slots=True)
class Operation:
    """One operation of a document with the values that a client sent."""

    parsed: Parsed
    node: OperationDefinitionNode
    query: str
    name: str | None
    raw: Mapping[str, Any]
    variables: Mapping[str, Any]


@dataclass(slots=True)
class Answer:
    """A response: JSON of `data` (None when there is none, for the request itself was wrong) and errors."""

    data: bytes | None
    errors: list[dict[str, Any]]

    def body(self) -> bytes:
        """Return the whole response as JSON."""
        if not self.errors:
            return b'{"data":' + (self.data or b"null") + b"}"
        errors = orjson.dumps(self.errors)
        if self.data is None:
            return b'{"errors":' + errors + b"}"
        return b'{"errors":' + errors + b',"data":' + self.data + b"}"


class Engine:
    """One schema's compiled operations."""

    def __init__(self, schema: GraphQLSchema, sources: Sources, execute: Execute) -> None:
        self.schema = schema
        self.sources = sources
        self._execute = execute
        self._documents: OrderedDict[str, Parsed] = OrderedDict()
        self.compiled = 0
        self.found = 0
        self.fell_back = 0

    # --- documents ---

    def prepare(self, query: str, name: str | None, raw: Mapping[str, Any]) -> Operation | Answer:
        """Return the operation that a client asks for, or the answer that says why there is none."""
        parsed = self._parsed(query)
        if parsed.errors:
            return Answer(None, [formatted(error, "GRAPHQL_VALIDATION_FAILED") for error in parsed.errors])
        node = parsed.operations.get(name)
        if node is None:
            return Answer(None, [_error(BadOperation(_which(parsed, name)), ())])
        coerced = get_variable_values(self.schema, node.variable_definitions or (), dict(raw))
        if isinstance(coerced, list):
            return Answer(None, [formatted(error, "BAD_USER_INPUT", redact=True) for error in coerced])
        return Operation(parsed, node, query, name, raw, coerced.coerced)

    def _parsed(self, query: str) -> Parsed:
        parsed = self._documents.get(query)
        if parsed is not None:
            self._documents.move_to_end(query)
            return parsed
        try:
            node = parse(query, max_tokens=2_000)
        except GraphQLError as error:
            error.extensions = {**(error.extensions or {}), "code": "GRAPHQL_PARSE_FAILED"}
            return Parsed(None, [error])
        errors = validate(self.schema, node, max_errors=10)
        parsed = Parsed(node, errors)
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                parsed.operations[definition.name.value if definition.name else None] = definition
            elif isinstance(definition, FragmentDefinitionNode):
                parsed.fragments[definition.name.value] = definition
        if len(parsed.operations) == 1:
            parsed.operations.setdefault(None, next(iter(parsed.operations.values())))
        if not errors:
            self._documents[query] = parsed
            if len(self._documents) > DOCUMENTS:
                self._documents.popitem(last=False)
        return parsed

    # --- queries and mutations ---

    async def run(self, operation: Operation, context: Context) -> Answer:
        """Run a query or a mutation. Failures are errors of the answer, never exceptions."""
        try:
            if operation.node.operation is OperationType.MUTATION:
                return await self._mutate(operation, context)
            return await self._query(operation, context)
        except NotCompilable:
            self.fell_back += 1
            data, errors = await self._execute(operation, context)
            return Answer(orjson.dumps(data), [formatted(error, "INTERNAL_ERROR") for error in errors])
        except Exception as failure:
            return Answer(b"null", [_error(_refused(failure, context), ())])

    async def _query(self, operation: Operation, context: Context) -> Answer:
        values = Values(operation.variables, context.viewer_id)
        return await self._read(operation, context, values, None)

    async def _mutate(self, operation: Operation, context: Context) -> Answer:
        """Run the root fields one after the other; each is read after its commit."""
        document = self._document(operation)
        fields = list(document.root())
        for selected in fields:
            self._run_source(selected)
        parts: list[bytes] = []
        errors: list[dict[str, Any]] = []
        for selected in fields:
            if selected.name == "__typename":
                parts.append(b'"%s":"Mutation"' % selected.key.encode())
                continue
            answer = await self._mutate_field(operation, context, selected)
            errors += answer.errors
            if answer.data in (None, b"null"):
                return Answer(b"null", errors)
            parts.append(b'"%s":%s' % (selected.key.encode(), answer.data or b"null"))
        return Answer(b"{" + b",".join(parts) + b"}", errors)

    def _run_source(self, selected: Selected) -> Mapped | None:
        if selected.name == "__typename":
            return None
        mapped = self.sources.get(("Mutation", selected.name))
        if mapped is None or not isinstance(mapped.source, Run):
            raise NotCompilable(f"Mutation.{selected.name}")
        return mapped

    async def _mutate_field(self, operation: Operation, context: Context, selected: Selected) -> Answer:
        mapped = self.sources["Mutation", selected.name]
        assert isinstance(mapped.source, Run)
        try:
            context.require_role(mapped.role)
            given = evaluated(selected.arguments["input"], Values(operation.variables))
            payload = await mapped.source.resolve(context, given)
        except Exception as failure:
            return Answer(b"null", [_error(_refused(failure, context), selected.path)])
        values = Values(operation.variables, context.viewer_id, payload)
        return await self._read(operation, context, values, selected)

    # --- plans ---

    async def _read(
        self, operation: Operation, context: Context, values: Values, part: Selected | None
    ) -> Answer:
        plan = self._plan(operation, context.roles, {}, part)
        try:
            bound = bind(plan.parameters, values)
        except BadValues:
            plan, bound = self._plan_without(operation, context, values, part)
        errors = [_error(refusal, path) for path, refusal in plan.refusals.items()]
        if plan.one is None:
            return Answer(b"null", errors)
        data = await context.reader.read(plan, bound)
        if plan.holes:
            data = await self._fill(plan, data, context, errors)
        return Answer(data, errors)

    def _plan_without(
        self, operation: Operation, context: Context, values: Values, part: Selected | None
    ) -> tuple[Plan, list[bytes | None]]:
        """Return the plan in which fields with values that cannot be bound are null, and say so."""
        failed: dict[Path, Refused] = {}
        while True:
            plan = self._plan(operation, context.roles, failed, part)
            try:
                return plan, bind(plan.parameters, values)
            except BadValues as bad:
                failed.update(bad.failures)

    def _document(self, operation: Operation) -> Document:
        forms = {name: form_of(value) for name, value in operation.variables.items()}
        return Document(self.schema, operation.node, operation.parsed.fragments, forms)

    def _plan(
        self, operation: Operation, roles: frozenset[str] | None, failed: Failures, part: Selected | None
    ) -> Plan:
        if failed:
            return compile_plan(self._document(operation), self.sources, roles, failed, part=part)
        shapes = tuple((name, shape(value)) for name, value in operation.variables.items())
        key = (operation.name, part.key if part else None, roles, shapes)
        plans = operation.parsed.plans
        plan = plans.get(key)
        if plan is None:
            self.compiled += 1
            try:
                plan = compile_plan(self._document(operation), self.sources, roles, failed, part=part)
            except NotCompilable as reason:
                plan = reason
            plans[key] = plan
            if len(plans) > PLANS:
                plans.popitem(last=False)
        else:
            self.found += 1
            plans.move_to_end(key)
        if isinstance(plan, NotCompilable):
            raise plan
        return plan

    async def _fill(self, plan: Plan, data: bytes, context: Context, errors: list[dict[str, Any]]) -> bytes:
        """Resolve each hole's rows in one batch, and put the values in their places."""
        pieces, found = holes_of(data)
        filled: list[bytes] = [b"null"] * len(found)
        for number, hole in enumerate(plan.holes):
            places = [index for index, (of, _) in enumerate(found) if of == number]
            if not places:
                continue
            try:
                values = await hole.source.resolve(context, [found[index][1] for index in places])
                for index, value in zip(places, values, strict=True):
                    filled[index] = orjson.dumps(value)
            except Exception as failure:
                errors.append(_error(_refused(failure, context), hole.path))
        return b"".join(piece for pair in zip(pieces, [*filled, b""], strict=True) for piece in pair)

    # --- subscriptions ---

    @property
    def documents(self) -> int:
        """How many documents are kept."""
        return len(self._documents)

    async def stream(self, operation: Operation, context: Context) -> AsyncIterator[Answer]:
        """Yield the answers of any operation: one of a query or mutation, one an event of a subscription."""
        if operation.node.operation is OperationType.SUBSCRIPTION:
            async for answer in self._subscribe(operation, context):
                yield answer
        else:
            yield await self.run(operation, context)

    async def _subscribe(self, operation: Operation, context: Context) -> AsyncIterator[Answer]:
        """Yield an answer for each event; the selection is compiled once and runs for each."""
        document = self._document(operation)
        (selected,) = list(document.root())
        mapped = self.sources.get(("Subscription", selected.name))
        if mapped is None or not isinstance(mapped.source, Stream):
            yield Answer(None, [_error(BadOperation("This subscription is unknown."), ())])
            return
        try:
            context.require_role(mapped.role)
            given = {name: evaluated(value, Values(operation.variables)) for name, value in selected.arguments.items()}
            async for payload in mapped.source.resolve(context, given):
                values = Values(operation.variables, context.viewer_id, payload)
                answer = await self._read(operation, context, values, selected)
                data = b'{"%s":%s}' % (selected.key.encode(), answer.data or b"null")
                yield Answer(data, answer.errors)
        except asyncio.CancelledError:
            raise
        except Exception as failure:
            yield Answer(None, [_error(_refused(failure, context), selected.path)])


def _which(parsed: Parsed, name: str | None) -> str:
    if name is None:
        return "The document has several operations: say which with `operationName`."
    return "The document has no operation of this name."


def _refused(failure: Exception, context: Context) -> Refused:
    """Return what a client may know of a failure; all else goes to the log, under the request's id."""
    match failure:
        case Refused():
            return failure
        case DatabaseUnavailable():
            return Unavailable()
        case Conflict():
            return Busy()
        case StatementFailed(sqlstate=("57014" | "55P03")):
            return TooSlow()
        case StatementFailed(sqlstate=state) if state.startswith(("08", "57P", "53")):
            return Unavailable()
    log.error("unexpected failure", exc_info=failure, extra={"request_id": context.request_id})
    return Unexpected(context.request_id)


class Unexpected(Refused):
    """Unexpected error."""

    code = "INTERNAL_ERROR"

    def __init__(self, request_id: str) -> None:
        super().__init__(f"Unexpected error. Request {request_id}.")


def _error(refusal: Refused, path: Path) -> dict[str, Any]:
    error: dict[str, Any] = {"message": refusal.message, "extensions": {"code": refusal.code}}
    if path:
        error["path"] = list(path)
    return error


def formatted(error: GraphQLError, code: str, *, redact: bool = False) -> dict[str, Any]:
    """Return an error of the GraphQL library as clients get it: with a code, without internals or their own values."""
    original = error.original_error
    if isinstance(original, Refused):
        return _error(original, tuple(error.path or ()))  # type: ignore[arg-type]
    if original is not None and code == "INTERNAL_ERROR":
        log.error("unexpected failure", exc_info=original)
        return _error(Unexpected("-"), tuple(error.path or ()))  # type: ignore[arg-type]
    shown: dict[str, Any] = {"message": _without_value(error.message) if redact else error.message[:400]}
    if error.locations:
        shown["locations"] = [location.formatted for location in error.locations]
    if error.path:
        shown["path"] = error.path
    shown["extensions"] = {"code": (error.extensions or {}).get("code", code)}
    return shown


def _without_value(message: str) -> str:
    """A coercion error quotes the client's value; a password must not come back in one."""
    head, got, tail = message.partition(" got invalid value ")
    if not got:
        return message[:400]
    _, _, reason = tail.rpartition("; ")
    return f"{head} got an invalid value; {reason}"[:400]
