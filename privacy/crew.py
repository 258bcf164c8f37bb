"""What a server does for people who want to have, or to destroy, all that is kept of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from typing import IO
from uuid import UUID

from accounts.keys import Keys
from accounts.masters import MasterKeys
from database.crew import Conn, Crew
from privacy.erasing import Certificate, erase
from privacy.exporting import export


class PersonalData:
    """Exports and erases. Each method raises Overloaded when too many wait.

    `keys` are those of the event loop; threads unwrap theirs with `masters`. `on_append` is called in the event loop
    after an erasure, with one command and the number of its events.
    """

    def __init__(
        self,
        conninfo: str,
        masters: MasterKeys,
        keys: Keys,
        on_append: Sequence[Callable[[int, int], None]],
    ) -> None:
        self._crew = Crew(conninfo, "privacy")
        self._masters, self._keys, self._on_append = masters, keys, on_append

    async def export(self, user_id: UUID) -> IO[bytes] | None:
        """Return the zip of a person, at its beginning; None for who is erased. Whoever gets it closes it."""

        def exported(conn: Conn) -> IO[bytes] | None:
            if conn.execute("select from users where id = %s", (user_id,)).fetchone() is None:
                return None
            archive = tempfile.TemporaryFile()  # noqa: SIM115 it is given away
            try:
                export(conn, Keys(self._masters), user_id, archive)
            except BaseException:
                archive.close()
                raise
            archive.seek(0)
            return archive

        return await self._crew.run(exported)

    async def erase(self, user_id: UUID) -> Certificate | None:
        """Erase a person, whether or not who asks still waits; None for nobody."""
        loop = asyncio.get_running_loop()

        def erased(conn: Conn) -> Certificate | None:
            done = erase(conn, Keys(self._masters), user_id, "person", self._crew.goes_on)
            loop.call_soon_threadsafe(self._keys.forget, user_id)
            if done:
                for tell in self._on_append:
                    loop.call_soon_threadsafe(tell, 1, 1 + done.withdrawn)
            return done

        return await self._crew.run(erased)

    async def close(self) -> None:
        """End each job; a worker goes on with an erasure."""
        await self._crew.close()
