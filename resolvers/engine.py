"""Runs GraphQL requests: looks the plan up, binds it, runs one statement, and hands the bytes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLSchema, OperationType

from resolvers.answers import Answer, error_of, failed, placed, refusal_of
from resolvers.context import Context
from resolvers.documents import Documents, Operation
from resolvers.errors import BadInput, BadOperation, Refused
from resolvers.lowering import NotCompilable
from resolvers.mapping import Mapped, Run, Sources, Stream
from resolvers.plan import BadValues, Failures, Plan, bind, compile_plan, holes_of
from resolvers.selection import Document, Path, Selected, Values, evaluated, form_of, shape

Execute = Callable[[Operation, Context], Awaitable[tuple[Any, list[GraphQLError]]]]
"""The executor that takes what is not compiled: returns data and errors."""


class Engine:
    """One schema's compiled operations."""

    def __init__(self, schema: GraphQLSchema, sources: Sources, execute: Execute) -> None:
        self.schema = schema
        self.sources = sources
        self._execute = execute
        self.documents = Documents(schema)
        self.compiled = 0
        self.found = 0
        self.fell_back = 0

    def prepare(self, query: str, name: str | None, raw: Mapping[str, Any]) -> Operation | Answer:
        """Return the operation that a client asks for, or the answer that says why there is none."""
        return self.documents.prepare(query, name, raw)

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
            return Answer(
                orjson.dumps(data),
                [failed(error, context.request_id) for error in errors],
            )
        except Exception as failure:
            return Answer(b"null", [error_of(refusal_of(failure, context.request_id), ())])

    async def _query(self, operation: Operation, context: Context) -> Answer:
        values = Values(operation.variables, context.viewer_id)
        return await self._read(operation, context, values, None)

    async def _mutate(self, operation: Operation, context: Context) -> Answer:
        """Run the root fields one after the other; each is read after its commit."""
        document = self._document(operation)
        fields = list(document.root())
        for selected in fields:
            self._require_run(selected)
            if selected.name != "__typename":
                self._plan(operation, context.roles, {}, selected)  # or fall back, before anything is done
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

    def _require_run(self, selected: Selected) -> None:
        if selected.name == "__typename":
            return
        mapped = self.sources.get(("Mutation", selected.name))
        if mapped is None or not isinstance(mapped.source, Run):
            raise NotCompilable(f"Mutation.{selected.name}")

    async def _mutate_field(self, operation: Operation, context: Context, selected: Selected) -> Answer:
        mapped = self.sources["Mutation", selected.name]
        assert isinstance(mapped.source, Run)
        try:
            context.require_role(mapped.role)
            given = evaluated(selected.arguments["input"], Values(operation.variables))
            if given is None:
                raise BadInput("`input` must not be null.")
            payload = await mapped.source.resolve(context, given)
            values = Values(operation.variables, context.viewer_id, payload)
            return await self._read(operation, context, values, selected)
        except Exception as failure:
            return Answer(b"null", [error_of(refusal_of(failure, context.request_id), selected.path)])

    # --- plans ---

    async def _read(
        self, operation: Operation, context: Context, values: Values, part: Selected | None
    ) -> Answer:
        plan = self._plan(operation, context.roles, {}, part)
        try:
            bound = bind(plan.parameters, values)
        except BadValues:
            plan, bound = self._plan_without(operation, context, values, part)
        errors = [error_of(refusal, path) for path, refusal in plan.refusals.items()]
        if plan.one is None:
            return Answer(b"null", errors)
        # what a mutation did is told, and a subscription goes on, however busy the server is
        data = await context.reader.read(plan, bound, may_refuse=part is None)
        if plan.holes:
            data = await self._fill(plan, data, context, errors)
        return Answer(data, placed(errors, data, part.path if part else ()) if errors else errors)

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
            operation.parsed.keep(key, plan)
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
                errors.append(error_of(refusal_of(failure, context.request_id), hole.path))
        return b"".join(piece for pair in zip(pieces, [*filled, b""], strict=True) for piece in pair)

    # --- subscriptions ---

    async def subscribe(self, operation: Operation, context: Context) -> AsyncGenerator[Answer, None]:
        """Yield an answer for each event; the selection is compiled once and runs for each."""
        path: Path = ()
        try:
            selected, mapped, source = self._stream_of(operation)
            path = selected.path
            context.require_role(mapped.role)
            plain = Values(operation.variables)
            given = {name: evaluated(value, plain) for name, value in selected.arguments.items()}
            async with aclosing(source.resolve(context, given)) as payloads:
                async for payload in payloads:
                    values = Values(operation.variables, context.viewer_id, payload)
                    answer = await self._read(operation, context, values, selected)
                    data = b'{"%s":%s}' % (selected.key.encode(), answer.data or b"null")
                    yield Answer(data, answer.errors)
        except Exception as failure:
            yield Answer(None, [error_of(refusal_of(failure, context.request_id), path)])

    def _stream_of(self, operation: Operation) -> tuple[Selected, Mapped, Stream]:
        """Return the root field of a subscription and what it follows. Raises BadOperation."""
        fields = list(self._document(operation).root())
        mapped = self.sources.get(("Subscription", fields[0].name)) if len(fields) == 1 else None
        if mapped is None or not isinstance(mapped.source, Stream):
            raise BadOperation("A subscription follows exactly one thing.")
        return fields[0], mapped, mapped.source
