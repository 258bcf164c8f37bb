"""Runs GraphQL requests: looks the plan up, binds it, runs one statement, and hands the bytes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

import orjson
from graphql import GraphQLError, GraphQLSchema, OperationType

from resolvers.answers import Answer, error_of, failed, placed, refusal_of
from resolvers.context import Context, Viewer
from resolvers.documents import Documents, Operation
from resolvers.errors import BadInput, BadOperation, Refused
from resolvers.feeds import fed
from resolvers.fragments import Fragments
from resolvers.limits import Limits
from resolvers.lowering import NotCompilable
from resolvers.mapping import Mapped, Run, Sources, Stream
from resolvers.plan import BadValues, Bound, OnLookup, OnSlate, Plan, Step, bind, compile_plan, holes_of
from resolvers.selection import Path, Selected, Values, evaluated

_Compiled = TypeVar("_Compiled")

Execute = Callable[[Operation, Context], Awaitable[tuple[Any, list[GraphQLError]]]]
"""The executor that takes what is not compiled: returns data and errors."""


class Engine:
    """One schema's compiled operations."""

    def __init__(
        self,
        schema: GraphQLSchema,
        sources: Sources,
        execute: Execute,
        limits: Limits,
        fragments: Fragments | None = None,
    ) -> None:
        self.schema = schema
        self.sources = sources
        self._execute = execute
        self.limits = limits
        self.fragments = fragments
        self.documents = Documents(schema, limits)
        self.on_lookup: OnLookup | None = None
        self.on_slate: OnSlate | None = None
        self.compiled = self.found = self.fell_back = 0

    def prepare(
        self, query: str, name: str | None, raw: Mapping[str, Any], *, may_introspect: bool = True
    ) -> Operation | Answer:
        """Return the operation that a client asks for, or the answer that says why there is none.

        Who may not introspect is not told names of the schema in errors either.
        """
        prepared = self.documents.prepare(query, name, raw, may_introspect=may_introspect)
        if isinstance(prepared, Answer):
            prepared.shorten(self.limits.errors, self.limits.error_characters)
        return prepared

    def known(
        self, query: str, name: str | None, raw: Mapping[str, Any], *, may_introspect: bool
    ) -> Operation | None:
        """Return an operation of a document that was asked for before, if all about it is right."""
        if query not in self.documents:
            return None
        operation = self.documents.prepare(query, name, raw, may_introspect=may_introspect)
        return operation if isinstance(operation, Operation) else None

    def bound(self, operation: Operation, viewer: Viewer | None) -> Bound | None:
        """Return a query that one statement answers, if it is compiled and its values are right."""
        roles, key = (viewer.roles, viewer.key) if viewer else (None, None)
        plan = operation.parsed.plans.get((operation.name, None, roles, operation.shapes))
        if type(plan) is not Plan or plan.one is None or plan.holes or plan.feeds or plan.refusals:
            return None
        asked = Values(operation.variables, key)
        try:
            values = bind(plan.parameters, asked)
        except BadValues:
            return None
        self.found += 1
        plan.tell_lookups(values, self.on_lookup)
        return Bound(plan, values, asked)

    # --- queries and mutations ---

    async def run(self, operation: Operation, context: Context) -> Answer:
        """Run a query or a mutation. Failures are errors of the answer, never exceptions."""
        context.engine = self
        try:
            if operation.node.operation is OperationType.MUTATION:
                answer = await self._mutate(operation, context)
            else:
                answer = await self._query(operation, context)
        except NotCompilable:
            self.fell_back += 1
            data, errors = await self._execute(operation, context)
            answer = Answer(orjson.dumps(data), [failed(error, context.request_id) for error in errors])
        except Exception as failure:
            answer = Answer(b"null", [error_of(refusal_of(failure, context.request_id), ())])
        return self._finished(operation, answer)

    def _finished(self, operation: Operation, answer: Answer) -> Answer:
        answer.extensions = operation.extensions
        if answer.errors:
            answer.shorten(self.limits.errors, self.limits.error_characters)
        return answer

    async def _query(self, operation: Operation, context: Context) -> Answer:
        values = Values(operation.variables, context.viewer_id)
        plan = self._plan(operation, context.roles, None)
        return await self._read(operation, context, values, plan, None)

    async def _mutate(self, operation: Operation, context: Context) -> Answer:
        """Run the root fields one after the other; each is read after its commit."""
        parts: list[bytes] = []
        errors: list[dict[str, Any]] = []
        for step in self._steps(operation, context.roles):
            key = step.selected.key.encode()
            if step.plan is None:
                parts.append(b'"%s":"Mutation"' % key)
                continue
            answer = await self._mutate_field(operation, context, step.selected, step.plan)
            errors += answer.errors
            if answer.data in (None, b"null"):
                return Answer(b"null", errors)
            parts.append(b'"%s":%s' % (key, answer.data or b"null"))
        return Answer(b"{" + b",".join(parts) + b"}", errors)

    async def _mutate_field(
        self, operation: Operation, context: Context, selected: Selected, plan: Plan
    ) -> Answer:
        mapped = self.sources["Mutation", selected.name]
        assert isinstance(mapped.source, Run)
        try:
            context.require_role(mapped.role)
            given = evaluated(selected.arguments.get("input", {}), Values(operation.variables))
            if given is None:
                raise BadInput("`input` must not be null.")
            payload = await mapped.source.resolve(context, given)
            values = Values(operation.variables, context.viewer_id, payload)
            return await self._read(operation, context, values, plan, selected)
        except Exception as failure:
            return Answer(b"null", [error_of(refusal_of(failure, context.request_id), selected.path)])

    # --- plans ---

    async def _read(
        self, operation: Operation, context: Context, values: Values, plan: Plan, part: Selected | None
    ) -> Answer:
        if plan.feeds:
            values = replace(values, fed=await fed(plan.feeds, context, values))
        try:
            bound = bind(plan.parameters, values)
        except BadValues as bad:
            plan, bound = self._plan_without(operation, context, values, part, bad)
        errors = [error_of(refusal, path) for path, refusal in plan.refusals.items()]
        if plan.one is None:
            return Answer(b"null", errors)
        plan.tell_lookups(bound, self.on_lookup)
        # what a mutation did is told, and a subscription goes on, however busy the server is
        person = context.viewer_id if plan.is_personal else None
        data = await context.reader.read(plan, bound, person=person, may_refuse=part is None)
        if self.fragments is not None and plan.selections:
            data = await self.fragments.filled(context.reader, plan.selections, data)
        if plan.holes:
            data = await self._fill(plan, data, context, errors)
        plan.tell_shown(values, self.on_slate)
        if errors:
            return Answer(data, placed(errors, data, part.path if part else (), plan.taken_along))
        return Answer(data, errors, max_age_s=plan.max_age_s)

    def _plan_without(
        self, operation: Operation, context: Context, values: Values, part: Selected | None, bad: BadValues
    ) -> tuple[Plan, list[bytes | None]]:
        """Return the plan in which fields with values that cannot be bound are null, and say so."""
        failed: dict[Path, Refused] = {}
        while True:
            failed.update(bad.failures)
            document = operation.document(self.schema)
            plan = compile_plan(
                document, self.sources, context.roles, failed, part=part, fragments=self.fragments
            )
            try:
                return plan, bind(plan.parameters, values)
            except BadValues as others:
                bad = others

    def _plan(self, operation: Operation, roles: frozenset[str] | None, part: Selected | None) -> Plan:
        """Return the plan of a query, or of how a root field's payload is read. Raises NotCompilable."""

        def compiled() -> Plan:
            return compile_plan(
                operation.document(self.schema), self.sources, roles, {}, part=part, fragments=self.fragments
            )

        return self._kept(operation, roles, part.key if part else None, compiled)

    def _steps(self, operation: Operation, roles: frozenset[str] | None) -> Sequence[Step]:
        """Return the steps of a mutation. Raises NotCompilable before anything is done."""

        def compiled() -> Sequence[Step]:
            fields = list(operation.document(self.schema).root())
            for selected in fields:
                self._require_run(selected)
            return [
                Step(
                    selected,
                    None if selected.name == "__typename" else self._plan(operation, roles, selected),
                )
                for selected in fields
            ]

        return self._kept(operation, roles, None, compiled)

    def _require_run(self, selected: Selected) -> None:
        mapped = self.sources.get(("Mutation", selected.name))
        if selected.name != "__typename" and (mapped is None or not isinstance(mapped.source, Run)):
            raise NotCompilable(f"Mutation.{selected.name}")

    def _kept(
        self,
        operation: Operation,
        roles: frozenset[str] | None,
        part: str | None,
        compiled: Callable[[], _Compiled],
    ) -> _Compiled:
        """Return what was compiled for variables of this shape, or compile it now."""
        key = (operation.name, part, roles, operation.shapes)
        plans = operation.parsed.plans
        found: _Compiled | NotCompilable | None = plans.get(key)
        if found is None:
            self.compiled += 1
            try:
                found = compiled()
            except NotCompilable as reason:
                found = reason
            operation.parsed.keep(key, found)
        else:
            self.found += 1
            plans.move_to_end(key)
        if isinstance(found, NotCompilable):
            raise found.with_traceback(None)  # it is kept, and would keep each way that it was raised
        return found

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
                    plan = self._plan(operation, context.roles, selected)
                    answer = await self._read(operation, context, values, plan, selected)
                    data = b'{"%s":%s}' % (selected.key.encode(), answer.data or b"null")
                    yield self._finished(operation, Answer(data, answer.errors))
        except Exception as failure:
            answer = Answer(None, [error_of(refusal_of(failure, context.request_id), path)])
            yield self._finished(operation, answer)

    def _stream_of(self, operation: Operation) -> tuple[Selected, Mapped, Stream]:
        """Return the root field of a subscription and what it follows. Raises BadOperation."""
        fields = list(operation.document(self.schema).root())
        mapped = self.sources.get(("Subscription", fields[0].name)) if len(fields) == 1 else None
        if mapped is None or not isinstance(mapped.source, Stream):
            raise BadOperation("A subscription follows exactly one thing.")
        return fields[0], mapped, mapped.source
