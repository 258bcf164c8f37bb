"""The two forms of a statement: for one request, and for many requests of the same plan at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
        self.touched: set[int] = set()
        """Parameters that were put in: what a piece of text depends on."""

    def parameter(self, parameter: Parameter) -> str:
        """Return the SQL of a value; the same value of the same kind is one parameter."""
        same = (parameter.leaf, parameter.kind, parameter.convert)
        index = next(
            (n for n, known in enumerate(self.parameters) if (known.leaf, known.kind, known.convert) == same),
            len(self.parameters),
        )
        if index == len(self.parameters):
            self.parameters.append(parameter)
        self.touched.add(index)
        return self._reference(index)

    @contextmanager
    def noting(self) -> Iterator[set[int]]:
        """Note the parameters that are put in meanwhile."""
        outer, self.touched = self.touched, set()
        yield self.touched
        self.touched, inner = outer, self.touched
        self.touched |= inner

    def _reference(self, index: int) -> str:
        return f"${index + 1}::{self.parameters[index].kind}"

    def page(self, name: str, rows: str, shared: Sequence[int] | None) -> list[str]:
        """Return the common table expressions of a page's rows, for every request.

        `shared` are the parameters that the page and all it shows depend on, when who asks is not among them.
        """
        return [f"{name} as materialized ({rows})"]

    def aggregate(self, name: str, columns: str, source: str, page: str) -> str:
        """Return the common table expression that sums a page's rows up, one row a request."""
        return f"{name} as (select {columns} from {source})"

    def statement(self, ctes: Sequence[str], aggregates: Sequence[str], json: str) -> str:
        """Return the whole statement: one row and one column, the JSON text."""
        text = " ".join((*ctes, json))
        # of objects that a null took along nothing is left but their parameters, whose type PostgreSQL asks for
        left = [each for each in map(self._reference, range(len(self.parameters))) if each not in text]
        ctes = [*ctes, f"unused as (select {', '.join(left)})"] if left else ctes
        with_ = f"with {', '.join(ctes)} " if ctes else ""
        source = f" from {', '.join(aggregates)}" if aggregates else ""
        return f"{with_}select {json}{source}"


class ManyForm(Form):
    """Many requests: values are the columns of the relation `q`, one row a request, numbered by `ord`.

    A page that does not depend on who asks is made once for all requests whose values are the same.
    """

    many = True

    def __init__(self) -> None:
        super().__init__()
        self._groups: dict[str, tuple[str, Sequence[int]]] = {}
        self._group_of: dict[str, str] = {}

    def _reference(self, index: int) -> str:
        return f"q.p{index + 1}"

    def page(self, name: str, rows: str, shared: Sequence[int] | None) -> list[str]:
        if shared is None:
            return [
                f"{name} as materialized (select q.ord, r.* from q cross join lateral ({rows}) r)",
            ]
        group = f"g{name}"
        self._groups[name] = (group, shared)
        columns = ", ".join(f"p{index + 1}" for index in shared)
        distinct = f"select distinct {columns} from q" if shared else "select 1 as one"
        return [
            f"{group} as materialized (select row_number() over () as ord, d.* from ({distinct}) d)",
            f"{name} as materialized (select q.ord, r.* from {group} q cross join lateral ({rows}) r)",
        ]

    def aggregate(self, name: str, columns: str, source: str, page: str) -> str:
        group = self._groups.get(page)
        self._group_of[name] = page
        requests = group[0] if group else "q"
        return f"{name} as (select p.ord, {columns} from {source} join {requests} q on q.ord = p.ord group by p.ord)"

    def statement(self, ctes: Sequence[str], aggregates: Sequence[str], json: str) -> str:
        numbers = range(1, len(self.parameters) + 1)
        values = ", ".join(f"v{n}::{self.parameters[n - 1].kind} as p{n}" for n in numbers)
        arrays = ", ".join(f"${n}::text[]" for n in numbers)
        names = ", ".join(f"v{n}" for n in numbers)
        requests = (
            f"q as materialized (select ord, {values} from unnest({arrays}) with ordinality u ({names}, ord))"
        )
        joins = "".join(self._join(name) for name in aggregates)
        return f"with {', '.join([requests, *ctes])} select q.ord, {json} from q{joins}"

    def _join(self, aggregate: str) -> str:
        group = self._groups.get(self._group_of[aggregate])
        if group is None:
            return f" left join {aggregate} on {aggregate}.ord = q.ord"
        name, shared = group
        same = " and ".join(f"{name}.p{i + 1} is not distinct from q.p{i + 1}" for i in shared) or "true"
        return f" left join {name} on {same} left join {aggregate} on {aggregate}.ord = {name}.ord"


def _entities(table: str, key: str, json: str, joins: str, keys: str) -> str:
    return f"select x.{key} as k, {json} as json from {table} x{joins} where x.{key} = any ({keys})"
