"""What each person, or each address of strangers, may spend a minute: buckets in process, their spending told to others.

Processes tell each other twice a second what was spent, so a person who uses several gets no more than what half a second
of each allows beyond the budget. No request waits for Redis; without it each process has budgets of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import time
import uuid
from collections.abc import Callable, Hashable, Mapping
from heapq import nlargest

import orjson
from redis.asyncio import Redis

from app.fanout import Channel
from resolvers.errors import RateLimited

log = logging.getLogger(__name__)

KEPT = 100_000
"""Buckets of a process; past that full ones are forgotten, and then the oldest."""
TOLD = 1_000
"""Of those who spent since the last time, so many who spent the most are told of."""
EVERY_S = 0.5
CHANNEL = "projectionist:spent"
WINDOW_S = 60


class Bucket:
    """The points that somebody has left at a moment."""

    __slots__ = ("at", "key", "left", "spent")

    def __init__(self, key: str, left: float, at: float) -> None:
        self.key, self.left, self.at = key, left, at
        self.spent = 0
        """Since others were told."""


class Budgets:
    """The buckets of one process; `secret` hides in `spending` who they are."""

    def __init__(self, per_minute: int, secret: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._rate, self._clock = per_minute, per_minute / WINDOW_S, clock
        self._secret = hashlib.blake2b(secret.encode(), person=b"budgets").digest()
        self._known: dict[Hashable, Bucket] = {}
        self._buckets: dict[str, Bucket] = {}
        self._spenders: set[Bucket] = set()
        self._policy = (b"ratelimit-policy", b'"cost";q=%d;w=%d' % (per_minute, WINDOW_S))

    def bucket(self, who: Hashable) -> Bucket:
        """Return the bucket of a person's id or an address."""
        found = self._known.get(who)
        if found is None:
            key = hashlib.blake2b(str(who).encode(), digest_size=16, key=self._secret).hexdigest()
            found = self._known[who] = self._bucket(key)
        return found

    def spend(self, bucket: Bucket, cost: int) -> None:
        """Take points out; what costs more than a full bucket takes a full one. Raises RateLimited."""
        if cost <= 0:
            return
        left = self._now(bucket)
        cost = min(cost, self._most)
        if left < cost:
            raise RateLimited(math.ceil((cost - left) / self._rate))
        bucket.left = left - cost
        bucket.spent += cost
        self._spenders.add(bucket)

    def headers(self, bucket: Bucket, wait_s: int | None = None) -> list[tuple[bytes, bytes]]:
        """Return what draft-ietf-httpapi-ratelimit-headers-11 says of a bucket just spent from, and of the wait.

        The window that is told is the one in which what is left comes in, so that a client that spreads its requests
        over it never waits.
        """
        left = max(0, int(bucket.left))
        window = wait_s or max(1, math.ceil(left / self._rate))
        return [self._policy, (b"ratelimit", b'"cost";r=%d;t=%d' % (left, window))]

    def spending(self) -> dict[str, int]:
        """Return what was spent since the last call, by those who spent the most."""
        spenders, self._spenders = self._spenders, set()
        told = {bucket.key: bucket.spent for bucket in nlargest(TOLD, spenders, key=lambda b: b.spent)}
        for bucket in spenders:
            bucket.spent = 0
        return told

    def spent_elsewhere(self, spending: Mapping[str, int]) -> None:
        """Take out what was spent in another process."""
        for key, points in spending.items():
            bucket = self._bucket(key)
            bucket.left = max(self._now(bucket) - points, -self._most)

    def _now(self, bucket: Bucket) -> float:
        now = self._clock()
        bucket.left = min(self._most, bucket.left + (now - bucket.at) * self._rate)
        bucket.at = now
        return bucket.left

    def _bucket(self, key: str) -> Bucket:
        found = self._buckets.get(key)
        if found is None:
            if len(self._buckets) >= KEPT:
                self._make_room()
            found = self._buckets[key] = Bucket(key, self._most, self._clock())
        return found

    def _make_room(self) -> None:
        empty = nlargest(KEPT // 2, self._buckets.values(), key=lambda b: self._most - self._now(b))
        self._buckets = {bucket.key: bucket for bucket in empty if bucket.left < self._most}
        self._known.clear()


class SharedBudgets:
    """Tells other processes what is spent here, and hears what is spent there."""

    def __init__(self, budgets: Budgets, redis: Redis) -> None:
        self._budgets = budgets
        self._name = uuid.uuid4().hex
        self._channel = Channel(redis, CHANNEL, self._hear)
        self._task = asyncio.create_task(self._tell())

    async def close(self) -> None:
        """End both directions."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._channel.close()

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            if spending := self._budgets.spending():
                await self._channel.publish(orjson.dumps([self._name, spending]))

    def _hear(self, message: bytes) -> None:
        try:
            name, spending = orjson.loads(message)
            if name != self._name:
                self._budgets.spent_elsewhere(spending)
        except (ValueError, TypeError, AttributeError):
            log.warning("a message about budgets is not of this version")
