"""Numbers that are counted by key and forgotten after a while, and waits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

KEPT = 100_000
"""Keys that a process keeps by itself; past that those that would be forgotten first are dropped."""


class Counts(Protocol):
    """What may be shared with other processes."""

    async def add(self, keys: Sequence[str], seconds: int) -> list[int]:
        """Count one more of each and return the new numbers; each is forgotten so long after it was counted last."""

    async def take_back(self, keys: Sequence[str], seconds: int) -> None:
        """Count one less of each."""

    async def forget(self, keys: Sequence[str]) -> None:
        """Begin anew with each."""

    async def hold(self, key: str, seconds: int) -> int:
        """Return 0 and begin a wait; while one lasts, return the seconds that are left of it, at least 1."""


class LocalCounts:
    """The counts of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[int, float]] = {}
        """Number and end of each key."""

    async def add(self, keys: Sequence[str], seconds: int) -> list[int]:
        """See Counts."""
        return [self._change(key, 1, seconds) for key in keys]

    async def take_back(self, keys: Sequence[str], seconds: int) -> None:
        """See Counts."""
        for key in keys:
            self._change(key, -1, seconds)

    async def forget(self, keys: Sequence[str]) -> None:
        """See Counts."""
        for key in keys:
            self._kept.pop(key, None)

    async def hold(self, key: str, seconds: int) -> int:
        """See Counts."""
        now = self._clock()
        _, ends = self._kept.get(key, (0, now))
        if ends > now:
            return math.ceil(ends - now)
        self._change(key, 0, seconds)
        return 0

    def _change(self, key: str, by: int, seconds: int) -> int:
        now = self._clock()
        number, ends = self._kept.pop(key, (0, now))
        number = by + (number if ends > now else 0)
        if len(self._kept) >= KEPT:
            self._make_room(now)
        self._kept[key] = number, now + seconds
        return number

    def _make_room(self, now: float) -> None:
        kept = sorted(self._kept.items(), key=lambda item: item[1][1], reverse=True)
        self._kept = {key: value for key, value in kept[: KEPT // 2] if value[1] > now}
