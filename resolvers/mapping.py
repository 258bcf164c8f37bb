"""Where a field's value comes from: the vocabulary of the schema's mapping onto tables.

Templates are SQL over names in braces: `{t}` is the row that the field belongs to (or, in a relation, the row related
to), `{parent}` the row that a relation starts from, `{viewer}` the id of who asks (null for a stranger), `{v_x}` the
value x of a mutation's payload. They are written beside the schema, never made from what a client sends.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

Convert = Callable[[Any], str | None]
"""From a coerced GraphQL value to PostgreSQL's text; raises BadInput."""


@dataclass(frozen=True)
class Column:
    """A value of the row: an SQL expression over `{t}`, another one where the client gives an argument of `given`."""

    sql: str
    given: Mapping[str, Filter] = field(default_factory=dict)


@dataclass(frozen=True)
class Embedded:
    """An object made of the same row; null where `when` is false."""

    when: str | None = None


@dataclass(frozen=True)
class One:
    """At most one row of a table, found by its key: `{t}.<key> = <of>`; shared by everything in a document that needs it.

    `of` is an expression over `{parent}` or a payload value.
    """

    table: str
    of: str
    key: str = "id"
    where: str = ""


@dataclass(frozen=True)
class Lookup:
    """At most one row of a table, found by an argument: its input object has exactly one key, each with its own filter."""

    table: str
    argument: str
    by: Mapping[str, Filter]


@dataclass(frozen=True)
class Many:
    """Few rows that belong to the row, as a plain list: `source` is a from-item that names them `{t}`.

    `table` is the table that `{t}` is a row of (the columns and their SQL types, where it is of none), where fields of
    these rows start relations of their own; an object of a `small` one is rendered once for all that show it. `key` is
    what of the source says whose the rows are: it equals `of`, an expression over `{parent}`.
    """

    source: str
    order: str
    table: Table = ""
    where: str = "true"
    key: str = ""
    of: str = ""
    small: bool = False

    @property
    def condition(self) -> str:
        """Which rows belong to the row."""
        return f"{self.key} = {self.of} and {self.where}" if self.key else self.where


@dataclass(frozen=True)
class Fed:
    """What a feed yields: each column as PostgreSQL's text, and what is done when it has been shown."""

    columns: Mapping[str, str | None]
    shown: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Feed:
    """Rows that Python yields, in place of a table: `columns` are its columns and their SQL types.

    A column of an array type has an item for each row, any other is the same in all of them. `resolve(context, arguments,
    wanted)` yields those that are wanted at least; it knows the request and the field's arguments, but no row above it.
    """

    name: str
    columns: Mapping[str, str]
    resolve: Callable[[Any, Mapping[str, Any], Set[str]], Awaitable[Fed]]

    @property
    def row(self) -> Mapping[str, str]:
        """The columns and SQL types of one row."""
        return {name: kind.removesuffix("[]") for name, kind in self.columns.items()}


Table = str | Mapping[str, str]
"""A table's name, or the columns and SQL types of rows that are of none."""


@dataclass(frozen=True)
class Filter:
    """SQL over `{t}` that an argument switches on; `{value}` is the argument, of the SQL type `type`."""

    sql: str
    type: str
    convert: Convert


@dataclass(frozen=True)
class Ranked:
    """A number that another table has of some rows: `value` over its row `s`, whose `key` is the id of the row.

    Rows without a number above 0 have 0.
    """

    table: str
    key: str
    value: str


@dataclass(frozen=True)
class Key:
    """One component of an order: an expression over `{t}` that is never null, its SQL type and direction.

    With `of` it depends on that argument of the list, and all rows are alike without it: `beside` is a from-item that is
    made of the argument once, as the filter of the same name takes it. A first component that is `ranked` is read where
    that table has an index of it; an id is the only other one then.
    """

    sql: str
    type: str
    descending: bool = False
    of: str = ""
    beside: str = ""
    ranked: Ranked | None = None


@dataclass(frozen=True)
class Page:
    """A Relay connection: a keyset page of a table or feed, `columns` being what its edges need of a row.

    `orders` has the keys of each value of the argument `orderBy` (None: the default); the last key makes it total.
    `filters` are by argument, or `argument.field` for a field of an input object.
    """

    table: str | Feed
    columns: tuple[str, ...]
    orders: Mapping[str | None, tuple[Key, ...]]
    where: str = "true"
    filters: Mapping[str, Filter] = field(default_factory=dict)
    is_slate: bool = False
    """Whether it is told to `Engine.on_slate` when movies of it were shown."""

    @property
    def name(self) -> str:
        """What the list is of."""
        return self.table if isinstance(self.table, str) else self.table.name


@dataclass(frozen=True)
class NodeTable:
    """Where the objects of one type are, by which key, and how a global id becomes one (None: of another type)."""

    table: str
    key: str
    type: str
    convert: Convert
    where: str = ""


@dataclass(frozen=True)
class Nodes:
    """Objects of any type by their global ids."""

    tables: Mapping[str, NodeTable]
    plural: bool = False


@dataclass(frozen=True)
class Python:
    """A value that Python knows: the statement leaves a hole with `needs` of the row, all holes are filled at once.

    `resolve(context, rows)` gets one mapping a row (JSON values by name) and returns one JSON value a row.
    """

    needs: Mapping[str, str]
    resolve: Callable[[Any, Sequence[Mapping[str, Any]]], Awaitable[Sequence[Any]]]


@dataclass(frozen=True)
class Run:
    """A mutation: `resolve(context, input)` returns the payload's values, as PostgreSQL's text, by name."""

    resolve: Callable[[Any, Any], Awaitable[Mapping[str, str | None]]]


@dataclass(frozen=True)
class Stream:
    """A subscription: `resolve(context, arguments)` yields the values that `then` is read with, by name."""

    resolve: Callable[[Any, Mapping[str, Any]], AsyncGenerator[Mapping[str, str | None], None]]
    then: One | Many


Source = Column | Embedded | One | Lookup | Many | Page | Nodes | Python | Run | Stream


@dataclass(frozen=True)
class Mapped:
    """A field's source, and the role that may ask for it (None: anybody).

    `max_age_s` is for root fields: how long caches may keep an answer, where nothing in it depends on who asks.
    """

    source: Source
    role: str | None = None
    max_age_s: int = 0


def may_read_log(roles: frozenset[str] | None) -> bool:
    """Whether these roles may ask what reads the whole log: events themselves, or how far they are folded."""
    return bool(roles and not roles.isdisjoint(("analyst", "operator", "admin")))


Sources = Mapping[tuple[str, str], Mapped]
"""Sources by type and field name; a field that is not in it has an ordinary resolver."""
