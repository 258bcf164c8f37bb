"""Keyset pages, as the compiled server has them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from benchmarks.plain.store import AnyRow, Store


@dataclass(frozen=True)
class Order:
    """An order of a list: its name in cursors, its columns, and which of them run down; the last one is unique."""

    name: str
    columns: Sequence[ColumnElement[Any]]
    descending: Sequence[bool]
    parse: Sequence[Callable[[str], Any]]


@dataclass(frozen=True)
class Found:
    """A page: its rows, whether there are more, and the statement without order and limit."""

    rows: Sequence[AnyRow]
    more: bool
    order: Order
    everything: Select[Any]
    after: str | None

    def cursor(self, row: AnyRow) -> str:
        """Return a row's place in the list."""
        keys = [str(row._mapping[f"k{n}"]) for n in range(len(self.order.columns))]
        return base64.urlsafe_b64encode(orjson.dumps([self.order.name, *keys])).rstrip(b"=").decode()


async def page(
    store: Store, everything: Select[Any], order: Order, first: int | None, after: str | None
) -> Found:
    """Return the first rows of a list after a cursor."""
    wanted = 20 if first is None else first
    statement = everything.add_columns(*(c.label(f"k{n}") for n, c in enumerate(order.columns)))
    if after is not None:
        statement = statement.where(_beyond(order, _values(order, after)))
    by = [c.desc() if down else c.asc() for c, down in zip(order.columns, order.descending, strict=True)]
    rows = await store.rows(statement.order_by(*by).limit(wanted + 1))
    return Found(rows[:wanted], len(rows) > wanted, order, everything, after)


async def size(store: Store, everything: Select[Any]) -> int:
    """Return how long a whole list is."""
    counted = select(func.count()).select_from(everything.subquery())
    return int((await store.rows(counted))[0][0])


def _values(order: Order, cursor: str) -> list[Any]:
    name, *keys = orjson.loads(base64.urlsafe_b64decode(cursor + "=="))
    if name != order.name:
        raise ValueError("a cursor of another order")
    return [parse(key) for parse, key in zip(order.parse, keys, strict=True)]


def _beyond(order: Order, values: Sequence[Any]) -> ColumnElement[bool]:
    steps = []
    for n, (column, down) in enumerate(zip(order.columns, order.descending, strict=True)):
        same = [before == value for before, value in zip(order.columns[:n], values[:n], strict=True)]
        steps.append(and_(*same, column < values[n] if down else column > values[n]))
    return or_(*steps)
