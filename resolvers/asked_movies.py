"""Copies of movies that clients look up are made new when they are stale; nobody waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict

import psycopg
from psycopg_pool import PoolTimeout

from catalog.refreshes import asking
from database.connect import Pool

log = logging.getLogger(__name__)

NOTED_S = 300.0
"""For how long a movie that was asked for is not looked at again."""
FLUSH_S = 0.5
MOST = 10_000
"""Movies that a process remembers to have looked at."""

_NAMES = {
    "movies.id": "ids",
    "movies.tmdbId": "tmdb_ids",
    "movies.imdbId": "imdb_ids",
    "movies.databaseId": "numbers",
}


class AskedMovies:
    """Queues the movies that clients look up, where their copies are stale; twice a second, in one statement."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._noted: dict[tuple[str, bytes], float] = {}
        self._waiting: dict[str, list[str]] = defaultdict(list)
        self._flushing: asyncio.Task[None] | None = None

    def note(self, name: str, value: bytes | None) -> None:
        """Take what a client asks for by a key; see Engine.on_lookup."""
        column = _NAMES.get(name)
        if column is None or value is None:
            return
        now = time.monotonic()
        if self._noted.get((column, value), 0.0) > now:
            return
        if len(self._noted) >= MOST:
            self._noted.clear()
        self._noted[column, value] = now + NOTED_S
        self._waiting[column].append(value.decode())
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())

    async def close(self) -> None:
        """Forget what waits."""
        if self._flushing:
            self._flushing.cancel()
            await asyncio.gather(self._flushing, return_exceptions=True)

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            if not self._waiting:
                return
            waiting, self._waiting = self._waiting, defaultdict(list)
            try:
                async with self._pool.connection() as conn:
                    await conn.execute(*asking(waiting))
            except (psycopg.Error, PoolTimeout) as failure:
                log.debug("movies were not queued", extra={"reason": type(failure).__name__})
