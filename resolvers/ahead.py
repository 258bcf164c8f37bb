"""Recommendations that are computed ahead and stored, for people who did something since the last time."""

from __future__ import annotations

from uuid import UUID

import numpy as np

from database.connect import Pool
from database.ids import uuid7
from recsys.history import TOLD
from recsys.movies import Filter
from recsys.reasons import reasons
from recsys.scoring import Algorithm
from recsys.slates import ranked
from recsys.standing import Standing
from resolvers.reason_rows import reason_rows

MOST = 20
"""Movies that are stored for a person."""

_DUE = """
select u.id from users u
 where exists (select from viewing_states s
                where s.user_id = u.id
                  and s.last_interaction_at > coalesce(
                        (select min(r.generated_at) - interval '10 seconds' from user_recommendations r
                          where r.user_id = u.id and r.algorithm = 'BLEND'), '-infinity'))
 limit %s"""
"""Ten seconds: who began an action before a computation may be recorded after it."""
_TOLD = TOLD.format(user="%(user)s")
_FORGET = "delete from user_recommendations where user_id = %(user)s and algorithm = 'BLEND'"
_STORE = """
with stored as (
  insert into user_recommendations (user_id, algorithm, rank, movie_id, score, slate_id, model_id, propensity)
  select u.id, 'BLEND', rank, movie_id, score, %(slate)s, %(model)s, propensity
    from users u
   cross join unnest(%(movies)s::uuid[], %(scores)s::float8[], %(propensities)s::float8[]) with ordinality
         as l (movie_id, score, propensity, rank)
   where u.id = %(user)s and movie_id in (select id from movies)
  returning user_id, movie_id)
insert into recommendation_reasons (user_id, algorithm, movie_id, rank, text, because_movie_id)
select s.user_id, 'BLEND', s.movie_id, n, coalesce('Because you liked “' || m.title || '”', why.text, ''), m.id
  from stored s
  join unnest(%(movies)s::uuid[], %(reasons)s::jsonb[]) as l (movie_id, reasons) using (movie_id)
 cross join lateral rows from (jsonb_to_recordset(l.reasons) as (because_movie_id uuid, text text)) with ordinality
       as why (because_movie_id, text, n)
  left join movies m on m.id = why.because_movie_id"""


async def due(pool: Pool, most: int) -> list[UUID]:
    """Return some of the people whose stored recommendations are older than what they did."""
    async with pool.connection() as conn:
        return [row[0] for row in await (await conn.execute(_DUE, (most,))).fetchall()]


async def store(
    pool: Pool, standing: Standing, user_id: UUID, *, explored: float, dice: np.random.Generator
) -> None:
    """Compute a person's recommendations and store them in place of those before. Raises psycopg.Error, PoolTimeout.

    A share of `explored` (0 to 1) of the places is left to chance, as in other slates.
    """
    async with pool.connection() as conn:
        (told,) = await (await conn.execute(_TOLD, {"user": user_id})).fetchone() or ("",)
        known = standing.history(told.encode())
        best = ranked(
            standing,
            known,
            Algorithm.BLEND,
            standing.movies.allowed(Filter()),
            explored=explored,
            dice=dice,
        )
        found = best.movies[:MOST].astype(np.int64)
        why = reasons(standing.scorer, known, found)
        values = {
            "user": user_id,
            "slate": uuid7(),
            "model": standing.model_id,
            "movies": standing.movies.ids[found].astype(str).tolist(),
            "scores": best.scores[:MOST].astype(np.float64).tolist(),
            "propensities": best.propensities[:MOST].astype(np.float64).tolist(),
            "reasons": [
                reason_rows(standing, movie, each) for movie, each in zip(found.tolist(), why, strict=True)
            ],
        }
        # a short one: by its time it is told who was shown this slate, or the last
        async with conn.transaction():
            await conn.execute(_FORGET, values)
            await conn.execute(_STORE, values)
