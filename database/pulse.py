"""How long the other side of a connection has been silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

BEAT_S = 0.1


class Pulse:
    """Calls `on_silence` every 0.1 seconds with the seconds since something was heard.

    It counts beats and does not read the clock: while this process is held up nothing can be heard, so that is no
    silence.
    """

    def __init__(self, on_silence: Callable[[float], None]) -> None:
        self._on_silence = on_silence
        self._beats = 0
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to count."""
        self._beats = 0
        self._next = asyncio.get_running_loop().call_later(BEAT_S, self._beat)

    def heard(self) -> None:
        """Say that there was a sign of life, or that from now on one is due."""
        self._beats = 0

    def stop(self) -> float:
        """Count no more; return the seconds of silence at the end."""
        if self._next:
            self._next.cancel()
            self._next = None
        return self._beats * BEAT_S

    def _beat(self) -> None:
        self._next = asyncio.get_running_loop().call_later(BEAT_S, self._beat)
        silent_s = self._beats * BEAT_S  # the first beat may come right after a sign of life
        self._beats += 1
        self._on_silence(silent_s)
