"""Which movies there are, as far as this process has asked since the catalogue changed."""

from __future__ import annotations

from uuid import UUID

from database.pipeline import Statement
from resolvers.reader import Readable, Reader

MOST = 100_000
"""Movies that a process remembers."""

_STANDING = "(select coalesce(m.merged_into, m.id) from movies m where m.id = {}::uuid)"
_ONE = f"select {_STANDING.format('$1')}"
_MANY = f"select n, {_STANDING.format('asked.id')} from unnest($1::text[]) with ordinality as asked (id, n)"


class KnownMovies:
    """Asks each movie once; those that wait to be asked go out together."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[UUID, UUID] = {}
        self._standing = Readable(Statement(_ONE), Statement(_MANY))

    async def standing(self, movie_id: UUID) -> UUID | None:
        """Return the movie, or the one that it was merged into; None where there is no such movie.

        Raises StatementFailed, DatabaseUnavailable.
        """
        known = self._known  # what is read now may be old when it comes, and then this is not kept any more
        if found := known.get(movie_id):
            return found
        text = await self._reader.read(self._standing, [movie_id.hex.encode()])
        if text == b"null":
            return None
        if len(known) >= MOST:
            known.clear()
        known[movie_id] = found = UUID(text.decode())
        return found

    def forget(self) -> None:
        """Ask again from now on: the catalogue changed."""
        self._known = {}
