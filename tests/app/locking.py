"""Statements that stand still."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import psycopg
from psycopg.sql import SQL, Identifier


@contextlib.asynccontextmanager
async def locked(conninfo: str, table: str) -> AsyncIterator[None]:
    """Nobody else reads or writes a table: whatever needs it stands still."""
    async with await psycopg.AsyncConnection.connect(conninfo) as conn:
        await conn.execute(
            SQL("lock table {} in access exclusive mode").format(Identifier(*table.split(".")))
        )
        yield
        await conn.rollback()
