"""What is asked of the schema alone is answered the same every time: the last answers are kept."""

from __future__ import annotations

from typing import Any

from graphql import FieldNode

from resolvers.documents import Operation, Parsed

MOST = 8
"""Tools ask the same few, of 200 kB each."""


class SchemaAnswers:
    """The data of answers, by their operation."""

    def __init__(self) -> None:
        # what was parsed is kept, too: so its place in memory is nobody else's
        self._kept: dict[tuple[int, str | None], tuple[Parsed, Any]] = {}

    def get(self, operation: Operation) -> Any | None:
        """Return the data of an answer that is kept."""
        found = self._kept.get((id(operation.parsed), operation.name))
        return found[1] if found and not operation.raw else None

    def keep(self, operation: Operation, data: Any) -> None:
        """Keep the data of an answer without errors, if nothing but the schema was asked for."""
        selections = operation.node.selection_set.selections
        if operation.raw or not all(
            isinstance(node, FieldNode) and node.name.value in ("__schema", "__type") for node in selections
        ):
            return
        if len(self._kept) == MOST:
            self._kept.clear()
        self._kept[id(operation.parsed), operation.name] = operation.parsed, data
