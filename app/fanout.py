"""Nudges between the processes of one installation, through Redis: sooner news for those who poll anyway.

What is lost with Redis is only the nudge: followers and subscriptions poll the log, so nothing is missed, some
milliseconds later. No client ever sees an error of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

CHANNEL = "projectionist:appended"
_QUIET_S = 0.01
_TIMEOUT_S = 0.2
_PROBE_S = 1.0
"""How long no message comes before Redis is asked for a sign of life, and how long that may take."""


class FanOut:
    """Tells other processes that the log grew, and listens for theirs."""

    def __init__(self, url: str, on_news: Callable[[], None]) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        )
        self._on_news = on_news
        self._grown = asyncio.Event()
        self._closing = False
        self._tasks = [asyncio.create_task(self._tell()), asyncio.create_task(self._listen())]

    def appended(self) -> None:
        """Say that this process appended something; many in a moment become one message."""
        self._grown.set()

    async def close(self) -> None:
        """End both directions."""
        self._closing = True  # the driver may turn a cancellation into an error of its own
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    async def _tell(self) -> None:
        while not self._closing:
            await self._grown.wait()
            self._grown.clear()
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    await self._redis.publish(CHANNEL, b"")
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(1.0)
            await asyncio.sleep(_QUIET_S)

    async def _listen(self) -> None:
        while not self._closing:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    await self._hear(channel)
            except (RedisError, OSError) as error:
                log.info("redis is away: news come by polling", extra={"reason": str(error)})
                await asyncio.sleep(1.0)

    async def _hear(self, channel: PubSub) -> None:
        """Take messages until Redis is away. Raises TimeoutError when it is so without a word."""
        is_asked = False
        while True:
            message = await channel.get_message(timeout=_PROBE_S)
            if message is None:
                if is_asked:
                    raise TimeoutError("no answer")
                await channel.ping()
                is_asked = True
                continue
            is_asked = False
            if message["type"] == "message":
                self._on_news()
