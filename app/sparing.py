"""Asks a Redis that may be away: no request waits long for it, and one that did not answer is left alone for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

TIMEOUT_S = 0.2
AWAY_S = 1.0
"""How long Redis is left alone after it did not answer."""

T = TypeVar("T")


class SparingRedis:
    """A Redis for one purpose; `meanwhile` says for the log what is done without it."""

    def __init__(self, redis: Redis, meanwhile: str) -> None:
        self._redis, self._meanwhile = redis, meanwhile
        self._away_until = 0.0

    async def ask(self, command: Callable[[Redis], Awaitable[T]]) -> T | None:
        """Return what Redis answers, None where it gives no answer in time."""
        if time.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await command(self._redis)
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + AWAY_S
            # only its kind: the text of an error may quote the command
            log.info("redis is away", extra={"meanwhile": self._meanwhile, "reason": type(error).__name__})
            return None

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
