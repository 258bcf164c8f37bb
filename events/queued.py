"""What nobody waits for: queued, and written in groups after the answer that it is about."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import psycopg
from psycopg_pool import PoolTimeout

from database.connect import Pool
from events.facts import Event
from events.handle import FoldInline
from events.record import append_alone

log = logging.getLogger(__name__)

T = TypeVar("T")
Write = Callable[[psycopg.AsyncConnection[Any], Sequence[T]], Awaitable[None]]
"""Writes a group whole or not at all."""

MOST = 10_000
"""What waits at most: what comes beyond is forgotten."""
GROUP = 200
"""What is written together at most."""
PAUSE_S = 0.1
"""How long a group is gathered."""
AWAY_S = 1.0
"""How long to leave a database alone that is away."""
CLOSE_S = 2.0
"""How long closing may take."""


def appending(fold_inline: FoldInline) -> Write[Event]:
    """Return what appends facts about no pair of person and movie."""

    async def append(conn: psycopg.AsyncConnection[Any], facts: Sequence[Event]) -> None:
        await conn.execute(*append_alone(facts, fold_inline))

    return append


class Queue(Generic[T]):
    """Writes items in their order, each once at most: those in a transaction that breaks, and too many, are lost.

    So nothing is counted twice. `lost` says how many; `what` they are is for the server's log.
    """

    def __init__(self, pool: Pool, write: Write[T], what: str) -> None:
        self._pool, self._write, self._what = pool, write, what
        self._waiting: deque[T] = deque()
        self._some = asyncio.Event()
        self._is_closing = False
        self.lost = 0
        self._writing = asyncio.create_task(self._run())

    def add(self, items: Sequence[T]) -> None:
        """Take items, without waiting for anything."""
        if len(self._waiting) + len(items) > MOST:
            self._lose(len(items), "too many wait")
            return
        self._waiting.extend(items)
        self._some.set()

    async def close(self) -> None:
        """Write what waits, for two seconds at most."""
        self._is_closing = True
        self._some.set()
        await asyncio.wait([self._writing], timeout=CLOSE_S)
        self._writing.cancel()
        await asyncio.gather(self._writing, return_exceptions=True)

    async def _run(self) -> None:
        while not (self._is_closing and not self._waiting):
            await self._some.wait()
            if not self._is_closing:
                await asyncio.sleep(PAUSE_S)
            try:
                await self._write_what_waits()
            except (PoolTimeout, psycopg.OperationalError):
                await asyncio.sleep(AWAY_S)
            if not self._waiting and not self._is_closing:
                self._some.clear()

    async def _write_what_waits(self) -> None:
        if self._waiting:
            async with self._pool.connection() as conn:
                while self._waiting:
                    await self._write_group(conn)

    async def _write_group(self, conn: psycopg.AsyncConnection[Any]) -> None:
        group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
        try:
            await self._write(conn, group)
        except psycopg.OperationalError as error:
            self._lose(len(group), str(error).splitlines()[0])
            raise
        except psycopg.Error as error:
            self._lose(len(group), str(error).splitlines()[0])

    def _lose(self, number: int, reason: str) -> None:
        if not self.lost:
            log.warning("%s is not recorded", self._what, extra={"reason": reason})
        self.lost += number
