"""What people did whom a person follows, for the digest: as far as they show it, at the moment of reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from events.lists import ListCreated
from events.reviews import ReviewWritten
from events.viewing import MovieWatched
from notifications.record import Conn
from projections.audiences import NEWS

MOST = 5
"""Pieces of news in a digest."""

_SHOWN = NEWS.format(t="a", viewer="%(user)s")
# the newest of each person before a second one of anybody: whoever sees ten movies a day does not fill it alone
_FOUND = f"""
select position
  from (select a.position, row_number() over (partition by a.user_id order by a.position desc) as nth
          from activities a left join movies m on m.id = a.movie_id
         where {_SHOWN} and a.type in ('{ReviewWritten.type}', '{MovieWatched.type}', '{ListCreated.type}')
           and a.occurred_at > %(since)s and m.adult is not true) as told
 order by nth, position desc limit {MOST}"""
_READ = f"""
select u.username as who, a.type, m.id as movie_id, m.title, m.release_year as year, d.half_stars, t.body as list_title
  from unnest(%(positions)s::bigint[]) with ordinality as asked (position, n)
  join activities a using (position)
  join users u on u.id = a.user_id
  left join movies m on m.id = a.movie_id
  left join diary d on (d.user_id, d.movie_id, d.position) = (a.user_id, a.movie_id, a.position)
  left join lists l on l.list_id = a.list_id
  left join texts t on t.id = l.title_id
 where {_SHOWN} and coalesce(m.title, t.body) is not null
 order by asked.n"""


@dataclass(frozen=True, slots=True)
class News:
    """What somebody did: `movie_id` and `title` are of a movie, `list_title` of a list that they made."""

    who: str
    type: str
    movie_id: UUID | None
    title: str | None
    year: int | None
    half_stars: int | None
    list_title: str | None

    @property
    def said(self) -> str:
        """What happened, as a sentence without its end."""
        match self.type:
            case ReviewWritten.type:
                return f"{self.who} reviewed {self.title}"
            case MovieWatched.type:
                stars = "" if self.half_stars is None else f": {self.half_stars / 2:g} of 5 stars"
                return f"{self.who} watched {self.title}{stars}"
            case _:
                return f"{self.who} made the list {self.list_title}"


async def find_news(conn: Conn, user_id: UUID, since: datetime) -> tuple[int, ...]:
    """Return the positions of the news for a person that are younger than a moment."""
    found = await conn.execute(_FOUND.encode(), {"user": user_id, "since": since})
    return tuple(position for (position,) in await found.fetchall())


async def read_news(conn: Conn, user_id: UUID, positions: Sequence[int]) -> list[News]:
    """Return what of these is still so and still shown to the person."""
    if not positions:
        return []
    async with conn.cursor(row_factory=class_row(News)) as cursor:
        await cursor.execute(_READ.encode(), {"user": user_id, "positions": list(positions)})
        return await cursor.fetchall()
