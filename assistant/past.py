"""What a person did with movies within some days, as their calendar has them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from assistant.messages import Turn
from assistant.results import SHOWN


def _day(column: str) -> str:
    zone = "coalesce((select time_zone from profiles where user_id = %(user)s), 'UTC')"
    return f"({column} at time zone {zone})::date"


_ACTIVE = "where user_id = %(user)s and is_active"
_RATED = f"select movie_id, {_day('rated_at')}, position from ratings where user_id = %(user)s"
_SOURCES = {
    "LIKED": f"{_RATED} and (reaction in ('LIKE', 'SUPER_LIKE') or half_stars >= 8)",
    "DISLIKED": f"{_RATED} and (reaction = 'DISLIKE' or half_stars <= 4)",
    "RATED": f"{_RATED} and half_stars is not null",
    "WATCHED": f"select movie_id, watched_on, position from diary {_ACTIVE}",
    "FAVORITES": f"select movie_id, {_day('favorited_at')}, position from favorites {_ACTIVE}",
    "WATCHLIST": f"select movie_id, {_day('added_at')}, position from watchlist {_ACTIVE}",
}
"""Movies with the day and what is the last."""
_MOVIES = """
with done as (
  select d.movie_id, max(d.day) as day, max(d.position) as position from ({source}) as d (movie_id, day, position)
    join movies m on m.id = d.movie_id
   where (%(first)s::date is null or d.day >= %(first)s) and (%(last)s::date is null or d.day <= %(last)s)
   group by d.movie_id
)
select (select count(*) from done), array(select movie_id from done order by day desc, position desc limit %(most)s)"""


async def movies_of(
    turn: Turn, what: str, first_day: date | None, last_day: date | None
) -> tuple[int, list[UUID]]:
    """Return how many movies there are of what the person did, and the last of them, the last first."""
    values = {"user": turn.user_id, "first": first_day, "last": last_day, "most": 2 * SHOWN}
    async with turn.context.acting() as conn:
        found = await (await conn.execute(_MOVIES.format(source=_SOURCES[what]), values)).fetchone()
    assert found is not None
    count, ids = found
    return count, ids
