"""What chat needs of a process: the model outside, if there is one, and the answers that are being written."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Outside:
    """An OpenAI-compatible endpoint; an answer of it takes `timeout_s` at most, whatever it does."""

    url: str
    model: str
    key: str = field(repr=False)
    timeout_s: float


class Answering:
    """Writes answers beside the requests that asked for them: they go on when a client goes away."""

    def __init__(self, outside: Outside | None) -> None:
        self.outside = outside
        self._writing: set[asyncio.Task[None]] = set()
        self._listeners: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let an answer be written; `work` raises nothing."""
        task = asyncio.create_task(work)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return task

    def tell(self, session_id: UUID) -> None:
        """Say that something of a session changed."""
        for listener in self._listeners.get(session_id, ()):
            listener.set()

    def listen(self, session_id: UUID) -> asyncio.Event:
        """Return what is set whenever this process changes something of a session, until `forget`."""
        listener = asyncio.Event()
        self._listeners[session_id].add(listener)
        return listener

    def forget(self, session_id: UUID, listener: asyncio.Event) -> None:
        """Tell a listener no more."""
        self._listeners[session_id].discard(listener)
        if not self._listeners[session_id]:
            del self._listeners[session_id]

    async def close(self) -> None:
        """End what is being written; what is not done is answered when it is asked again."""
        for task in self._writing:
            task.cancel()
        if self._writing:
            await asyncio.wait(self._writing)


async def set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, for so long at most, and clear it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()
