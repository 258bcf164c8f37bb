"""What people said about movies, for who asks now; those that wait at the same moment are asked for together."""

from __future__ import annotations

from uuid import UUID

from database.pipeline import Statement
from recsys.history import TOLD
from resolvers.reader import Readable, Reader

_ONE = TOLD.format(user="$1::uuid")
_MANY = f"select n, ({TOLD.format(user='asked.id::uuid')}) from unnest($1::text[]) with ordinality as asked (id, n)"


class Histories:
    """Reads what a person said up to this moment, their last action included."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._plan = Readable(Statement(_ONE), Statement(_MANY))

    async def told(self, user_id: UUID) -> bytes:
        """Return what `recsys.history.history` takes. Raises StatementFailed, DatabaseUnavailable, Overloaded."""
        return await self._reader.read(self._plan, [user_id.hex.encode()], person=str(user_id))
