"""Waiting for what happens in another thread, process or session: on a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable

SOON_S = 60.0
"""How long a busy machine may take for what is done at once."""


def until(true: Callable[[], object]) -> None:
    """Return as soon as something is true; fail when that does not come."""
    deadline = time.monotonic() + SOON_S
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)
