"""The two forms of a statement: for one request, and for many requests of the same plan at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resolvers.mapping import Convert
from resolvers.selection import Leaf, Path


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that is bound at run time: where it is, its SQL type, how it becomes text, whose fault a bad one is."""

    leaf: Leaf
    kind: str
    convert: Convert
    path: Path


class Form:
    """One request: values are the statement's parameters."""

    many = False

    def __init__(self) -> None:
        self.parameters: list[Parameter] = []
        self.used = 0
        """How often a parameter was put in: tells whether a piece of text depends on the request."""

    def parameter(self, parameter: Parameter) -> str:
        """Return the SQL of a value; the same value of the same field is one parameter."""
        self.used += 1
        for index, known in enumerate(self.parameters):
            if (
                known.leaf is parameter.leaf
                and known.kind == parameter.kind
                and known.convert is parameter.convert
            ):
                return self._reference(index, known)
        self.parameters.append(parameter)
        return self._reference(len(self.parameters) - 1, parameter)

    def _reference(self, index: int, parameter: Parameter) -> str:
        return f"${index + 1}::{parameter.kind}"

    def ord(self, alias: str) -> str:
        """Return the column that says which request a row belongs to."""
        return f"{alias}.ord"

    def rows(self, page: str) -> str:
        """Return the rows of a page, for every request."""
        return page

    def aggregate(self, name: str, columns: str, source: str) -> str:
        """Return the common table expression that sums a page's rows up, one row a request."""
        return f"{name} as (select {columns} from {source})"

    def entities(
        self, name: str, table: str, key: str, json: str, feeds: Sequence[str], *, personal: bool
    ) -> str:
        """Return the common table expression of objects that are selected once."""
        keys = " union ".join(feeds)
        return (
            f"{name} as materialized (select x.{key} as k, {json} as json from {table} x "
            f"where x.{key} = any (array({keys})))"
        )

    def statement(self, ctes: Sequence[str], aggregates: Sequence[str], json: str) -> str:
        """Return the whole statement: one row and one column, the JSON text."""
        with_ = f"with {', '.join(ctes)} " if ctes else ""
        source = f" from {', '.join(aggregates)}" if aggregates else ""
        return f"{with_}select {json}{source}"


class ManyForm(Form):
    """Many requests: values are the columns of the relation `q`, one row a request, numbered by `ord`."""

    many = True

    def _reference(self, index: int, parameter: Parameter) -> str:
        return f"q.p{index + 1}"

    def rows(self, page: str) -> str:
        return f"select q.ord, r.* from q cross join lateral ({page}) r"

    def aggregate(self, name: str, columns: str, source: str) -> str:
        return f"{name} as (select p.ord, {columns} from {source} join q on q.ord = p.ord group by p.ord)"

    def entities(
        self, name: str, table: str, key: str, json: str, feeds: Sequence[str], *, personal: bool
    ) -> str:
        if not personal:
            return super().entities(name, table, key, json, feeds, personal=False)
        keys = " union ".join(feeds)
        return (
            f"{name} as materialized (select q.ord, x.{key} as k, {json} as json from ({keys}) w "
            f"join q on q.ord = w.ord join {table} x on x.{key} = w.k)"
        )

    def statement(self, ctes: Sequence[str], aggregates: Sequence[str], json: str) -> str:
        numbers = range(1, len(self.parameters) + 1)
        values = ", ".join(f"v{n}::{self.parameters[n - 1].kind} as p{n}" for n in numbers)
        arrays = ", ".join(f"${n}::text[]" for n in numbers)
        names = ", ".join(f"v{n}" for n in numbers)
        requests = (
            f"q as materialized (select ord, {values} from unnest({arrays}) with ordinality u ({names}, ord))"
        )
        joins = "".join(f" left join {name} on {name}.ord = q.ord" for name in aggregates)
        return f"with {', '.join([requests, *ctes])} select q.ord, {json} from q{joins}"
