"""The SQL of what a row has and leads to: a value, one row, some rows, pages, nodes, and what Python knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import GraphQLInterfaceType, GraphQLNonNull, get_named_type

from database.acting import GRANTED
from resolvers import feeds
from resolvers import lowering as core
from resolvers.entities import Entities, EntityList
from resolvers.errors import BadInput, Refused
from resolvers.ids import array
from resolvers.mapping import Column, Feed, Lookup, Many, Nodes, One, Page, Python, Table
from resolvers.pages import connection_sql, page_sql
from resolvers.rendering import Literal, Text, concatenated, json_list, json_object, or_null
from resolvers.selection import Selected

if TYPE_CHECKING:
    from resolvers.lowering import Lowering, Scope

HOLE, END = "\x01", "\x02"
"""What stands around a hole: characters that no JSON text holds."""


def column(lowering: Lowering, source: Column, selected: Selected, t: str) -> str:
    """Return the expression of a value of the row `t`, as the field's arguments ask for it."""
    for name, chosen in source.given.items():
        value = selected.arguments.get(name)
        if value is not None:
            bound = lowering.parameter(value, chosen.type, chosen.convert, selected.path)
            return lowering.sql(chosen.sql, t, selected.path, value=bound)
    return lowering.sql(source.sql, t, selected.path)


def one(lowering: Lowering, source: One, selected: Selected, scope: Scope) -> Text | None:
    """Return a sub-select of the row, or on a hoisted page a join with what is selected once for the document."""
    if scope.page is not None and not source.where and "{parent}" in source.of:
        return _entity(lowering, source, selected, scope)
    inner = core.Scope(lowering.name("r"), is_nested=scope.is_nested)
    text = lowering.object(core.object_type(selected), lowering.of(selected), inner)
    if text is None:
        return None
    key = lowering.sql(source.of, inner.t, selected.path, parent=scope.t)
    where = (
        f" and {lowering.sql(source.where, inner.t, selected.path, parent=scope.t)}" if source.where else ""
    )
    found = f"(select {concatenated(text)} from {source.table} {inner.t} where {inner.t}.{source.key} = {key}{where})"
    return [or_null(found)]


def _entity(lowering: Lowering, source: One, selected: Selected, scope: Scope) -> Text | None:
    inner, holes = core.Scope("x", is_nested=True, lists=[]), len(lowering.holes)
    with lowering.form.noting() as touched, lowering.apart():
        text = lowering.object(core.object_type(selected), lowering.of(selected), inner)
    if text is None:
        return None
    entity = Entities(
        "", source.table, source.key, concatenated(text), tuple(inner.lists or ()), personal=bool(touched)
    )
    mark = lowering.shared.marked(entity, lowering.sql(source.of, "", selected.path, parent=scope.t))
    if mark is not None and len(lowering.holes) == holes:
        return [or_null(mark)]
    entity = lowering.shared.entity(entity)
    scope.has_personal_entities |= entity.personal
    each = entity.personal and lowering.form.many
    key = lowering.sql(source.of, "", selected.path, parent="p")
    entity.feeds.append(
        f"select {'p.ord, ' if each else ''}{key} as k from {scope.page} p where p.r <= p.shown"
    )
    alias = f"{entity.name}_{len(scope.joins)}"
    of = lowering.sql(source.of, "", selected.path, parent=scope.t)
    same = f" and {alias}.ord = {scope.t}.ord" if each else ""
    scope.joins[alias] = f" left join {entity.name} {alias} on {alias}.k = {of}{same}"
    return [or_null(f"{alias}.json")]


def lookup(lowering: Lowering, source: Lookup, selected: Selected) -> Text | None:
    """Return a sub-select of the row that an argument's one key finds."""
    given = selected.arguments[source.argument]
    if not isinstance(given, dict):
        raise core.NotCompilable("a look-up whose key is not known")
    keys = [name for name, value in given.items() if value is not None]
    if len(keys) != 1:
        lowering.refusals[selected.path] = BadInput(f"`{source.argument}` must have exactly one key.")
        return None
    value, chosen = given[keys[0]], source.by[keys[0]]
    inner = core.Scope(lowering.name("r"))
    text = lowering.object(core.object_type(selected), lowering.of(selected), inner)
    if text is None:
        return None
    with lowering.form.noting() as touched:
        bound = lowering.parameter(value, chosen.type, chosen.convert, selected.path)
    lowering.lookups += [(f"{source.table}.{keys[0]}", index) for index in touched]
    where = lowering.sql(chosen.sql, inner.t, selected.path, value=bound)
    return [or_null(f"(select {concatenated(text)} from {source.table} {inner.t} where {where})")]


