"""Makes and sends notifications in a worker."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from datetime import UTC, datetime

import psycopg
from psycopg_pool import PoolTimeout

from accounts.keys import Keys
from database.connect import Pool, pool
from notifications.asked import forget_expired, make_asked
from notifications.making import make_due
from notifications.rounds import plan
from notifications.sending import Senders, forget_old, send_due

log = logging.getLogger(__name__)

_PLAN_S = 30.0
"""How soon a person's new time or zone counts."""
_AT_ONCE = 8
"""Messages that are on their way at the same time: most of it is waiting for other servers."""


class Notifying:
    """Goes on until it is stopped; any number of workers may, each message is one worker's at a time."""

    def __init__(self, conninfo: str, keys: Keys, senders: Senders, *, round_s: float = 5.0) -> None:
        self._conninfo, self._keys, self._senders = conninfo, keys, senders
        self._round_s = round_s
        self._plan_at = 0.0
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
                    reason = (str(error) or type(error).__name__).splitlines()[0]
                    log.warning("notifications wait for the database", extra={"reason": reason})
                except Exception:  # who is told later must not pay for a bug that one message meets
                    log.exception("notifications failed, and are tried again")
                await asyncio.to_thread(self._stopped.wait, self._round_s)

    async def _round(self, connections: Pool) -> None:
        if time.monotonic() >= self._plan_at:
            await plan(connections, datetime.now(UTC))
            await forget_old(connections, datetime.now(UTC))
            await forget_expired(connections, datetime.now(UTC))
            self._plan_at = time.monotonic() + _PLAN_S
        while (
            self._senders.mail
            and not self._stopped.is_set()
            and await make_asked(connections, self._keys, datetime.now(UTC))
        ):
            pass
        channels = self._senders.channels
        while not self._stopped.is_set() and await make_due(
            connections, self._keys, channels, datetime.now(UTC)
        ):
            pass
        # one that fails does not cut the others off in the middle of their messages
        ends = await asyncio.gather(
            *(self._send(connections) for _ in range(_AT_ONCE)), return_exceptions=True
        )
        for end in ends:
            if end:
                raise end

    async def _send(self, connections: Pool) -> None:
        while not self._stopped.is_set() and await send_due(
            connections, self._keys, self._senders, datetime.now(UTC)
        ):
            pass
