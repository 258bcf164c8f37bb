"""Sheds load where the processor, and not the database, cannot keep up.

The event loop works in rounds: what came while it was at one is its next. So a long round means that everybody waits,
and what is left of it is refused at once, until the next one begins. That is in proportion to the load: nothing is
switched on and off, and a process that was only held up for a moment refuses nobody.
"""

from __future__ import annotations

import asyncio
import time

from resolvers.errors import Overload

_BEATS = 5
"""How often it is looked whether a new round has begun, in the longest time that one may take."""
_RETRY_S = 1


class Rounds:
    """Knows, while it is entered, how long the round of the moment has taken; it may take `most_s`."""

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._first: float | None = None
        """When the first request of the round was admitted."""

    def __enter__(self) -> Rounds:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._next.cancel()

    def admit(self) -> None:
        """Raise Overload when the round has taken too long for another request."""
        now = time.monotonic()
        if self._first is None:  # what held the process up before was no request's
            self._first = now
        elif now - self._first > self._most_s:
            raise Overload(_RETRY_S)

    def _begin(self) -> None:
        self._first = None
        self._next = asyncio.get_running_loop().call_later(self._most_s / _BEATS, self._begin)
