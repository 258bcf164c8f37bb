"""Automatic persisted queries: documents by their SHA-256, so that clients send them once.

What is lost is only sent again. Redis, where processes share them, may be away: then each has its own.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

KEPT = 1_000
"""Documents that a process keeps."""
KEPT_S = 86_400
"""How long Redis keeps one."""
TIMEOUT_S = 0.2
AWAY_S = 1.0
"""How long Redis is left alone after it did not answer."""
_PREFIX = "projectionist:persisted:"
_DIGEST = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)


class PersistedQueries:
    """Documents that clients registered: the last asked for in process, all of a day in Redis."""

    def __init__(self, redis_url: str | None) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._away_until = 0.0
        self._redis: Redis | None = None
        if redis_url:
            pool = BlockingConnectionPool.from_url(
                redis_url,
                max_connections=4,
                timeout=TIMEOUT_S,
                socket_timeout=TIMEOUT_S,
                socket_connect_timeout=TIMEOUT_S,
                retry=Retry(NoBackoff(), 0),
            )
            self._redis = Redis.from_pool(pool)

    async def close(self) -> None:
        """Close the connections."""
        if self._redis:
            await self._redis.aclose()

    async def find(self, digest: str) -> str | None:
        """Return the document of this SHA-256 (hexadecimal), None when nobody registered it lately."""
        query = self._kept.get(digest)
        if query is not None:
            self._kept.move_to_end(digest)
            return query
        if not _DIGEST.match(digest):
            return None
        found = await self._tried(lambda redis: redis.get(_PREFIX + digest))
        if not isinstance(found, bytes) or sha256(found).hexdigest() != digest:
            return None
        query = found.decode(errors="replace")
        self._keep(digest, query)
        return query

    async def keep(self, digest: str, query: str) -> None:
        """Register a document that was found to be valid, of this SHA-256."""
        if digest in self._kept:
            return
        self._keep(digest, query)
        await self._tried(lambda redis: redis.set(_PREFIX + digest, query, ex=KEPT_S))

    async def _tried(self, command: Callable[[Redis], Awaitable[object]]) -> object:
        """Return Redis' answer to a command, None where it gives none in time."""
        if self._redis is None or time.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await command(self._redis)
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until = time.monotonic() + AWAY_S
            log.info("redis is away: persisted queries are not shared", extra={"reason": str(error)})
            return None

    def _keep(self, digest: str, query: str) -> None:
        self._kept[digest] = query
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
