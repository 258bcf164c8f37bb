"""A server's imports: what a crew does for people who bring something."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from database.crew import Conn, Crew
from events.handle import FoldInline
from imports.importing import Whose, confirm, undo
from imports.previewing import preview


class Imports:
    """Previews, confirms and undoes imports. What has begun goes on when its client has gone, but not when the server ends.

    Each method raises Overloaded when too many wait. `on_append` is called in the event loop after an import, with one
    command and the number of its events.
    """

    def __init__(
        self,
        conninfo: str,
        fold_inline: FoldInline,
        on_append: Sequence[Callable[[int, int], None]],
        *,
        most_stubs: int,
    ) -> None:
        self._crew = Crew(conninfo, "import")
        self._fold_inline, self._most_stubs, self._on_append = fold_inline, most_stubs, on_append

    async def preview(self, user_id: UUID, name: str, body: bytes) -> UUID:
        """Return the id of the import that an upload may become. Raises BadExport."""
        return await self._crew.run(lambda conn: preview(conn, user_id, name, body, self._most_stubs))

    async def confirm(self, user_id: UUID, import_id: UUID, *, replaces: bool) -> None:
        """Import what was previewed. Raises UnknownImport, ImportUndone."""
        whose, goes_on = Whose(user_id, import_id, self._fold_inline), self._crew.goes_on
        await self._append(lambda conn: confirm(conn, whose, replaces=replaces, may_go_on=goes_on))

    async def undo(self, user_id: UUID, import_id: UUID) -> None:
        """Take an import back. Raises UnknownImport, NotImported."""
        whose = Whose(user_id, import_id, self._fold_inline)
        await self._append(lambda conn: undo(conn, whose, may_go_on=self._crew.goes_on))

    async def close(self) -> None:
        """End each import after its chunk; who asks for it again has it go on from there."""
        await self._crew.close()

    async def _append(self, work: Callable[[Conn], int]) -> None:
        """Run what appends events, and tell of them whether or not its client still waits."""
        loop = asyncio.get_running_loop()

        def appended(conn: Conn) -> None:
            events = work(conn)
            for tell in self._on_append if events else ():
                loop.call_soon_threadsafe(tell, 1, events)

        await self._crew.run(appended)
