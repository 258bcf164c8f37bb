"""Where a server's imports are done: a few threads with connections of their own, beside the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from database.backlog import Overloaded
from database.connect import connect
from events.handle import FoldInline
from imports.importing import Whose, confirm, undo
from imports.previewing import preview

Conn = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")

WORKERS = 2
WAITING = 8
"""Imports that wait for a thread at most."""
EACH_S = 2.0
"""What an import takes, as far as those are told who are refused."""
STATEMENT_S = 60.0
LOCK_S = 5.0


class Imports:
    """Previews, confirms and undoes imports. What has begun goes on when its client has gone, but not when the server ends.

    Each method raises Overloaded when too many wait.
    """

    def __init__(
        self,
        conninfo: str,
        fold_inline: FoldInline,
        on_append: Sequence[Callable[[int, int], None]],
        *,
        most_stubs: int,
    ) -> None:
        """`on_append` is called in the event loop after an import, with one command and the number of its events."""
        self._conninfo, self._fold_inline, self._most_stubs = conninfo, fold_inline, most_stubs
        self._on_append = on_append
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="imports")
        self._places = threading.BoundedSemaphore(WORKERS + WAITING)
        self._is_closing = threading.Event()

    async def preview(self, user_id: UUID, name: str, body: bytes) -> UUID:
        """Return the id of the import that an upload may become. Raises BadExport."""
        return await self._run(lambda conn: preview(conn, user_id, name, body, self._most_stubs))

    async def confirm(self, user_id: UUID, import_id: UUID, *, replaces: bool) -> None:
        """Import what was previewed. Raises UnknownImport, ImportUndone."""
        whose = Whose(user_id, import_id, self._fold_inline)
        await self._append(lambda conn: confirm(conn, whose, replaces=replaces, may_go_on=self._goes_on))

    async def undo(self, user_id: UUID, import_id: UUID) -> None:
        """Take an import back. Raises UnknownImport, NotImported."""
        whose = Whose(user_id, import_id, self._fold_inline)
        await self._append(lambda conn: undo(conn, whose, may_go_on=self._goes_on))

    async def close(self) -> None:
        """End each import after its chunk; who asks for it again has it go on from there."""
        self._is_closing.set()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    def _goes_on(self) -> bool:
        return not self._is_closing.is_set()

    async def _append(self, work: Callable[[Conn], int]) -> None:
        """Run what appends events, and tell of them whether or not its client still waits."""
        loop = asyncio.get_running_loop()

        def appended(conn: Conn) -> None:
            events = work(conn)
            for tell in self._on_append if events else ():
                loop.call_soon_threadsafe(tell, 1, events)

        await self._run(appended)

    async def _run(self, work: Callable[[Conn], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise Overloaded(EACH_S)
        job = self._threads.submit(self._with_connection, work)
        # a caller who goes away leaves a place only when the thread is done, else the bound would not hold
        job.add_done_callback(lambda _: self._places.release())
        return await asyncio.shield(asyncio.wrap_future(job))

    def _with_connection(self, work: Callable[[Conn], T]) -> T:
        with connect(
            self._conninfo,
            application="projectionist import",
            statement_timeout_s=STATEMENT_S,
            lock_timeout_s=LOCK_S,
        ) as conn:
            return work(conn)
