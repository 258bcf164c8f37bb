"""Hears that the catalogue changed, whoever changed it: what was rendered of it is not good any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import psycopg

from database.connect import session_conninfo
from resolvers.fragments import Fragments

log = logging.getLogger(__name__)

_PROBE_S = 1.0
"""How long nothing is heard before PostgreSQL is asked for a sign of life, and how long that may take."""


class CatalogueNews:
    """Listens from now on; while it cannot, nothing that was rendered is kept. `changed` is called after each change."""

    def __init__(self, conninfo: str, fragments: Fragments | None, changed: Callable[[], None]) -> None:
        self._conninfo = session_conninfo(conninfo, application="projectionist news")
        self._fragments = fragments or Fragments(0)
        self._changed = changed
        self._task = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Hear no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as conn:
                    await conn.execute("listen catalogue")
                    self._fragments.told(True)
                    self._changed()
                    while True:
                        async for _ in conn.notifies(timeout=_PROBE_S):
                            self._fragments.clear()
                            self._changed()
                        async with asyncio.timeout(_PROBE_S):
                            await conn.execute("select 1")
            except (psycopg.Error, OSError, TimeoutError) as failure:
                log.warning(
                    "changes of the catalogue are not heard", extra={"reason": type(failure).__name__}
                )
            finally:
                self._fragments.told(False)
            await asyncio.sleep(_PROBE_S)
