"""Strawberry's own execution of mapped fields, one field at a time: the fallback of what cannot be compiled, and the
second opinion that compiled answers are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, get_named_type
from graphql.execution.values import VariableValues, get_argument_values
from psycopg import AsyncRawCursor

from resolvers.errors import Forbidden, Unauthenticated
from resolvers.ids import split_id
from resolvers.lowering import Lowering
from resolvers.mapping import (
    Column,
    Embedded,
    Fed,
    Lookup,
    Many,
    Mapped,
    Nodes,
    One,
    Page,
    Python,
    Run,
    Source,
    Table,
)
from resolvers.pages import PageSql, page_sql
from resolvers.plan import BadValues, bind
from resolvers.relations import column, whole_row
from resolvers.selection import Argument, Path, Selected, Values, constant


@dataclass
class PlainRow:
    """A row on its way through the executor: its type, the table it is a row of, and its column fields' values."""

    type_: str
    table: Table
    record: str
    fields: Mapping[str, Any]
    context: Any
    payload: Mapping[str, str | None] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        head, *rest = name.split("_")
        key = head + "".join(part.capitalize() for part in rest)
        mapped = self.context.sources.get((self.type_, key))
        if mapped is not None:
            require_role(mapped, self.context.roles)
        if key not in self.fields:
            raise AttributeError(name)
        value = self.fields[key]
        return value() if callable(value) else value


def require_role(mapped: Mapped, roles: frozenset[str] | None) -> None:
    """Raise Unauthenticated or Forbidden when the viewer may not ask for a field."""
    if mapped.role is not None and not (roles and {mapped.role, "admin"} & roles):
        raise Forbidden if roles else Unauthenticated


async def resolve(
    mapped: Mapped, source: Any, context: Any, info: GraphQLResolveInfo[Any], _: Mapping[str, Any]
) -> Any:
    """Return a mapped field's value: rows as PlainRow, connections as mappings, values as JSON has them."""
    require_role(mapped, context.roles)
    definition = info.parent_type.fields[info.field_name]
    coerced: Any = getattr(info.variable_values, "coerced", info.variable_values)
    given = get_argument_values(definition, info.field_nodes[0], VariableValues({}, coerced))
    field_ = _Field(source, context, info.schema, info.field_name, definition, given)
    return await field_.resolve(mapped.source)


