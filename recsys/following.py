"""What a server keeps up in the background."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod

import psycopg
from psycopg_pool import PoolTimeout

log = logging.getLogger(__name__)

AWAY_S = 1.0
"""How long to leave alone what could not be looked at."""


class Following(ABC):
    """Looks for news in a task of its own, from `start` to `close`; whatever a look raises, it looks again."""

    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Follow no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @abstractmethod
    async def _look(self) -> float:
        """Take up what is new; return for how many seconds to rest."""

    async def _follow(self) -> None:
        while True:
            try:
                rest_s = await self._look()
            except (psycopg.Error, PoolTimeout) as error:
                log.debug("the database is not there to follow", extra={"reason": str(error)})
                rest_s = AWAY_S
            except Exception:
                log.exception("%s could not take up what is new", type(self).__name__)
                rest_s = AWAY_S
            await asyncio.sleep(rest_s)
