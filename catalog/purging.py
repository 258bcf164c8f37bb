"""Takes out of the catalogue what TMDb said, when its time is over."""

from __future__ import annotations

from typing import Any

import psycopg

from catalog.facts import COLUMNS, EMPTY

MOST_DAYS = 180
"""For which TMDb's terms allow a copy to be kept."""

_PURGE_COLUMNS = f"""
with gone as (
  select m.id, array(select k from jsonb_each_text(m.told_by) e (k, v) where v = 'tmdb') as keys
    from movies m where m.id = any (%(ids)s)),
wanted as materialized (
  select m.id, g.keys, jsonb_populate_record(m, coalesce((
    select jsonb_object_agg(k, coalesce({EMPTY}->k, 'null')) from unnest(g.keys) k where k = any (%(columns)s)
  ), '{{}}')) as n from gone g join movies m on m.id = g.id)
update movies m set told_by = m.told_by - w.keys, updated_at = now(),
  director = case when 'directors' = any (w.keys) then null else m.director end,
  ({", ".join(COLUMNS)}) = row({", ".join(f"(w.n).{name}" for name in COLUMNS)})
from wanted w where w.id = m.id"""
_OVERDUE = """
select movie_id from movie_copies where source = 'tmdb' and fetched_at is not null
   and fetched_at < now() - make_interval(days => %(days)s)
 order by fetched_at limit %(most)s for update skip locked"""
_PURGE_LISTS = (
    """delete from movie_credits c using movies m where m.id = c.movie_id and m.id = any (%(ids)s)
        and m.told_by->>(case c.job when 'ACTOR' then 'cast' else 'directors' end) = 'tmdb'""",
    """delete from movie_genres g using movies m where m.id = g.movie_id and m.id = any (%(ids)s)
        and m.told_by->>'genres' = 'tmdb'""",
    """delete from movie_certifications c using movies m where m.id = c.movie_id and m.id = any (%(ids)s)
        and m.told_by->>'certifications' = 'tmdb'""",
    "delete from movie_translations where movie_id = any (%(ids)s) and source = 'tmdb'",
    "delete from movie_external_ratings where movie_id = any (%(ids)s) and source = 'tmdb'",
    """update movies m set (rating, vote_count) = (
         select round(value * 10 / scale, 1), votes from movie_external_ratings r where r.movie_id = m.id
          union all select null, 0 order by 2 desc, 1 nulls last limit 1) where m.id = any (%(ids)s)""",
    "delete from movie_offers where movie_id = any (%(ids)s)",
    "delete from movie_copies where movie_id = any (%(ids)s) and source = 'tmdb'",
)


def purge(conn: psycopg.Connection[Any], *, days: int = MOST_DAYS, most: int = 500) -> int:
    """Remove what TMDb said of some movies longer ago than this; their ids stay. Return how many there were."""
    with conn.transaction():
        ids = [row[0] for row in conn.execute(_OVERDUE, {"days": days, "most": most})]
        if ids:
            for statement in _PURGE_LISTS:
                conn.execute(statement, {"ids": ids})
            conn.execute(_PURGE_COLUMNS, {"ids": ids, "columns": list(COLUMNS)})
    return len(ids)
