"""Whether anybody has anything to do with a movie."""

from __future__ import annotations

from uuid import UUID

from projections.checkpoints import Conn

_IS_USED = """
select exists (select from events where movie_id = %(id)s) or exists (select from list_items where movie_id = %(id)s)"""


def is_used(conn: Conn, movie_id: UUID) -> bool:
    """Return whether the log has an event about a movie, or a list ever had it. Reads much: no request may wait for it."""
    (found,) = conn.execute(_IS_USED, {"id": movie_id}).fetchone() or (False,)
    return bool(found)
