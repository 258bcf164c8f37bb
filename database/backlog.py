"""How long a newcomer would wait: work that would wait too long is refused at once, before it costs anything."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

_WEIGHT = 0.1
"""Of the newest measurement in the moving average."""


class Overloaded(Exception):
    """So much waits that this would wait too long; `retry_after_s` says when to try again."""

    def __init__(self, expected_s: float) -> None:
        super().__init__(f"a wait of {expected_s:.1f} seconds is to be expected")
        self.retry_after_s = max(1, math.ceil(expected_s))


class Backlog:
    """What waits for `servers` that each do one thing after the other.

    The wait to be expected is the number that wait, times the seconds that each takes (a moving average), shared by the
    servers; or, where nothing moves, the time since the last one was taken. Beyond `most_s` newcomers are refused.
    """

    def __init__(
        self, servers: int, most_s: float = math.inf, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._servers, self._most_s, self._clock = servers, most_s, clock
        self._waiting = 0
        self._each_s = 0.0
        self._moved = 0.0

    def join(self, *, may_refuse: bool = True) -> None:
        """Wait, too. Raises Overloaded if it may."""
        if self._waiting == 0:
            self._moved = self._clock()
        elif may_refuse:
            stood = self._clock() - self._moved
            expected = max(self._waiting * self._each_s / self._servers, stood)
            if expected > self._most_s:
                raise Overloaded(expected)
        self._waiting += 1

    def leave(self, number: int) -> None:
        """Say that so many do not wait any more: they were taken, or have given up."""
        if number:
            self._waiting -= number
            self._moved = self._clock()

    def served(self, number: int, seconds: float) -> None:
        """Say how long one server was busy with so many."""
        each = seconds / number
        self._each_s += (_WEIGHT if self._each_s else 1.0) * (each - self._each_s)