class _Field:
    def __init__(
        self,
        parent: Any,
        context: Any,
        schema: GraphQLSchema,
        name: str,
        definition: GraphQLField,
        given: Mapping[str, Any],
    ) -> None:
        self.parent = parent if isinstance(parent, PlainRow) else None
        self.context = context
        self.schema = schema
        self.given = given
        self.lowering = Lowering.for_one_field(context.sources, context.roles)
        arguments: dict[str, Argument] = {key: constant(value) for key, value in given.items()}
        self.selected = Selected(name, name, definition, arguments, (), (name,))
        self.fed: Mapping[Path, Fed] = {}

    async def resolve(self, source: Source) -> Any:
        match source:
            case Column():
                value = column(self.lowering, source, self.selected, "parent")
                return (await self._query(f"select to_json({value}) from {self._parent()} parent"))[0][0]
            case One():
                return await self._first(source.table, self._one(source))
            case Lookup():
                ((name, value),) = ((n, v) for n, v in self.given[source.argument].items() if v is not None)
                chosen = source.by[name]
                bound = self.lowering.parameter(
                    constant(value), chosen.type, chosen.convert, self.selected.path
                )
                where = self.lowering.sql(chosen.sql, "t", self.selected.path, value=bound)
                return await self._first(source.table, f"{source.table} t where {where}")
            case Many():
                rows = self.lowering.sql(source.source, "t", self.selected.path, parent="parent")
                where = self.lowering.sql(source.condition, "t", self.selected.path, parent="parent")
                order = self.lowering.sql(source.order, "t", self.selected.path, parent="parent")
                return await self._rows(source.table, f"{rows} where {where}", f" order by {order}")
            case Embedded():
                return await self._embedded(source)
            case Page():
                return await self._page(source)
            case Nodes():
                return await self._nodes(source)
            case Python():
                row = self.parent.fields[self.selected.name] if self.parent else {}
                return (await source.resolve(self.context, [row]))[0]
            case Run():
                payload = await source.resolve(self.context, self.given.get("input", {}))
                return PlainRow(self._kind().name, "", "", await self._values(payload), self.context, payload)
            case _:
                raise TypeError(f"{self.selected.name} is not executed this way")

    def _one(self, source: One) -> str:
        of = self.lowering.sql(source.of, "t", self.selected.path, parent="parent")
        where = f" and {self.lowering.sql(source.where, 't', self.selected.path)}" if source.where else ""
        return f"{source.table} t where t.{source.key} = {of}{where}"

    async def _page(self, source: Page) -> PlainRow:
        page = page_sql(self.lowering, source, self.selected, "parent")
        if isinstance(source.table, str):
            table: Table = source.table
        else:
            yielded = await source.table.resolve(self.context, self.given, source.table.columns.keys())
            self.fed, table = {self.selected.path: yielded}, source.table.row
        kind = self._kind()
        edge = get_named_type(kind.fields["edges"].type)
        assert isinstance(edge, GraphQLObjectType)
        whole = f"{page.count}, {page.behind}, {page.ahead}"
        extra = f", p.r, p.shown, {page.cursor}, {whole}"
        rows = await self._query(
            f"select {self._columns(edge, 'p')}, to_jsonb(p)::text{extra} "
            f"from {self._parent()} parent cross join lateral ({page.rows}) p order by p.r"
        )
        if not rows:
            ((total, behind, ahead),) = await self._query(f"select {whole} from {self._parent()} parent")
            return self._connection(kind, page, [], total, behind, more=ahead)
        shown = [row for row in rows if row[2] <= row[3]]
        edges = [
            PlainRow(edge.name, table, row[1], {**row[0], "cursor": row[4]}, self.context) for row in shown
        ]
        if page.backward:
            edges.reverse()
        *_, total, behind, ahead = rows[0]
        return self._connection(kind, page, edges, total, behind, more=ahead or len(shown) < len(rows))

    def _connection(
        self,
        kind: GraphQLObjectType,
        page: PageSql,
        edges: list[PlainRow],
        total: int,
        behind: bool,
        *,
        more: bool,
    ) -> PlainRow:
        onward, back = (behind, more) if page.backward else (more, behind)
        info = {
            "hasNextPage": onward,
            "hasPreviousPage": back,
            "startCursor": edges[0].fields["cursor"] if edges else None,
            "endCursor": edges[-1].fields["cursor"] if edges else None,
        }
        values: dict[str, Any] = {"edges": edges, "totalCount": total}
        values["nodes"] = lambda: [self._node_of(edge) for edge in edges]
        for (type_name, name), mapped in self.context.sources.items():
            if type_name == kind.name and isinstance(mapped.source, Column) and name not in values:
                key = mapped.source.sql.removeprefix("{t}.")
                values[name] = orjson.loads(edges[0].record).get(key) if edges else None
        values["pageInfo"] = PlainRow("PageInfo", "", "", info, self.context)
        return PlainRow(kind.name, "", "", values, self.context)

    async def _node_of(self, edge: PlainRow) -> Any:
        kind = self.schema.get_type(edge.type_)
        assert isinstance(kind, GraphQLObjectType)
        node = _Field(edge, self.context, self.schema, "node", kind.fields["node"], {})
        return await node.resolve(self.context.sources[edge.type_, "node"].source)

    async def _embedded(self, source: Embedded) -> PlainRow | None:
        kind = self._kind()
        parent = self.parent
        assert parent is not None
        if source.when is None:
            return PlainRow(
                kind.name, parent.table, parent.record, parent.fields[self.selected.name], self.context
            )
        when = self.lowering.sql(source.when, "parent", self.selected.path)
        rows = await self._query(
            f"select {self._columns(kind, 'parent')}, {when} from {self._parent()} parent"
        )
        if not rows or not rows[0][1]:
            return None
        return PlainRow(kind.name, parent.table, parent.record, rows[0][0], self.context, parent.payload)

    async def _nodes(self, source: Nodes) -> Any:
        ids = self.given["ids"] if source.plural else [self.given["id"]]
        found = [await self._node(source, value) for value in ids]
        return found if source.plural else found[0]

    async def _node(self, source: Nodes, value: str) -> Any:
        kind, _ = split_id(value)
        table = source.tables.get(kind)
        if table is None:
            return None
        key = self.lowering.parameter(constant(value), table.type, table.convert, self.selected.path)
        where = f" and {self.lowering.sql(table.where, 't', self.selected.path)}" if table.where else ""
        rows = await self._rows(table.table, f"{table.table} t where t.{table.key} = {key}{where}", "", kind)
        return rows[0] if rows else None

    async def _first(self, table: str, source: str) -> PlainRow | None:
        rows = await self._rows(table, source, "")
        return rows[0] if rows else None

    async def _rows(self, table: Table, source: str, order: str, kind: str | None = None) -> list[PlainRow]:
        type_ = self.schema.get_type(kind) if kind else self._kind()
        assert isinstance(type_, GraphQLObjectType)
        rows = await self._query(
            f"select {self._columns(type_, 't')}, {whole_row(table, 't')}::text "
            f"from {self._parent()} parent cross join {source}{order}"
        )
        return [PlainRow(type_.name, table, row[1], row[0], self.context) for row in rows]

    async def _values(self, payload: Mapping[str, str | None]) -> Mapping[str, Any]:
        kind = self._kind()
        self.parent = PlainRow(kind.name, "", "", {}, self.context, payload)
        return (await self._query(f"select {self._columns(kind, 'parent')}"))[0][0]  # type: ignore[no-any-return]

    def _columns(self, kind: GraphQLObjectType, t: str) -> str:
        """A JSON object of what a type's fields take from the row itself, as the compiler takes it."""
        pairs = []
        for name, definition in kind.fields.items():
            mapped = self.context.sources.get((kind.name, name))
            match mapped and mapped.source:
                case Column(sql=sql):
                    pairs.append(f"'{name}', to_json({self.lowering.sql(sql, t, self.selected.path)})")
                case Embedded(when=None):
                    pairs.append(f"'{name}', {self._columns(_object(definition), t)}")
                case Python(needs=needs):
                    inner = (
                        f"'{n}', {self.lowering.sql(s, t, self.selected.path)}" for n, s in needs.items()
                    )
                    pairs.append(f"'{name}', json_build_object({', '.join(inner)})")
        return f"json_build_object({', '.join(pairs)})"

    def _parent(self) -> str:
        """The parent row as a from-item; a parent without a table has no row."""
        if self.parent is None or not self.parent.table:
            return "(select 1)"
        record = self.lowering.parameter(constant(self.parent.record), "jsonb", str, self.selected.path)
        if isinstance(self.parent.table, str):
            return f"jsonb_populate_record(null::{self.parent.table}, {record})"
        columns = ", ".join(f"{name} {kind}" for name, kind in self.parent.table.items())
        return f"(select * from jsonb_to_record({record}) as r ({columns}))"

    async def _query(self, sql: str) -> list[tuple[Any, ...]]:
        form = self.lowering.form
        payload = self.parent.payload if self.parent else {}
        try:
            values = bind(form.parameters, Values({}, self.context.viewer_id, payload, self.fed))
        except BadValues as bad:
            raise next(iter(bad.failures.values())) from None
        # parameters that this piece of the page does not use are bound all the same
        bound = ", ".join(f"${n}::{p.kind}" for n, p in enumerate(form.parameters, 1))
        async with self.context.acting() as conn:
            cursor = AsyncRawCursor(conn)
            await cursor.execute(
                f"with bound as (select {bound}) {sql}" if bound else sql,
                [None if v is None else v.decode() for v in values],
            )
            return await cursor.fetchall()

    def _kind(self) -> GraphQLObjectType:
        return _object(self.selected.definition)


def _object(definition: GraphQLField) -> GraphQLObjectType:
    kind = get_named_type(definition.type)
    assert isinstance(kind, GraphQLObjectType)
    return kind
