"""Keys that we mint: UUID version 7, which sort by the time they were made."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

_COUNTER_BITS = 42
_TAIL_BITS = 32
_VERSION = 0b0111 << 76
_VARIANT = 0b10 << 62


class _Clock:
    """The millisecond and counter of the last id; when time stands or goes back, only the counter moves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = 0
        self._counter = 0

    def tick(self, millisecond: int, random: int) -> tuple[int, int]:
        """Return a (millisecond, counter) above every one before it; `random` has the counter's bits."""
        with self._lock:
            if millisecond > self._millisecond:
                # the first bit stays free, so that a millisecond cannot run out of counts
                self._millisecond, self._counter = millisecond, random >> 1
            else:
                self._counter += 1
                if self._counter >> _COUNTER_BITS:
                    self._millisecond, self._counter = self._millisecond + 1, random >> 1
            return self._millisecond, self._counter


_clock = _Clock()


def uuid7() -> UUID:
    """Return a new id, greater than every id this process made before.

    RFC 9562, section 6.2, method 1: 48 bits of Unix milliseconds, a counter of 42 bits that starts anywhere
    in the lower half of its range, and 32 random bits, so that two processes do not meet.
    """
    random = int.from_bytes(os.urandom(10), "big")
    tail = random & ((1 << _TAIL_BITS) - 1)
    millisecond, counter = _clock.tick(time.time_ns() // 1_000_000, random >> (80 - _COUNTER_BITS))
    high, low = counter >> 30, counter & ((1 << 30) - 1)
    return UUID(int=millisecond << 80 | _VERSION | high << 64 | _VARIANT | low << _TAIL_BITS | tail)
