"""Objects that a document reaches by their keys from anywhere: each is selected once, with the lists that it has."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EntityList:
    """A list that each object has: a select of `k` and `json`, of the objects whose `k` is in `{keys}`.

    `of` is the expression over the object `x` that `k` equals.
    """

    sql: str
    of: str


@dataclass(slots=True)
class Entities:
    """Objects of one table that are rendered alike: `feeds` are the selects that yield their keys as `k`.

    Of those that look different to each request, which are `personal`, the feeds of a form for many yield `ord`, too.
    """

    name: str
    table: str
    key: str
    json: str
    lists: tuple[EntityList, ...]
    personal: bool
    feeds: list[str] = field(default_factory=list)

    def ctes(self, *, many: bool) -> list[str]:
        """Return the common table expressions: in `json`, the n-th list is `l<n>`."""
        keys = " union ".join(self.feeds)
        made = []
        if self.lists:
            made.append(f"{self.name}k as materialized ({keys})")
            keys = f"select k from {self.name}k"
        joins = ""
        for n, list_ in enumerate(self.lists, 1):
            name = f"{self.name}l{n}"
            made.append(f"{name} as materialized ({list_.sql.replace('{keys}', f'array({keys})')})")
            joins += f" left join {name} l{n} on l{n}.k = {list_.of}"
        if many and self.personal:
            asked = f"{self.name}k" if self.lists else f"({keys})"
            source = f"{asked} w join q on q.ord = w.ord join {self.table} x on x.{self.key} = w.k{joins}"
            made.append(
                f"{self.name} as materialized (select q.ord, x.{self.key} as k, {self.json} as json from {source})"
            )
        else:
            source = f"{self.table} x{joins} where x.{self.key} = any (array({keys}))"
            made.append(
                f"{self.name} as materialized (select x.{self.key} as k, {self.json} as json from {source})"
            )
        return made
