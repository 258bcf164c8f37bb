"""What is liked now: likes by movie, each counting half after a half-life."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from database.connect import Pool

HALVINGS = 10
"""Older days count less than a thousandth, and are left out."""

# Counted back from the newest day that anything was liked on, as trending is: so data that stands still keeps its order.
_DECAYED = """
with liked as (select movie_id, day, like_count + high_rating_count + favorite_count as likes
                 from popularity_metrics where like_count + high_rating_count + favorite_count > 0),
newest as (select max(day) as day from liked)
select string_agg(m.database_id || ',' || p.likes, ',' order by m.database_id)
  from (select movie_id, sum(likes * 0.5 ^ ((newest.day - liked.day) / %(half_life_days)s::float8)) as likes
          from liked cross join newest
         where newest.day - liked.day < %(half_life_days)s * %(halvings)s
         group by movie_id) as p
  join movies m on m.id = p.movie_id"""


async def live_popularity(pool: Pool, movies: int, *, half_life_days: float) -> NDArray[np.float32]:
    """Return the decayed likes of the movies below this `database_id`: reactions, high ratings and favourites alike.

    They are some moments old, for followers fold them. Raises psycopg.Error, PoolTimeout.
    """
    values = {"half_life_days": half_life_days, "halvings": HALVINGS}
    async with pool.connection() as conn:
        (told,) = await (await conn.execute(_DECAYED, values)).fetchone() or (None,)
    likes = np.zeros(movies, np.float32)
    if told:
        pairs = np.fromstring(told, np.float64, sep=",").reshape(-1, 2)
        pairs = pairs[pairs[:, 0] < movies]
        likes[pairs[:, 0].astype(np.int64)] = pairs[:, 1]
    return likes
