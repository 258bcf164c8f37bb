"""Relay connections: keyset pages that survive inserts, with exact answers about what lies before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from graphql import GraphQLObjectType, get_named_type

from resolvers import feeds
from resolvers.errors import BadPageSize
from resolvers.ids import PAGE_DEFAULT, cursor_component, page_size
from resolvers.mapping import Key, Page, Ranked
from resolvers.rendering import Literal, Text, boolean, concatenated, json_list, json_object, or_null
from resolvers.selection import Argument, Leaf, Path, Selected

if TYPE_CHECKING:
    from resolvers.lowering import Lowering, Scope

_DEFAULT = Leaf(lambda _: PAGE_DEFAULT)


@dataclass(frozen=True, slots=True)
class PageSql:
    """The SQL of one page. `rows` yields the source's columns, the key `k0`, `k1` …, `r` and `shown`.

    Rows are numbered by `r` from the end that the page starts at; those above `shown` are beyond it. `count` counts the
    whole list; `behind` says whether anything lies at or before the cursor that the page starts from, `ahead` at or beyond
    the cursor that it ends at.
    """

    rows: str
    count: str
    behind: str
    ahead: str
    cursor: str
    backward: bool


def page_sql(lowering: Lowering, source: Page, selected: Selected, parent: str) -> PageSql:
    """Return the SQL of a page as the field's arguments ask for it. Raises BadPageSize."""
    arguments, path = selected.arguments, selected.path
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise BadPageSize
    backward = last is not None
    table = source.table if isinstance(source.table, str) else feeds.table(lowering, source.table, path)
    order_by = arguments.get("orderBy")
    order = order_by.name if isinstance(order_by, Enum) else None
    keys = source.orders[order]
    name = _name(source, keys)
    table = f"{table} t{_beside(lowering, source, keys[0], arguments, path)}"
    keys = tuple(
        replace(key, sql=f"0::{key.type}") if key.of and arguments.get(key.of) is None else key
        for key in keys
    )
    where = [
        lowering.sql(source.where, "t", path, parent=parent),
        *_filters(lowering, source, arguments, path),
    ]
    bounds = {side: _bound(lowering, keys, name, arguments.get(side), path) for side in ("after", "before")}
    asked = last if backward else first
    limit = lowering.parameter(_DEFAULT if asked is None else asked, "int", page_size, path)
    turned = ["desc" if k.descending is not backward else "asc" for k in keys]

    def part(keys: Sequence[Key], rows: str, *conditions: str) -> str:
        kept = [_compare(keys, bound, greater=(side == "after")) for side, bound in bounds.items() if bound]
        key = [k.sql.replace("{t}", "t") for k in keys]
        columns = ", ".join(
            [*(f"t.{name}" for name in source.columns), *(f"{k} as k{i}" for i, k in enumerate(key))]
        )
        return (
            f"select {columns} from {rows} where {' and '.join([*where, *kept, *conditions])} "
            f"order by {', '.join(f'{k} {way}' for k, way in zip(key, turned, strict=True))} limit {limit} + 1"
        )

    again = ", ".join(f"l.k{i} {way}" for i, way in enumerate(turned))
    limited = part(keys, table)
    if ranked := keys[0].ranked:
        either = _ranked(ranked, keys, table, part, backward=backward, limit=limit)
        limited = f"select * from ({either}) l order by {again} limit {limit} + 1"
    start, end = (bounds[side] for side in (("before", "after") if backward else ("after", "before")))
    everything = f"from {table} where {' and '.join(where)}"

    def exists(bound: list[str] | None, *, greater: bool) -> str:
        if bound is None:
            return "false"
        return f"exists (select {everything} and {_compare(keys, bound, greater=greater, equal=True)})"

    return PageSql(
        rows=f"select l.*, row_number() over (order by {again}) as r, least(count(*) over (), {limit}) as shown "
        f"from ({limited}) l",
        count=f"(select count(*) {everything})",
        behind=exists(start, greater=backward),
        ahead=exists(end, greater=not backward),
        cursor=_cursor(keys, name),
        backward=backward,
    )


def connection_sql(
    lowering: Lowering, page: PageSql, selected: Selected, scope: Scope
) -> tuple[str, Text] | None:
    """Return what to aggregate of the page's rows `p`, and the connection's JSON over that (`{a}` is its alias).

    None where a null that may not be takes the connection along.
    """
    kind = _object(selected)
    columns = _Columns(["count(*) as n"])
    members: list[tuple[str, Text]] = []
    for part in lowering.document.fields(kind, selected):
        value = _part(lowering, page, kind, part, scope, columns)
        if value is None:
            return None
        members.append((part.key, value))
    return ", ".join(columns), json_object(members)


class _Columns(list[str]):
    """What is aggregated of a page's rows."""

    def add(self, sql: str) -> str:
        """Take an aggregate in and return the SQL of its value."""
        self.append(f"{sql} as c{len(self)}")
        return f"{{a}}.c{len(self) - 1}"


def _part(
    lowering: Lowering,
    page: PageSql,
    kind: GraphQLObjectType,
    part: Selected,
    scope: Scope,
    columns: _Columns,
) -> Text | None:
    match part.name:
        case "__typename":
            return [Literal(f'"{kind.name}"')]
        case "totalCount":
            return [page.count]
        case "pageInfo":
            return _page_info(lowering, page, part, columns)
        case "edges":
            text = lowering.object(_object(part), lowering.of(part), scope)
        case "nodes":
            text = lowering.node(kind, part, scope)
        case _:
            return [or_null(columns.add(lowering.aggregated(kind, part)))]
    if text is None:
        return None
    order = "p.r desc" if page.backward else "p.r"
    items = f"string_agg({concatenated(text)}, ',' order by {order}) filter (where p.r <= p.shown)"
    return json_list(columns.add(items))


