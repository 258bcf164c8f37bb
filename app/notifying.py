"""Makes and sends notifications in a worker."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import UTC, datetime

import psycopg
from psycopg_pool import PoolTimeout

from accounts.keys import Keys
from database.connect import Pool, pool
from notifications.making import make_due
from notifications.rounds import plan
from notifications.sending import Senders, forget_old, send_due

log = logging.getLogger(__name__)

ROUND_S = 5.0
_AT_ONCE = 8
"""Messages that are on their way at the same time: most of it is waiting for other servers."""


class Notifying:
    """Goes on until it is stopped; any number of workers may, each message is one worker's at a time."""

    def __init__(self, conninfo: str, keys: Keys, senders: Senders) -> None:
        self._conninfo, self._keys, self._senders = conninfo, keys, senders
        self._stopped = threading.Event()

    def run(self) -> None:
        """Go on until `stop`."""
        asyncio.run(self._run())

    def stop(self) -> None:
        """End after the messages that are on their way."""
        self._stopped.set()

    async def _run(self) -> None:
        async with pool(self._conninfo, size=_AT_ONCE + 2) as connections:
            while not self._stopped.is_set():
                try:
                    await self._round(connections)
                except (psycopg.Error, PoolTimeout) as error:
                    log.warning(
                        "notifications wait for the database", extra={"reason": str(error).splitlines()[0]}
                    )
                await asyncio.to_thread(self._stopped.wait, ROUND_S)

    async def _round(self, connections: Pool) -> None:
        await plan(connections, datetime.now(UTC))
        while not self._stopped.is_set() and await make_due(
            connections, self._keys, self._senders.channels, datetime.now(UTC)
        ):
            pass
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._send(connections))
        await forget_old(connections, datetime.now(UTC))

    async def _send(self, connections: Pool) -> None:
        while not self._stopped.is_set() and await send_due(
            connections, self._keys, self._senders, datetime.now(UTC)
        ):
            pass
