"""Which movies exist, as far as this process has asked: movies are never removed, so one that was seen once is known."""

from __future__ import annotations

from uuid import UUID

from database.pipeline import Statement
from resolvers.reader import Readable, Reader

MOST = 100_000
"""Movies that a process remembers."""

_ONE = "select exists (select from movies where id = $1::uuid)"
_MANY = """
select n, exists (select from movies where id = asked.id::uuid)
  from unnest($1::text[]) with ordinality as asked (id, n)"""


class KnownMovies:
    """Asks each movie once; those that wait to be asked go out together."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[UUID, None] = {}
        self._exists = Readable(Statement(_ONE), Statement(_MANY))

    async def has(self, movie_id: UUID) -> bool:
        """Whether there is such a movie. Raises StatementFailed, DatabaseUnavailable."""
        if movie_id in self._known:
            return True
        if await self._reader.read(self._exists, [movie_id.hex.encode()]) != b"t":
            return False
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[movie_id] = None
        return True
