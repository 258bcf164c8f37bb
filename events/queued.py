"""Facts that nobody waits for: queued, and appended in groups after the answer that they are about."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from database.connect import Pool
from events.facts import Event
from events.handle import FoldInline
from events.record import append_alone

log = logging.getLogger(__name__)

MOST = 10_000
"""Facts that wait at most: what comes beyond them is forgotten."""
GROUP = 200
"""Facts that are appended together at most."""
PAUSE_S = 0.1
"""How long facts are gathered."""
AWAY_S = 1.0
"""How long to leave a database alone that is away."""
CLOSE_S = 2.0
"""How long closing may take."""


class Queue:
    """Appends facts about no movie, each once at most: those in a transaction that breaks, and too many, are lost.

    So nothing is counted twice. `lost` says how many.
    """

    def __init__(self, pool: Pool, fold_inline: FoldInline) -> None:
        self._pool, self._fold_inline = pool, fold_inline
        self._waiting: deque[Event] = deque()
        self._some = asyncio.Event()
        self._is_closing = False
        self.lost = 0
        self._appending = asyncio.create_task(self._append())

    def add(self, facts: Sequence[Event]) -> None:
        """Take facts, without waiting for anything."""
        if len(self._waiting) + len(facts) > MOST:
            self._lose(len(facts), "too many wait")
            return
        self._waiting.extend(facts)
        self._some.set()

    async def close(self) -> None:
        """Append what waits, for two seconds at most."""
        self._is_closing = True
        self._some.set()
        await asyncio.wait([self._appending], timeout=CLOSE_S)
        self._appending.cancel()
        await asyncio.gather(self._appending, return_exceptions=True)

    async def _append(self) -> None:
        while not (self._is_closing and not self._waiting):
            await self._some.wait()
            if not self._is_closing:
                await asyncio.sleep(PAUSE_S)
            try:
                await self._append_what_waits()
            except (PoolTimeout, psycopg.OperationalError):
                await asyncio.sleep(AWAY_S)
            if not self._waiting and not self._is_closing:
                self._some.clear()

    async def _append_what_waits(self) -> None:
        if self._waiting:
            async with self._pool.connection() as conn:
                while self._waiting:
                    await self._append_group(conn)

    async def _append_group(self, conn: psycopg.AsyncConnection[Any]) -> None:
        group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
        try:
            await conn.execute(*append_alone(group, self._fold_inline))
        except psycopg.OperationalError as error:
            self._lose(len(group), str(error).splitlines()[0])
            raise
        except psycopg.Error as error:
            self._lose(len(group), str(error).splitlines()[0])

    def _lose(self, number: int, reason: str) -> None:
        if not self.lost:
            log.warning("what was shown is not recorded", extra={"reason": reason})
        self.lost += number
