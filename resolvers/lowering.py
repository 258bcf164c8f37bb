"""From a selection to SQL: one statement that returns the response's JSON text.

Pages that depend on nothing but the request become common table expressions, and every object that is reached by its
key from one of them is selected once for the whole document. All else is nested where it stands. The same lowering
writes two forms: for one request, and for many of the same plan at once (`Form`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import cast

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_non_null_type,
    parse,
)

from resolvers import relations
from resolvers.entities import EntityList
from resolvers.errors import BadInput, Forbidden, Refused, Unauthenticated
from resolvers.feeds import Asked
from resolvers.forms import Form, Parameter
from resolvers.fragments import Fragments
from resolvers.mapping import (
    Column,
    Convert,
    Embedded,
    Lookup,
    Many,
    Mapped,
    Nodes,
    One,
    Page,
    Python,
    Run,
    Source,
    Sources,
    Stream,
)
from resolvers.rendering import NULL, Literal, Text, concatenated, json_object, rendered
from resolvers.selection import Argument, Document, Leaf, Path, Selected
from resolvers.shared import Shared


class NotCompilable(Exception):
    """Something in the document has no SQL: the operation is left to the executor."""


_VIEWER = Leaf(lambda values: values.viewer, is_personal=True)


@dataclass(slots=True)
class Hole:
    """A place in the response that Python fills; `path` is where an error of it is reported."""

    source: Python
    path: Path


@dataclass(slots=True)
class Scope:
    """Where lowering stands: the row `t`, and if it is in a list what its cursor is made of.

    In the aggregate of a hoisted page, `joins` takes its entities; in an object that is selected once, `lists` takes its
    lists.
    """

    t: str
    cursor: str = ""
    page: str | None = None
    joins: dict[str, str] = field(default_factory=dict)
    lists: list[EntityList] | None = None
    is_nested: bool = False
    has_personal_entities: bool = False


class Lowering:
    """Lowers one operation for one viewer's roles; what it gathers (pages, entities, holes) makes the statement."""

    def __init__(
        self,
        document: Document,
        sources: Sources,
        form: Form,
        roles: frozenset[str] | None,
        failed: Mapping[Path, Refused],
        fragments: Fragments | None = None,
    ) -> None:
        self.document = document
        self.sources = sources
        self.form = form
        self.roles = roles
        self.failed = failed
        self.refusals: dict[Path, Refused] = {}
        self.taken_along: set[Path] = set()
        self.holes: list[Hole] = []
        self.feeds: list[Asked] = []
        self.lookups: list[tuple[str, int]] = []
        self.slates: list[Selected] = []
        self.pages: list[str] = []
        self.aggregates: dict[str, str] = {}
        self.shared = Shared(self.name, fragments)
        self._names = 0

    @classmethod
    def for_one_field(cls, sources: Sources, roles: frozenset[str] | None) -> Lowering:
        """Return a lowering that only writes templates and parameters: for a field that is executed alone."""
        return cls(
            Document(GraphQLSchema(), cast(OperationDefinitionNode, _NOTHING), {}, {}),
            sources,
            Form(),
            roles,
            {},
        )

    def root(self) -> Text | None:
        """Return the JSON of a query's data; None where it is null altogether."""
        kind = self.document.schema.query_type
        assert kind is not None
        return self.object(kind, self.document.root(), Scope(""))

    def payload(self, selected: Selected) -> Text | None:
        """Return the JSON of what a mutation or an event answers with, over the payload's values."""
        mapped = self.sources[self.document.operation.operation.value.capitalize(), selected.name]
        if isinstance(mapped.source, Stream):
            return self._source(mapped.source.then, selected, Scope("", is_nested=True))
        return self.object(object_type(selected), self.of(selected), Scope(""))

    # --- objects ---

    def object(self, kind: GraphQLObjectType, fields: Iterator[Selected], scope: Scope) -> Text | None:
        """Return the text of an object's JSON, None where a null of a field that may not be null takes it along."""
        members: list[tuple[str, Text]] = []
        for selected in fields:
            value = self._field(kind, selected, scope)
            if value is None:
                if is_non_null_type(selected.definition.type):
                    self.taken_along.add(selected.path)
                    return None
                value = NULL
            members.append((selected.key, value))
        return json_object(members)

    def _field(self, kind: GraphQLObjectType, selected: Selected, scope: Scope) -> Text | None:
        if selected.name == "__typename":
            return [Literal(f'"{kind.name}"')]
        if selected.name == "cursor" and kind.name.endswith("Edge"):
            return [Literal('"'), scope.cursor, Literal('"')]
        mapped = self.sources.get((kind.name, selected.name))
        if mapped is None:
            raise NotCompilable(f"{kind.name}.{selected.name}")
        refusal = self.failed.get(selected.path) or self._forbidden(mapped) or _null_given(selected)
        if refusal is not None:
            self.refusals[selected.path] = refusal
            return None
        return self._source(mapped.source, selected, scope)

    def _forbidden(self, mapped: Mapped) -> Refused | None:
        if mapped.role is None or (self.roles and ({mapped.role, "admin"} & self.roles)):
            return None
        return Forbidden() if self.roles else Unauthenticated()

    def _source(self, source: Source, selected: Selected, scope: Scope) -> Text | None:
        match source:
            case Column():
                return rendered(relations.column(self, source, selected, scope.t), selected.definition.type)
            case Embedded():
                text = self.object(object_type(selected), self.of(selected), scope)
                if text is None or source.when is None:
                    return text
                when = self.sql(source.when, scope.t, selected.path)
                return [f"case when {when} then {concatenated(text)} else 'null' end"]
            case One():
                return relations.one(self, source, selected, scope)
            case Lookup():
                return relations.lookup(self, source, selected)
            case Many():
                return relations.many(self, source, selected, scope)
            case Page():
                return relations.page(self, source, selected, scope)
            case Nodes():
                return relations.nodes(self, source, selected)
            case Python():
                return relations.hole(self, source, selected, scope)
            case Run() | Stream():
                raise NotCompilable("a mutation or subscription below the root")

    def of(self, selected: Selected) -> Iterator[Selected]:
        """Yield what a field's selection asks of its type."""
        return self.document.fields(object_type(selected), selected)

    def node(self, connection: GraphQLObjectType, selected: Selected, scope: Scope) -> Text | None:
        """Return the JSON of `nodes`: what the edges' `node` would be."""
        edge = get_named_type(connection.fields["edges"].type)
        return self._source(self.sources[edge.name, "node"].source, selected, scope)

    def aggregated(self, connection: GraphQLObjectType, selected: Selected) -> str:
        """Return a value that is the same in all rows of a connection; null for a page that shows none."""
        mapped = self.sources.get((connection.name, selected.name))
        if mapped is None or not isinstance(mapped.source, Column):
            raise NotCompilable(f"{connection.name}.{selected.name}")
        value = self.sql(mapped.source.sql, "p", selected.path)
        json = concatenated(rendered(value, selected.definition.type))
        return f"max({json}) filter (where p.r <= p.shown)"

    # --- templates and parameters ---

    def sql(self, template: str, t: str, path: Path, parent: str = "", value: str = "") -> str:
        """Return a template of the mapping with its names put in; a name of a value becomes a parameter."""
        text = template.replace("{t}", t).replace("{parent}", parent).replace("{value}", value)
        if "{viewer}" in text:
            text = text.replace("{viewer}", self.parameter(_VIEWER, "uuid", _same, path))
        while (at := text.find("{v_")) >= 0:
            name, _, kind = text[at + 3 : text.index("}", at)].partition(":")
            bound = self.parameter(_payload_leaf(name), kind or "text", _same, path)
            text = text[:at] + bound + text[text.index("}", at) + 1 :]
        return text

    def parameter(self, value: Argument, kind: str, convert: Convert, path: Path) -> str:
        """Return the SQL of a value that is bound at run time. Raises NotCompilable for an input object."""
        if isinstance(value, dict):
            raise NotCompilable("an input object where a value was expected")
        leaf = value if isinstance(value, Leaf) else _constant_leaf(value)
        return self.form.parameter(Parameter(leaf, kind, convert, path))

    def name(self, prefix: str) -> str:
        """Return a name that is new in the statement."""
        self._names += 1
        return f"{prefix}{self._names}"

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Lower what stands in a common table expression of its own: equal selections get equal names in it."""
        kept, self._names = self._names, 0
        yield
        self._names = kept

    def is_personal(self, touched: set[int]) -> bool:
        """Whether any of these parameters depends on who asks."""
        return any(self.form.parameters[index].leaf.is_personal for index in touched)

    def max_age_s(self) -> int:
        """Return how long caches may keep what was lowered from the root: 0 where it depends on who asks."""
        if self.is_personal(set(range(len(self.form.parameters)))):
            return 0
        kind = self.document.operation.operation.value.capitalize()
        names = {selected.name for selected in self.document.root()} - {"__typename"}
        return min((self.sources[kind, name].max_age_s for name in names), default=0)

    def statement(self, text: Text) -> str:
        """Return the statement that yields a JSON text, with everything that was hoisted out of it."""
        ctes = [
            *self.shared.tables(),
            *self.pages,
            *self.shared.entities(many=self.form.many),
            *self.aggregates.values(),
        ]
        return self.form.statement(ctes, list(self.aggregates), concatenated(text))


def _null_given(selected: Selected) -> Refused | None:
    """A variable may be null where an argument may not: its type does not say so when there is a default."""
    for name, argument in selected.definition.args.items():
        if is_non_null_type(argument.type) and selected.arguments.get(name, argument) is None:
            return BadInput(f"`{name}` must not be null.")
    return None


def object_type(selected: Selected) -> GraphQLObjectType:
    """Return the type of a field's objects. Raises NotCompilable for an interface or a union."""
    kind = get_named_type(selected.definition.type)
    if not isinstance(kind, GraphQLObjectType):
        raise NotCompilable(f"{selected.name} is abstract")
    return kind


_NOTHING = parse("{ __typename }").definitions[0]


def _same(value: object) -> str | None:
    return None if value is None else str(value)


@lru_cache(maxsize=64)
def _payload_leaf(name: str) -> Leaf:
    return Leaf(lambda values: values.payload[name])


def _constant_leaf(value: Enum | bool | None) -> Leaf:
    return Leaf(lambda _: value)
