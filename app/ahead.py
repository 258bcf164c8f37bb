"""Stores recommendations in a worker, a few people at a time."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg_pool import PoolTimeout

from database.connect import Pool, pool
from recsys.current import CurrentModel

if TYPE_CHECKING:
    from recsys.standing import Standings

log = logging.getLogger(__name__)

ROUND_S = 10.0
_EACH_ROUND = 100
_REST_S = 0.05
"""After each person, so that the process of a server has its time for others."""


class Ahead:
    """Computes ahead until it is stopped; without a model it waits for one."""

    def __init__(self, conninfo: str, models_dir: Path, *, explored: float) -> None:
        self._conninfo, self._models_dir, self._explored = conninfo, models_dir, explored
        self._stopped = threading.Event()

    def run(self) -> None:
        """Go on until `stop`."""
        asyncio.run(self._run())

    def stop(self) -> None:
        """End after the person that it is at."""
        self._stopped.set()

    async def _run(self) -> None:
        async with pool(self._conninfo, size=1) as connections:
            models = CurrentModel(connections, self._models_dir)
            models.start()
            standings: Standings | None = None
            try:
                while not self._stopped.is_set():
                    try:
                        if models.current:
                            standings = standings or self._standings(connections, models)
                            await self._round(connections, standings)
                    except (psycopg.Error, PoolTimeout) as error:
                        log.debug("nothing is computed ahead", extra={"reason": str(error).splitlines()[0]})
                    await asyncio.to_thread(self._stopped.wait, ROUND_S)
            finally:
                await models.close()

    def _standings(self, connections: Pool, models: CurrentModel) -> Standings:
        # here and not above: it brings numpy, and without a model nobody needs it
        from recsys.standing import Standings

        return Standings(connections, self._conninfo, models)

    async def _round(self, connections: Pool, standings: Standings) -> None:
        from numpy.random import default_rng

        from resolvers.ahead import due, store

        people = await due(connections, _EACH_ROUND)
        if not people:
            return
        standings.catalogue_changed()
        standing, dice = await standings.renew(), default_rng()
        for user_id in people:
            if self._stopped.is_set():
                return
            await store(connections, standing, user_id, explored=self._explored, dice=dice)
            await asyncio.sleep(_REST_S)
