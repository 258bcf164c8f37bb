"""What a document selects once, however often it shows it: objects, and the rows of small tables."""

from __future__ import annotations

from collections.abc import Callable

from resolvers.entities import Entities, EntityList
from resolvers.fragments import MARK, MOST, Fragments, Selection, may_keep


class Shared:
    """Of one statement; `name` makes names that are new in it, and with `fragments` objects are kept beyond it."""

    def __init__(self, name: Callable[[str], str], fragments: Fragments | None) -> None:
        self._name, self._fragments = name, fragments
        self._entities: dict[tuple[str, str, tuple[EntityList, ...]], Entities] = {}
        self._tables: dict[tuple[str, str], str] = {}
        self.selections: list[Selection] = []
        """What the statement leaves marks for."""

    def table(self, table: str, t: str, json: str) -> str:
        """Return the name of a small table's rows with an object's JSON beside each, rendered once."""
        made = f"t{len(self._tables) + 1} as materialized (select {t}.*, {json} as json from {table} {t})"
        return self._tables.setdefault((table, json), made).partition(" ")[0]

    def tables(self) -> list[str]:
        """Return the common table expressions of small tables."""
        return list(self._tables.values())

    def entity(self, entity: Entities) -> Entities:
        """Return the objects of the document that are rendered like these; they may be these."""
        known = self._entities.setdefault((entity.table, entity.json, entity.lists), entity)
        known.name = known.name or self._name("e")
        return known

    def entities(self, *, many: bool) -> list[str]:
        """Return the common table expressions of objects."""
        return [cte for each in self._entities.values() for cte in each.ctes(many=many)]

    def marked(self, entity: Entities, key: str) -> str | None:
        """Return the SQL of a mark for an object that may be kept, None for one that may not."""
        if self._fragments is None or entity.personal or len(self.selections) == MOST:
            return None
        if not may_keep(
            " ".join((f"from {entity.table}", entity.json, *(each.sql for each in entity.lists)))
        ):
            return None
        whole = Entities("e", entity.table, entity.key, entity.json, entity.lists, personal=False)
        whole.feeds.append("select unnest($1::uuid[]) as k")
        ctes = ", ".join((*self.tables(), *whole.ctes(many=False)))
        sql = f"with {ctes} select string_agg(concat(e.k, e.json), '{MARK}') from e"
        selection = self._fragments.selection(sql)
        if selection not in self.selections:
            self.selections.append(selection)
        return f"'{MARK}{chr(48 + self.selections.index(selection))}' || {key}"
