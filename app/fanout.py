"""Nudges between the processes of one installation, through Redis: sooner news for those who poll anyway.

What is lost with Redis is only the nudge: followers and subscriptions poll the log, so nothing is missed, some
milliseconds later. No client ever sees an error of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

CHANNEL = "projectionist:appended"
_QUIET_S = 0.01


class FanOut:
    """Tells other processes that the log grew, and listens for theirs."""

    def __init__(self, url: str, on_news: Callable[[], None]) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=None,
            socket_connect_timeout=0.2,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        )
        self._on_news = on_news
        self._grown = asyncio.Event()
        self._tasks = [asyncio.create_task(self._tell()), asyncio.create_task(self._listen())]

    def appended(self) -> None:
        """Say that this process appended something; many in a moment become one message."""
        self._grown.set()

    async def close(self) -> None:
        """End both directions."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    async def _tell(self) -> None:
        while True:
            await self._grown.wait()
            self._grown.clear()
            try:
                async with asyncio.timeout(0.2):
                    await self._redis.publish(CHANNEL, b"")
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(1.0)
            await asyncio.sleep(_QUIET_S)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._on_news()
            except (RedisError, OSError) as error:
                log.info("redis is away: news come by polling", extra={"reason": str(error)})
                await asyncio.sleep(1.0)
