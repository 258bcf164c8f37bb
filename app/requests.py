"""What is kept of a request: its errors are counted, a line of the log says how it ended.

The line has the operation's name, and neither its document and variables nor anything of who asked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.metrics import Metrics
from resolvers.documents import Operation

log = logging.getLogger(__name__)

FAULTS = frozenset({"INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT"})
"""Errors that are ours or our database's; the others are the client's."""
NAME = 64
"""Characters of an operation's name that are shown."""


@dataclass(slots=True)
class Entry:
    """A request over HTTP, or an operation of a socket, as the log will have it."""

    id: str
    transport: str
    method: str | None
    path: str
    started: float = field(default_factory=time.perf_counter)
    name: str | None = None
    kind: str | None = None
    codes: set[str] = field(default_factory=set)
    bytes: int = 0

    def runs(self, operation: Operation) -> None:
        """Say what is asked for, as soon as it is known."""
        node = operation.node
        self.kind, self.name = node.operation.value, node.name.value if node.name else None


class Requests:
    """Where requests are counted and logged."""

    def __init__(self, metrics: Metrics, slow_ms: int) -> None:
        self._metrics, self._slow_s = metrics, slow_ms / 1_000

    def erred(self, entry: Entry, errors: Iterable[Mapping[str, Any]]) -> None:
        """Count the errors of an answer."""
        for error in errors:
            code = str(error["extensions"]["code"])
            entry.codes.add(code)
            self._metrics.errors.labels(code).inc()

    def is_logged(self, seconds: float) -> bool:
        """Whether a query without errors is logged that took so long."""
        return seconds >= self._slow_s or log.isEnabledFor(logging.DEBUG)

    def ended(self, entry: Entry, status: int | None = None) -> None:
        """Log a request: as a warning after a fault, as information when it was slow, else for debugging."""
        seconds = time.perf_counter() - entry.started
        waited = 0.0 if entry.kind == "subscription" else seconds  # nobody waits for the end of one
        level = logging.INFO if waited >= self._slow_s else logging.DEBUG
        if entry.codes and not FAULTS.isdisjoint(entry.codes):
            level = logging.WARNING
        if log.isEnabledFor(level):
            log.log(level, "request", extra=_line(entry, status, seconds))


def _line(entry: Entry, status: int | None, seconds: float) -> dict[str, Any]:
    return {
        "request_id": entry.id,
        "transport": entry.transport,
        "method": entry.method,
        "path": entry.path,
        "operation": shown(entry.name),
        "kind": entry.kind,
        "status": status,
        "codes": sorted(entry.codes),
        "ms": round(seconds * 1_000, 1),
        "bytes": entry.bytes,
    }


def shown(name: str | None) -> str | None:
    """Return a name that a document may have, cut; None for any other text that a client may send in its place."""
    return name[:NAME] if name and name.isascii() and name.isidentifier() else None
