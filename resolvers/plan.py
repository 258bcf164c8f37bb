"""A compiled operation: the statement in its two forms, what it is bound with, and what is filled in afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import orjson

from database.pipeline import Statement, Value
from resolvers.errors import Refused
from resolvers.feeds import Asked, shown
from resolvers.forms import Form, ManyForm, Parameter
from resolvers.fragments import Fragments, Selection
from resolvers.lowering import Hole, Lowering
from resolvers.mapping import Sources, may_read_log
from resolvers.reader import Readable
from resolvers.relations import END, HOLE
from resolvers.selection import Document, Path, Selected, Values, evaluated

Failures = Mapping[Path, Refused]
OnLookup = Callable[[str, Value], None]
"""Takes what a client asks for, `movies.tmdbId`, and the key; it must not wait."""
OnSlate = Callable[[str, Mapping[str, Any]], None]
"""Takes who was shown a page of what was computed ahead, and the field's arguments; it must not wait."""


class BadValues(Exception):
    """Some values cannot be bound: which fields that costs, and why."""

    def __init__(self, failures: Failures) -> None:
        super().__init__(str(failures))
        self.failures = failures


@dataclass(slots=True)
class Plan(Readable):
    """One statement that returns JSON text; `one` is None where the data is null whatever the rows say."""

    parameters: Sequence[Parameter]
    holes: Sequence[Hole]
    feeds: Sequence[Asked]
    refusals: Failures
    taken_along: Set[Path]
    """Fields whose null is that of the object around them."""
    selections: Sequence[Selection]
    """What it leaves marks for."""
    is_personal: bool = True
    """Whether what it reads depends on who asks."""
    lookups: Sequence[tuple[str, int]] = ()
    """Objects that are asked for by a key: `movies.tmdbId`, and which of the parameters has it."""
    slates: Sequence[Selected] = ()
    """Pages of what was computed ahead, with movies."""
    max_age_s: int = 0
    """How long caches may keep the answer; 0 for what depends on who asks."""

    def tell_lookups(self, values: Sequence[Value], heard: OnLookup | None) -> None:
        """Say what is asked for by a key."""
        if heard is not None:
            for name, index in self.lookups:
                heard(name, values[index])

    def tell_shown(self, values: Values, heard: OnSlate | None) -> None:
        """Say what of recommendations has been shown."""
        shown(values)
        if heard is not None and values.viewer is not None:
            for each in self.slates:
                heard(
                    values.viewer,
                    {name: evaluated(given, values) for name, given in each.arguments.items()},
                )


@dataclass(frozen=True, slots=True)
class Bound:
    """A query that is ready to be read; `asked` are the values that it was made of."""

    plan: Plan
    values: list[Value]
    asked: Values


@dataclass(frozen=True, slots=True)
class Step:
    """A root field of a mutation and how its payload is read; without a plan it is `__typename`."""

    selected: Selected
    plan: Plan | None


def bind(parameters: Sequence[Parameter], values: Values) -> list[Value]:
    """Return the parameters as PostgreSQL's text. Raises BadValues with every field whose value is wrong."""
    bound: list[Value] = []
    failures: dict[Path, Refused] = {}
    for parameter in parameters:
        try:
            value = parameter.leaf.of(values)
            text = None if value is None else parameter.convert(value)
            bound.append(None if text is None else text.encode())
        except Refused as refusal:
            failures.setdefault(parameter.path, refusal)
    if failures:
        raise BadValues(failures)
    return bound


def compile_plan(
    document: Document,
    sources: Sources,
    roles: frozenset[str] | None,
    failed: Failures,
    *,
    part: Selected | None = None,
    fragments: Fragments | None = None,
) -> Plan:
    """Compile a query, or with `part` the payload of one root field. Raises NotCompilable."""

    def lowered(form: Form) -> tuple[Lowering, Statement | None]:
        lowering = Lowering(document, sources, form, roles, failed, fragments)
        text = lowering.root() if part is None else lowering.payload(part)
        return lowering, None if text is None else Statement(lowering.statement(text))

    def many() -> Statement:
        _, statement = lowered(ManyForm())
        assert statement is not None
        return statement

    lowering, one = lowered(Form())
    return Plan(
        one=one,
        many=many if one and lowering.form.parameters else None,
        parameters=lowering.form.parameters,
        holes=lowering.holes,
        feeds=lowering.feeds,
        refusals=lowering.refusals,
        taken_along=lowering.taken_along,
        selections=lowering.shared.selections,
        is_personal=part is not None
        or may_read_log(roles)
        or any(each.leaf.is_personal for each in lowering.form.parameters),
        reads_log=may_read_log(roles),
        lookups=lowering.lookups,
        slates=lowering.slates,
        max_age_s=0 if part or lowering.holes or lowering.refusals else lowering.max_age_s(),
    )


def holes_of(text: bytes) -> tuple[list[bytes], list[tuple[int, dict[str, Any]]]]:
    """Return the text between the holes, and each hole's number and row in between."""
    pieces: list[bytes] = []
    found: list[tuple[int, dict[str, Any]]] = []
    first, *marked = text.split(HOLE.encode())
    pieces.append(first)
    for mark in marked:
        hole, _, piece = mark.partition(END.encode())
        number, brace, row = hole.partition(b"{")
        found.append((int(number), orjson.loads(brace + row)))
        pieces.append(piece)
    return pieces, found
