"""Automatic persisted queries: documents by their SHA-256, so that clients send them once.

What is lost is only sent again. Redis, where processes share them, may be away: then each has its own.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from hashlib import sha256

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.sparing import TIMEOUT_S, SparingRedis

KEPT = 1_000
"""Documents that a process keeps."""
KEPT_S = 86_400
"""How long Redis keeps one."""
_PREFIX = "projectionist:persisted:"
_DIGEST = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)


class PersistedQueries:
    """Documents that clients registered: the last asked for in process, all of a day in Redis."""

    def __init__(self, redis_url: str | None) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._redis: SparingRedis | None = None
        if redis_url:
            pool = BlockingConnectionPool.from_url(
                redis_url,
                max_connections=4,
                timeout=TIMEOUT_S,
                socket_timeout=TIMEOUT_S,
                socket_connect_timeout=TIMEOUT_S,
                retry=Retry(NoBackoff(), 0),
            )
            self._redis = SparingRedis(Redis.from_pool(pool), "persisted queries are not shared")

    async def close(self) -> None:
        """Close the connections."""
        if self._redis:
            await self._redis.close()

    def known(self, digest: str) -> str | None:
        """Return the document of this SHA-256 (hexadecimal) if it is in process."""
        query = self._kept.get(digest)
        if query is not None:
            self._kept.move_to_end(digest)
        return query

    async def find(self, digest: str) -> str | None:
        """Return the document of this SHA-256, None when nobody registered it lately."""
        query = self.known(digest)
        if query is not None:
            return query
        if self._redis is None or not _DIGEST.match(digest):
            return None
        found = await self._redis.ask(lambda redis: redis.get(_PREFIX + digest))
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
        if self._redis:
            await self._redis.ask(lambda redis: redis.set(_PREFIX + digest, query, ex=KEPT_S))

    def _keep(self, digest: str, query: str) -> None:
        self._kept[digest] = query
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
