"""Long work of a server: a few threads with connections of their own, beside the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg

from database.backlog import Overloaded
from database.connect import connect

T = TypeVar("T")
Conn = psycopg.Connection[tuple[Any, ...]]

WORKERS = 2
WAITING = 8
"""Jobs that wait for a thread at most."""
EACH_S = 2.0
"""What a job takes, as far as those are told who are refused."""
STATEMENT_S = 60.0
LOCK_S = 5.0


class Crew:
    """Does jobs, each with a connection. What has begun goes on when its client has gone; `name` is that of the threads."""

    def __init__(self, conninfo: str, name: str) -> None:
        self._conninfo, self._name = conninfo, name
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix=name)
        self._places = threading.BoundedSemaphore(WORKERS + WAITING)
        self._is_closing = threading.Event()

    def goes_on(self) -> bool:
        """Whether a job may begin its next part: not when the server ends."""
        return not self._is_closing.is_set()

    async def run(self, work: Callable[[Conn], T]) -> T:
        """Return what a job returns. Raises Overloaded when too many wait, and what the job raises."""
        if not self._places.acquire(blocking=False):
            raise Overloaded(EACH_S)
        job = self._threads.submit(self._with_connection, work)
        # a caller who goes away leaves a place only when the thread is done, else the bound would not hold
        job.add_done_callback(lambda _: self._places.release())
        return await asyncio.shield(asyncio.wrap_future(job))

    async def close(self) -> None:
        """End each job where it asks whether it goes on."""
        self._is_closing.set()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    def _with_connection(self, work: Callable[[Conn], T]) -> T:
        with connect(
            self._conninfo,
            application=f"projectionist {self._name}",
            statement_timeout_s=STATEMENT_S,
            lock_timeout_s=LOCK_S,
        ) as conn:
            return work(conn)
