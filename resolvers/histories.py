"""What people said about movies, for who asks now; those that wait at the same moment are asked for together."""

from __future__ import annotations

from uuid import UUID

from database.pipeline import Statement
from recsys.history import TOLD, history
from recsys.scoring import History
from resolvers.plan import Plan
from resolvers.reader import Reader

_ONE = TOLD.format(user="$1::uuid")
_MANY = f"select n, ({TOLD.format(user='asked.id::uuid')}) from unnest($1::text[]) with ordinality as asked (id, n)"


class Histories:
    """Reads what a person said up to this moment, their last action included."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._plan = Plan(Statement(_ONE), Statement(_MANY), parameters=(), holes=(), refusals={})

    async def of(self, user_id: UUID, movies: int) -> History:
        """Return the history of a person with movies below this `database_id`.

        Raises StatementFailed, DatabaseUnavailable, Overloaded.
        """
        return history(await self._reader.read(self._plan, [user_id.hex.encode()]), movies)
