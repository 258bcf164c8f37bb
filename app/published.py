"""What other programs find in Redis, under names of its own: movies, what is trending, what is like a movie.

Nothing here reads it: this server answers from PostgreSQL. While Redis is away nothing is written, and nothing is missed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from redis.exceptions import RedisError

from app.fetching import Conn
from app.remote_limits import blocking_redis

log = logging.getLogger(__name__)

TRENDING = "movie_rec:trending_movies"
RECOMMENDATIONS = "movie_rec:recommendations_{}"
DETAILS = "movie_{}_details"
LISTS_S = 3600
DETAILS_S = 86_400
EVERY_S = 1800.0
"""Lists are written this often, so that they never run out."""

_SHOWN = "'title', m.title, 'poster_path', m.poster_path, 'overview', m.overview"
_LISTED = f"jsonb_build_object('id', m.tmdb_id, {_SHOWN})"
_TRENDING = f"""
select m.id, {_LISTED} from trending t join movies m on m.id = t.movie_id
 where t.win = 'WEEK' and t.score > 0 and m.tmdb_id is not null order by t.score desc, m.id limit 20"""
_SIMILAR = f"""
select f.tmdb_id, jsonb_agg({_LISTED} order by s.rank)
  from similar_movies s join movies f on f.id = s.movie_id join movies m on m.id = s.similar_id
 where s.movie_id = any (%s) and f.tmdb_id is not null and m.tmdb_id is not null group by f.tmdb_id"""
_DETAILS = f"""
select m.tmdb_id, jsonb_build_object({_SHOWN})
  from movies m where m.id = any (%s) and m.tmdb_id is not null and m.title <> ''"""

Values = Mapping[str, tuple[Any, int]]


class Published:
    """Writes what is due; without an address of Redis nothing ever is."""

    def __init__(self, redis_url: str | None) -> None:
        self._redis = blocking_redis(redis_url) if redis_url else None
        self._due = 0.0

    def round(self, conn: Conn, changed: Sequence[UUID]) -> None:
        """Write movies that were fetched just now, and every half hour the lists with their movies."""
        if self._redis is None:
            return
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + EVERY_S
            trending = conn.execute(_TRENDING).fetchall()
            ids = [movie_id for movie_id, _ in trending]
            similar = conn.execute(_SIMILAR, (ids,)).fetchall()
            lists = {RECOMMENDATIONS.format(key): (movies, LISTS_S) for key, movies in similar}
            self._write({TRENDING: ([movie for _, movie in trending], LISTS_S), **lists})
            changed = [*changed, *ids]
        if changed:
            rows = conn.execute(_DETAILS, (list(changed),)).fetchall()
            self._write({DETAILS.format(key): (movie, DETAILS_S) for key, movie in rows})

    def close(self) -> None:
        """Close the connection."""
        if self._redis is not None:
            self._redis.close()

    def _write(self, values: Values) -> None:
        assert self._redis is not None
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                for key, (value, seconds) in values.items():
                    pipe.set(key, orjson.dumps(value), ex=seconds)
                pipe.execute()
        except (RedisError, OSError) as error:
            log.info(
                "redis is away", extra={"meanwhile": "nothing is written", "reason": type(error).__name__}
            )
