"""What processes of one installation tell each other through Redis. What is lost with it is missed by nobody.

Nudges are sooner news for those who poll the log anyway: without them events are found some milliseconds later.
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

from app.sparing import TIMEOUT_S

log = logging.getLogger(__name__)

APPENDED = "projectionist:appended"
_QUIET_S = 0.01
_PROBE_S = 1.0
"""How long no message comes before Redis is asked for a sign of life, and how long that may take."""


def redis_client(url: str) -> Redis:
    """Return a client that tries once; listening has a time of its own."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


class Channel:
    """Messages to and from all processes; our own come back, too."""

    def __init__(self, redis: Redis, name: str, on_message: Callable[[bytes], None]) -> None:
        self._redis, self._name, self._on_message = redis, name, on_message
        self._closing = False
        self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Hear no more."""
        self._closing = True  # the driver may turn a cancellation into an error of its own
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)

    async def publish(self, message: bytes) -> None:
        """Tell the others; while Redis is away nobody hears it, and this takes a second."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._redis.publish(self._name, message)
        except (RedisError, OSError):
            await asyncio.sleep(1.0)

    async def _listen(self) -> None:
        while not self._closing:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(self._name)
                    await self._hear(channel)
            except (RedisError, OSError) as error:
                log.info("redis is away: processes do without each other", extra={"reason": str(error)})
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
                self._on_message(message["data"])


class FanOut:
    """Tells other processes that the log grew, and listens for theirs."""

    def __init__(self, redis: Redis, on_news: Callable[[], None]) -> None:
        self._grown = asyncio.Event()
        self._channel = Channel(redis, APPENDED, lambda _: on_news())
        self._telling = asyncio.create_task(self._tell())

    def appended(self) -> None:
        """Say that this process appended something; many in a moment become one message."""
        self._grown.set()

    async def close(self) -> None:
        """End both directions."""
        self._telling.cancel()
        await asyncio.gather(self._telling, return_exceptions=True)
        await self._channel.close()

    async def _tell(self) -> None:
        while True:
            await self._grown.wait()
            self._grown.clear()
            await self._channel.publish(b"")
            await asyncio.sleep(_QUIET_S)
