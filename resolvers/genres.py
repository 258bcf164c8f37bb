"""What genres a person says they like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from events.errors import Rejected
from events.genres import FavoriteGenresChosen
from events.log import Source
from events.person_locks import lock_people_async
from events.record import append_alone
from projections.registry import fold_inline
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.ids import uuid_of
from resolvers.interactions import Payload, refused

MOST = 20
"""Favourite genres of a person."""

_genre = uuid_of("Genre")
_KNOWN = "select count(*) from genres where id = any (%s)"


class UnknownGenre(Rejected):
    """There is no genre with one of these ids."""

    code: ClassVar[str] = "UNKNOWN_GENRE"
    path = ("genreIds",)


async def set_favorite_genres(context: Context, given: Mapping[str, Any]) -> Payload:
    """Record the favourite genres, in place of all before."""
    viewer = context.require_viewer()
    genre_ids = tuple(dict.fromkeys(UUID(_genre(each)) for each in given["genreIds"]))
    if len(genre_ids) > MOST:
        raise BadInput(f"Choose {MOST} genres at most.")
    fact = FavoriteGenresChosen(user_id=viewer.id, genre_ids=genre_ids)
    async with context.acting() as conn:
        await lock_people_async(conn, viewer.id)
        (known,) = await (await conn.execute(_KNOWN, (list(genre_ids),))).fetchone() or (0,)
        if known != len(genre_ids):
            return refused(UnknownGenre(), viewer=str(viewer.id))
        await conn.execute(*append_alone([fact], fold_inline, source=Source.WEB))
    return {"errors": "[]", "viewer": str(viewer.id)}
