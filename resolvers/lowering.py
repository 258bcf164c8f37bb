"""From a selection to SQL: one statement that returns the response's JSON text.

Pages that depend on nothing but the request become common table expressions, and every object that is reached by its
key from one of them is selected once for the whole document. All else is nested where it stands. The same lowering
writes two forms: for one request, and for many of the same plan at once (`Form`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from graphql import (
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    get_named_type,
    is_non_null_type,
)

from resolvers.errors import Forbidden, Refused, Unauthenticated
from resolvers.forms import Form, Parameter
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
from resolvers.ids import array, split_id
from resolvers.pages import connection_sql, page_sql
from resolvers.rendering import json_object, literal, member, rendered
from resolvers.selection import Argument, Document, Leaf, Path, Selected


class NotCompilable(Exception):
    """Something in the document has no SQL: the operation is left to the executor."""


NULL = "'null'"
HOLE, END = "\x01", "\x02"
"""What stands around a hole: characters that no JSON text holds."""
_VIEWER = Leaf(lambda values: values.viewer)


@dataclass(slots=True)
class Hole:
    """A place in the response that Python fills; `path` is where an error of it is reported."""

    source: Python
    path: Path


@dataclass(slots=True)
class Entities:
    """Objects of one table, selected once: `feeds` are the selects that yield the keys."""

    name: str
    source: One
    json: str
    personal: bool
    feeds: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Scope:
    """Where lowering stands: the row `t`; in the aggregate of a hoisted page, `joins` takes its entities."""

    t: str
    page: str | None = None
    joins: dict[str, str] = field(default_factory=dict)
    is_nested: bool = False


class Lowering:
    """Lowers one operation for one viewer's roles; what it gathers (ctes, holes, parameters) makes the statement."""

    def __init__(
        self,
        document: Document,
        sources: Sources,
        form: Form,
        roles: frozenset[str] | None,
        failed: Mapping[Path, Refused],
    ) -> None:
        self.document = document
        self.sources = sources
        self.form = form
        self.roles = roles
        self.failed = failed
        self.refusals: dict[Path, Refused] = {}
        self.holes: list[Hole] = []
        self.pages: list[str] = []
        self.aggregates: dict[str, str] = {}
        self.cursor = ""
        self.entities: dict[tuple[str, str], Entities] = {}
        self._names = 0

    @classmethod
    def for_one_field(cls, sources: Sources, roles: frozenset[str] | None) -> Lowering:
        """Return a lowering that only writes templates and parameters: for a field that is executed alone."""
        nothing = Document(GraphQLSchema(), OperationDefinitionNode(), {}, {})
        return cls(nothing, sources, Form(), roles, {})

    def root(self) -> str | None:
        """Return the JSON of a query's data; None where it is null altogether."""
        kind = self.document.schema.query_type
        assert kind is not None
        return self.object(kind, self.document.root(), Scope(""))

    def payload(self, selected: Selected) -> str | None:
        """Return the JSON of what a mutation or an event answers with, over the payload's values."""
        mapped = self.sources[self.document.operation.operation.value.capitalize(), selected.name]
        if isinstance(mapped.source, Stream):
            return self._source(mapped.source.then, selected, Scope("", is_nested=True))
        return self.object(_object(selected), self._of(selected), Scope(""))

    # --- objects ---

    def object(self, kind: GraphQLObjectType, fields: Iterator[Selected], scope: Scope) -> str | None:
        """Return the SQL text of an object's JSON, None where a null of a field that may not be null takes it along."""
        parts: list[str] = []
        for selected in fields:
            value = self._field(kind, selected, scope)
            if value is None:
                if is_non_null_type(selected.definition.type):
                    return None
                value = NULL
            parts.append(member(selected.key, value))
        return json_object(parts)

    def _field(self, kind: GraphQLObjectType, selected: Selected, scope: Scope) -> str | None:
        if selected.name == "__typename":
            return literal(f'"{kind.name}"')
        if selected.name == "cursor" and kind.name.endswith("Edge"):
            return f"'\"' || {self.cursor} || '\"'"
        mapped = self.sources.get((kind.name, selected.name))
        if mapped is None:
            raise NotCompilable(f"{kind.name}.{selected.name}")
        refusal = self.failed.get(selected.path) or self._forbidden(mapped)
        if refusal is not None:
            self.refusals[selected.path] = refusal
            return None
        return self._source(mapped.source, selected, scope)

    def _forbidden(self, mapped: Mapped) -> Refused | None:
        if mapped.role is None or (self.roles and ({mapped.role, "admin"} & self.roles)):
            return None
        return Forbidden() if self.roles else Unauthenticated()

    def _source(self, source: Source, selected: Selected, scope: Scope) -> str | None:
        match source:
            case Column():
                return rendered(self.sql(source.sql, scope.t, selected.path), selected.definition.type)
            case Embedded():
                text = self.object(_object(selected), self._of(selected), scope)
                return self._when(text, source.when and self.sql(source.when, scope.t, selected.path))
            case One():
                return self._one(source, selected, scope)
            case Lookup():
                return self._lookup(source, selected)
            case Many():
                return self._many(source, selected, scope)
            case Page():
                return self._page(source, selected, scope)
            case Nodes():
                return self._nodes(source, selected)
            case Python():
                return self._hole(source, selected, scope)
            case Run() | Stream():
                raise NotCompilable("a mutation or subscription below the root")

    def _of(self, selected: Selected) -> Iterator[Selected]:
        return self.document.fields(_object(selected), selected)

    @staticmethod
    def _when(text: str | None, condition: str | None) -> str | None:
        return text if text is None or not condition else f"case when {condition} then {text} else {NULL} end"

    # --- templates and parameters ---

    def sql(self, template: str, t: str, path: Path, parent: str = "", value: str = "") -> str:
        """Return a template of the mapping with its names put in; a name of a value becomes a parameter."""
        text = template.replace("{t}", t).replace("{parent}", parent).replace("{value}", value)
        if "{viewer}" in text:
            text = text.replace("{viewer}", self.parameter(_VIEWER, "uuid", _same, path))
        while (at := text.find("{v_")) >= 0:
            name = text[at + 3 : text.index("}", at)]
            kind = name.partition(":")[2] or "text"
            leaf = _payload_leaf(name.partition(":")[0])
            text = text.replace("{v_" + name + "}", self.parameter(leaf, kind, _same, path))
        return text

    def parameter(self, value: Argument, kind: str, convert: Convert, path: Path) -> str:
        """Return the SQL of a value that is bound at run time."""
        if isinstance(value, dict):
            raise NotCompilable("an input object where a value was expected")
        leaf = value if isinstance(value, Leaf) else _constant_leaf(value)
        return self.form.parameter(Parameter(leaf, kind, convert, path))

    def name(self, prefix: str) -> str:
        """Return a name that is new in the statement."""
        self._names += 1
        return f"{prefix}{self._names}"

    # --- one row ---

    def _one(self, source: One, selected: Selected, scope: Scope) -> str | None:
        if scope.page is not None and not source.where and "{parent}" in source.of:
            return self._entity(source, selected, scope)
        inner = Scope(self.name("r"), is_nested=scope.is_nested)
        text = self.object(_object(selected), self._of(selected), inner)
        if text is None:
            return None
        key = self.sql(source.of, inner.t, selected.path, parent=scope.t)
        where = f" and {self.sql(source.where, inner.t, selected.path, parent=scope.t)}" if source.where else ""
        found = f"(select {text} from {source.table} {inner.t} where {inner.t}.{source.key} = {key}{where})"
        return f"coalesce({found}, {NULL})"

    def _entity(self, source: One, selected: Selected, scope: Scope) -> str | None:
        """Join what is selected once for the document; its scope has no page, so all below it is nested."""
        before = self.form.used
        text = self.object(_object(selected), self._of(selected), Scope("x", is_nested=True))
        if text is None:
            return None
        personal = self.form.used > before
        entity = self.entities.get((source.table, text))
        if entity is None:
            entity = Entities(self.name("e"), source, text, personal)
            self.entities[source.table, text] = entity
        key = self.sql(source.of, "", selected.path, parent="p")
        request = f"{self.form.ord('p')}, " if personal and self.form.many else ""
        entity.feeds.append(f"select {request}{key} as k from {scope.page} p where p.r <= p.shown")
        of = self.sql(source.of, "", selected.path, parent=scope.t)
        alias = f"{entity.name}_{len(scope.joins)}"
        same = f" and {alias}.ord = {scope.t}.ord" if personal and self.form.many else ""
        scope.joins[alias] = f" left join {entity.name} {alias} on {alias}.k = {of}{same}"
        return f"coalesce({alias}.json, {NULL})"

    def _lookup(self, source: Lookup, selected: Selected) -> str | None:
        given = selected.arguments[source.argument]
        if not isinstance(given, dict):
            raise NotCompilable("a look-up by a variable without a shape")
        ((name, value),) = ((name, value) for name, value in given.items() if value is not None)
        chosen = source.by[name]
        inner = Scope(self.name("r"))
        text = self.object(_object(selected), self._of(selected), inner)
        if text is None:
            return None
        bound = self.parameter(value, chosen.type, chosen.convert, selected.path)
        where = self.sql(chosen.sql, inner.t, selected.path, value=bound)
        return f"coalesce((select {text} from {source.table} {inner.t} where {where}), {NULL})"

    def _nodes(self, source: Nodes, selected: Selected) -> str | None:
        """A case for each type that has a node: which of them it is, the id says when it is bound."""
        interface = get_named_type(selected.definition.type)
        assert isinstance(interface, GraphQLInterfaceType)
        def part(index: int) -> Convert:
            return lambda value: split_id(value)[index]

        if source.plural:
            ids = selected.arguments["ids"]
            kinds = self.parameter(ids, "text[]", array(part(0)), selected.path)
            keys = self.parameter(ids, "text[]", array(part(1)), selected.path)
            cases = self._cases(source, interface, selected, "w.kind", "w.key")
            return (
                f"concat('[', (select string_agg({cases}, ',' order by w.n) "
                f"from unnest({kinds}, {keys}) with ordinality w (kind, key, n)), ']')"
            )
        given = selected.arguments["id"]
        kind = self.parameter(given, "text", part(0), selected.path)
        key = self.parameter(given, "text", part(1), selected.path)
        return self._cases(source, interface, selected, kind, key)

    def _cases(
        self, source: Nodes, interface: GraphQLInterfaceType, selected: Selected, kind: str, key: str
    ) -> str:
        cases = []
        for possible in self.document.schema.get_possible_types(interface):
            table = source.tables[possible.name]
            inner = Scope(self.name("r"), is_nested=True)
            text = self.object(possible, self.document.fields(possible, selected), inner)
            if text is None:
                continue
            of = table.of.replace("{key}", key)
            where = f" and {self.sql(table.where, inner.t, selected.path)}" if table.where else ""
            cases.append(
                f"when '{possible.name}' then "
                f"(select {text} from {table.table} {inner.t} where {inner.t}.{table.key} = {of}{where})"
            )
        return f"coalesce(case {kind} {' '.join(cases)} end, {NULL})"

    # --- several rows ---

    def _many(self, source: Many, selected: Selected, scope: Scope) -> str | None:
        inner = Scope(self.name("r"), is_nested=True)
        text = self.object(_object(selected), self._of(selected), inner)
        if text is None:
            return None
        rows = self.sql(source.source, inner.t, selected.path, parent=scope.t)
        where = self.sql(source.where, inner.t, selected.path, parent=scope.t)
        order = self.sql(source.order, inner.t, selected.path, parent=scope.t)
        return f"concat('[', (select string_agg({text}, ',' order by {order}) from {rows} where {where}), ']')"

    def _page(self, source: Page, selected: Selected, scope: Scope) -> str | None:
        try:
            page = page_sql(self, source, selected, scope.t)
        except Refused as refusal:
            self.refusals[selected.path] = refusal
            return None
        hoisted = "{parent}" not in source.where and not scope.is_nested
        inner = Scope("p", page=self.name("p") if hoisted else None, is_nested=True)
        made = connection_sql(self, page, selected, inner)
        if made is None:
            return None
        columns, text = made
        if inner.page is None:
            return f"(select {text.replace('{a}', 'a')} from (select {columns} from ({page.rows}) p) a)"
        self.pages.append(f"{inner.page} as materialized ({self.form.rows(page.rows)})")
        name = self.name("a")
        self.aggregates[name] = self.form.aggregate(name, columns, f"{inner.page} p{''.join(inner.joins.values())}")
        return text.replace("{a}", name)

    def edge_fields(self, selected: Selected, cursor: str) -> Iterator[Selected]:
        """Yield the fields of an edge; `cursor` of this page is what its field `cursor` is rendered from."""
        self.cursor = cursor
        return self._of(selected)

    def node(self, connection: GraphQLObjectType, selected: Selected, scope: Scope) -> str | None:
        """Return the JSON of `nodes`: what the edges' `node` would be."""
        edge = get_named_type(connection.fields["edges"].type)
        return self._source(self.sources[edge.name, "node"].source, selected, scope)

    def aggregated(self, connection: GraphQLObjectType, selected: Selected) -> str:
        """Return a value of the whole connection, the same in each of its rows."""
        mapped = self.sources.get((connection.name, selected.name))
        if mapped is None or not isinstance(mapped.source, Column):
            raise NotCompilable(f"{connection.name}.{selected.name}")
        value = self.sql(mapped.source.sql, "p", selected.path)
        return f"max({rendered(value, selected.definition.type)})"

    # --- what Python knows ---

    def _hole(self, source: Python, selected: Selected, scope: Scope) -> str:
        """Leave a mark that no JSON text can hold, with what the resolver needs of the row."""
        if isinstance(selected.definition.type, GraphQLNonNull):
            raise NotCompilable("a Python field that may not be null")
        needs = (
            member(name, f"to_json({self.sql(sql, scope.t, selected.path)})") for name, sql in source.needs.items()
        )
        self.holes.append(Hole(source, selected.path))
        row = json_object(list(needs))
        return f"concat({literal(f'{HOLE}{len(self.holes) - 1}')}, {row}, {literal(END)})"


def _object(selected: Selected) -> GraphQLObjectType:
    kind = get_named_type(selected.definition.type)
    if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType) or not isinstance(kind, GraphQLObjectType):
        raise NotCompilable(f"{selected.name} is abstract")
    return kind


def _same(value: object) -> str | None:
    return None if value is None else str(value)


@lru_cache(maxsize=64)
def _payload_leaf(name: str) -> Leaf:
    return Leaf(lambda values: values.payload[name])


def _constant_leaf(value: Enum | bool | None) -> Leaf:
    return Leaf(lambda _: value)



def statement(lowering: Lowering, text: str) -> str:
    """Return the statement that yields a JSON text, with everything that was hoisted out of it."""
    form = lowering.form
    entities = (
        form.entities(e.name, e.source.table, e.source.key, e.json, e.feeds, personal=e.personal)
        for e in lowering.entities.values()
    )
    ctes = [*lowering.pages, *entities, *lowering.aggregates.values()]
    return form.statement(ctes, list(lowering.aggregates), text)
