"""What is stored under a person's data key, as a field: opened when it is asked for, for all rows of an answer at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from resolvers.context import Context
from resolvers.mapping import Python

Row = Mapping[str, Any]


def sealed(column: str, purpose: str, *, owner: str = "{t}.id") -> Python:
    """Return the source of a field whose text is sealed for `owner` in a bytea column; null once the key is destroyed."""
    return Python({"owner": owner, "sealed": column}, opens(purpose))


def opens(purpose: str) -> Callable[[Context, Sequence[Row]], Awaitable[Sequence[str | None]]]:
    """Return what opens rows of an owner's id and sealed bytes, which JSON has as PostgreSQL writes them: `\\\\x…`."""

    async def resolve(context: Context, rows: Sequence[Row]) -> Sequence[str | None]:
        texts = [
            (UUID(row["owner"]), purpose, row["sealed"] and bytes.fromhex(row["sealed"].removeprefix("\\x")))
            for row in rows
        ]
        return await context.services.keys.open_many(context.pool, texts)

    return resolve
