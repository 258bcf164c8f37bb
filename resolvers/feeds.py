"""Rows that Python yields: they go into the statement as parameters, and are joined there like those of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from resolvers.answers import refusal_of
from resolvers.context import Context
from resolvers.errors import Refused
from resolvers.mapping import Fed, Feed
from resolvers.selection import Leaf, Path, Selected, Values, evaluated

if TYPE_CHECKING:
    from resolvers.lowering import Lowering


@dataclass(frozen=True, slots=True)
class Asked:
    """A feed that a plan reads, for a field, and its columns that the statement takes."""

    feed: Feed
    selected: Selected
    wanted: Set[str]


def table(lowering: Lowering, feed: Feed, path: Path) -> str:
    """Return the rows of a feed as a from-item that wants an alias."""

    def value(column: str) -> str:
        leaf = Leaf(partial(_column, path, column), is_personal=True)
        return lowering.parameter(leaf, feed.columns[column], _same, path)

    lists = [name for name, kind in feed.columns.items() if kind.endswith("[]")]
    rows = f"unnest({', '.join(map(value, lists))}) u ({', '.join(lists)})"
    same = "".join(f", {value(name)} as {name}" for name in feed.columns if name not in lists)
    return f"(select u.*{same} from {rows})"


def wanted(feed: Feed, sql: str) -> Set[str]:
    """Return the columns that SQL takes of the rows `p`."""
    return {name for name in feed.columns if re.search(rf"\bp\.{name}\b", sql)}


async def fed(asked: Sequence[Asked], context: Context, values: Values) -> dict[Path, Fed | Refused]:
    """Return what the feeds yield, or why one does not."""
    found: dict[Path, Fed | Refused] = {}
    for each in asked:
        try:
            arguments = {name: evaluated(given, values) for name, given in each.selected.arguments.items()}
            found[each.selected.path] = await each.feed.resolve(context, arguments, each.wanted)
        except Exception as failure:
            found[each.selected.path] = refusal_of(failure, context.request_id)
    return found


def shown(values: Values) -> None:
    """Say that what feeds yielded has been shown."""
    for each in values.fed.values():
        if isinstance(each, Fed):
            each.shown()


def _column(path: Path, name: str, values: Values) -> str | None:
    found = values.fed[path]
    if isinstance(found, Refused):
        raise found
    return found.columns.get(name)


def _same(value: str) -> str:
    return value