def _page_info(lowering: Lowering, page: PageSql, part: Selected, columns: _Columns) -> Text:
    first = f"max({page.cursor}) filter (where p.r = 1 and p.shown > 0)"
    last = f"max({page.cursor}) filter (where p.r = p.shown)"
    more = "coalesce(bool_or(p.r > p.shown), false)"
    start, end = (last, first) if page.backward else (first, last)
    members: list[tuple[str, Text]] = []
    for inner in lowering.document.fields(_object(part), part):
        if inner.name == "__typename":
            text: Text = [Literal('"PageInfo"')]
        elif inner.name.endswith("Cursor"):
            cursor = columns.add(start if inner.name == "startCursor" else end)
            text = [or_null(f"'\"' || {cursor} || '\"'")]
        elif (inner.name == "hasNextPage") is page.backward:
            text = [boolean(page.behind)]
        else:
            text = [boolean(f"({columns.add(more)} or {page.ahead})")]
        members.append((inner.key, text))
    return json_object(members)


def _filters(lowering: Lowering, source: Page, arguments: Mapping[str, Argument], path: Path) -> list[str]:
    given: dict[str, Argument] = {}
    for name, value in arguments.items():
        if isinstance(value, dict):
            given.update((f"{name}.{inner}", part) for inner, part in value.items())
        else:
            given[name] = value
    predicates = []
    for name, value in given.items():
        chosen = source.filters.get(name)
        if chosen is not None and value is not None:
            bound = lowering.parameter(value, chosen.type, chosen.convert, path)
            predicates.append(f"({lowering.sql(chosen.sql, 't', path, value=bound)})")
    return predicates


def _name(source: Page, keys: Sequence[Key]) -> str:
    """The list and its order, so that a cursor of another is refused; orders with the same keys have one name."""
    order = next(order for order, same in source.orders.items() if same == keys)
    return f"{source.name}:{order}" if order else source.name


def _ranked(
    ranked: Ranked, keys: Sequence[Key], table: str, part: Callable[..., str], *, backward: bool, limit: str
) -> str:
    """Return at least the page's rows: those with a number by its index, and the others only where they are needed."""
    number, key = keys
    needed = f"(select count(*) from near) <= {limit}"
    high = part(
        (replace(number, sql=ranked.value), replace(key, sql=f"s.{ranked.key}")),
        f"{ranked.table} s join {table} on t.id = s.{ranked.key}",
        f"{ranked.value} > 0",
        *([needed] if backward else []),
    )
    none = part(
        (replace(number, sql=f"0::{number.type}"), key),
        table,
        f"not exists (select from {ranked.table} s where s.{ranked.key} = t.id and {ranked.value} > 0)",
        *([] if backward else [needed]),
    )
    near, far = (none, high) if backward else (high, none)
    return f"with near as materialized ({near}) select * from near union all (select * from ({far}) far)"


def _beside(lowering: Lowering, source: Page, key: Key, arguments: Mapping[str, Argument], path: Path) -> str:
    value = arguments.get(key.of)
    if value is None:
        return ""
    chosen = source.filters[key.of]
    bound = lowering.parameter(value, chosen.type, chosen.convert, path)
    return f" cross join lateral {lowering.sql(key.beside, 't', path, value=bound)}"


def _bound(
    lowering: Lowering, keys: Sequence[Key], name: str, cursor: Argument, path: Path
) -> list[str] | None:
    if cursor is None:
        return None
    converters = cursor_component(name, tuple(key.type for key in keys))
    return [
        lowering.parameter(cursor, key.type, convert, path)
        for key, convert in zip(keys, converters, strict=True)
    ]


def _compare(keys: Sequence[Key], bound: Sequence[str], *, greater: bool, equal: bool = False) -> str:
    """Return the predicate of the rows that come after (`greater`) or before a cursor in the list's order.

    Where all components run one way it is a row comparison, which an index can use.
    """
    columns = [key.sql.replace("{t}", "t") for key in keys]
    signs = [">" if greater is not key.descending else "<" for key in keys]
    last = "=" if equal else ""
    if len(set(signs)) == 1:
        return f"({', '.join(columns)}) {signs[0]}{last} ({', '.join(bound)})"
    steps = []
    for i, sign in enumerate(signs):
        same = "".join(f"{columns[j]} = {bound[j]} and " for j in range(i))
        steps.append(f"({same}{columns[i]} {sign}{last if i == len(signs) - 1 else ''} {bound[i]})")
    return f"({' or '.join(steps)})"


def _cursor(keys: Sequence[Key], name: str) -> str:
    """The list's name and the key's components as URL-safe base64 of a JSON array."""
    parts = ", ".join(
        f"',', to_json(p.k{i})" if key.type == "text" else f"',\"', p.k{i}::text, '\"'"
        for i, key in enumerate(keys)
    )
    json = f"concat('[\"{name}\"', {parts}, ']')"
    return f"translate(encode(convert_to({json}, 'UTF8'), 'base64'), E'+/=\\n', '-_')"


def _object(selected: Selected) -> GraphQLObjectType:
    kind = get_named_type(selected.definition.type)
    assert isinstance(kind, GraphQLObjectType)
    return kind
