"""Deploying: every read table stands in the version that the program knows, and behind the second wall."""

from __future__ import annotations

from collections.abc import Callable

from projections.checkpoints import Conn, stale
from projections.rebuild import Progress, rebuild
from projections.registry import projections
from projections.wall import wall


def deploy(conn: Conn, *, on_progress: Callable[[Progress], None] = lambda _: None) -> list[str]:
    """Make every registered projection's table stand in its newest version; return the names that were (re)built."""
    built: list[str] = []
    for name in stale(conn):
        if name not in built:
            built += rebuild(conn, name, on_progress=on_progress).names
    for projection in projections().values():
        wall(conn, projection, "read")
    return built