def nodes(lowering: Lowering, source: Nodes, selected: Selected) -> Text | None:
    """Return a sub-select for each type that has a node; an id's key is bound to that of its own type only."""
    interface = get_named_type(selected.definition.type)
    assert isinstance(interface, GraphQLInterfaceType)
    argument = selected.arguments["ids" if source.plural else "id"]
    found: list[str] = []
    lists: list[str] = []
    for possible in lowering.document.schema.get_possible_types(interface):
        table = source.tables[possible.name]
        inner = core.Scope(lowering.name("r"), is_nested=True)
        text = lowering.object(possible, lowering.document.fields(possible, selected), inner)
        if text is None:
            continue
        if source.plural:
            key = f"w.k{len(lists)}"
            lists.append(lowering.parameter(argument, f"{table.type}[]", array(table.convert), selected.path))
        else:
            with lowering.form.noting() as touched:
                key = lowering.parameter(argument, table.type, table.convert, selected.path)
            lowering.lookups += [(f"{table.table}.{table.key}", index) for index in touched]
        where = f" and {lowering.sql(table.where, inner.t, selected.path)}" if table.where else ""
        row = f"from {table.table} {inner.t} where {inner.t}.{table.key} = {key}{where}"
        found.append(f"(select {concatenated(text)} {row})")
    either = or_null(", ".join(found))
    if not source.plural:
        return [either]
    names = ", ".join(f"k{i}" for i in range(len(lists)))
    rows = f"unnest({', '.join(lists)}) with ordinality w ({names}, n)"
    return json_list(f"(select string_agg({either}, ',' order by w.n) from {rows})")


def many(lowering: Lowering, source: Many, selected: Selected, scope: Scope) -> Text | None:
    """Return the rows as a JSON list: grouped for all parents at once where these are selected once for the document."""
    inner = core.Scope(lowering.name("r"), is_nested=True)
    with lowering.form.noting() as touched:
        text = lowering.object(core.object_type(selected), lowering.of(selected), inner)
        if text is None:
            return None
        rows, where, order = (
            lowering.sql(part, inner.t, selected.path, parent=scope.t)
            for part in (source.source, source.condition, source.order)
        )
    json = concatenated(text)
    grouped = scope.lists is not None and source.key and "{parent}" not in source.where and not touched
    if grouped and source.small:
        assert isinstance(source.table, str)
        rows = rows.replace(
            f"{source.table} {inner.t}", f"{lowering.shared.table(source.table, inner.t, json)} {inner.t}"
        )
        json = f"{inner.t}.json"
    items = f"string_agg({json}, ',' order by {order})"
    if scope.lists is None or not grouped:
        return json_list(f"(select {items} from {rows} where {where})")
    key = lowering.sql(source.key, inner.t, selected.path)
    of = lowering.sql(source.of, "", selected.path, parent=scope.t)
    which = f"{key} = any ({{keys}}) and {lowering.sql(source.where, inner.t, selected.path)}"
    scope.lists.append(
        EntityList(f"select {key} as k, {items} as json from {rows} where {which} group by {key}", of)
    )
    return json_list(f"l{len(scope.lists)}.json")


def page(lowering: Lowering, source: Page, selected: Selected, scope: Scope) -> Text | None:
    """Return the connection's JSON; a page that does not depend on a row is hoisted out of where it stands."""
    hoisted = "{parent}" not in source.where and not scope.is_nested
    inner = core.Scope("p", page=lowering.name("p") if hoisted else None, is_nested=True)
    with lowering.form.noting() as touched:
        try:
            rows = page_sql(lowering, source, selected, scope.t)
        except Refused as refusal:
            lowering.refusals[selected.path] = refusal
            return None
        inner.cursor = rows.cursor
        made = connection_sql(lowering, rows, selected, inner)
    if made is None:
        return None
    columns, text = made
    taken = " ".join((columns, *inner.joins.values()))
    if isinstance(source.table, Feed):
        lowering.feeds.append(feeds.Asked(source.table, selected, feeds.wanted(source.table, taken)))
    if source.is_slate and "p.movie_id" in taken:
        lowering.slates.append(selected)
    if inner.page is None:
        return [f"(select {_over(text, 'a')} from (select {columns} from ({rows.rows}) p) a)"]
    personal = inner.has_personal_entities or lowering.is_personal(touched)
    shared = None if personal else sorted(touched)
    lowering.pages += lowering.form.page(inner.page, rows.rows, shared)
    name = lowering.name("a")
    joined = f"{inner.page} p{''.join(inner.joins.values())}"
    lowering.aggregates[name] = lowering.form.aggregate(name, columns, joined, inner.page)
    return [_over(text, name)]


def _over(text: Text, alias: str) -> str:
    return concatenated(text).replace("{a}", alias)


def hole(lowering: Lowering, source: Python, selected: Selected, scope: Scope) -> Text:
    """Leave a mark that no JSON text can hold, with what the resolver needs of the row."""
    if isinstance(selected.definition.type, GraphQLNonNull):
        raise core.NotCompilable("a Python field that may not be null")
    needs: list[tuple[str, Text]] = [
        (name, [or_null(f"to_json({lowering.sql(sql, scope.t, selected.path)})::text")])
        for name, sql in source.needs.items()
    ]
    lowering.holes.append(core.Hole(source, selected.path))
    number = len(lowering.holes) - 1
    return [Literal(f"{HOLE}{number}"), *json_object(needs), Literal(END)]


def whole_row(table: Table, t: str) -> str:
    """Return the JSON of all that requests may read of a row."""
    columns = GRANTED.get(table) if isinstance(table, str) else None
    if columns is None:
        return f"to_jsonb({t})"
    return f"(select to_jsonb(g) from (select {', '.join(f'{t}.{name}' for name in columns)}) g)"
