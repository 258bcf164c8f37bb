"""Slates in Redis, for all processes of an installation; while it is away a client's next page is of a new slate."""

from __future__ import annotations

from redis.asyncio import Redis

from app.sparing import SparingRedis

PREFIX = "projectionist:slate:"


class KeptSlates:
    """See Keeper."""

    def __init__(self, redis: Redis) -> None:
        self._redis = SparingRedis(redis, "slates are kept in process")

    async def get(self, key: str) -> bytes | None:
        """See Keeper."""
        found = await self._redis.ask(lambda redis: redis.get(PREFIX + key))
        return found if isinstance(found, bytes) else None

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        """See Keeper."""
        await self._redis.ask(lambda redis: redis.set(PREFIX + key, value, ex=seconds))
