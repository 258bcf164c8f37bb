"""Counts that all processes of one installation share, through Redis; without it each counts by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from redis.asyncio import Redis

from accounts.counts import LocalCounts
from app.sparing import SparingRedis

PREFIX = "projectionist:attempts:"


class RedisCounts:
    """Counts in Redis, and in process while Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = SparingRedis(redis, "attempts are counted in process")
        self._local = LocalCounts()

    async def add(self, keys: Sequence[str], seconds: int) -> list[int]:
        """See Counts."""
        found = await self._shared(lambda pipe: [self._change(pipe, key, 1, seconds) for key in keys])
        return found[::2] or await self._local.add(keys, seconds)

    async def take_back(self, keys: Sequence[str], seconds: int) -> None:
        """See Counts."""
        await self._local.take_back(keys, seconds)
        await self._shared(lambda pipe: [self._change(pipe, key, -1, seconds) for key in keys])

    async def forget(self, keys: Sequence[str]) -> None:
        """See Counts."""
        await self._local.forget(keys)
        if keys:
            await self._shared(lambda pipe: pipe.delete(*(PREFIX + key for key in keys)))

    async def hold(self, key: str, seconds: int) -> int:
        """See Counts."""
        found = await self._shared(
            lambda pipe: pipe.set(PREFIX + key, 1, nx=True, ex=seconds).ttl(PREFIX + key)
        )
        if not found:
            return await self._local.hold(key, seconds)
        began, left = found
        return 0 if began else max(1, left)

    @staticmethod
    def _change(pipe: Any, key: str, by: int, seconds: int) -> None:
        pipe.incrby(PREFIX + key, by).expire(PREFIX + key, seconds)

    async def _shared(self, fill: Callable[[Any], object]) -> list[Any]:
        """Return what Redis answers to some commands; nothing while it is away."""

        async def sent(redis: Redis) -> list[Any]:
            async with redis.pipeline() as pipe:
                fill(pipe)
                return list(await pipe.execute())

        return await self._redis.ask(sent) or []
