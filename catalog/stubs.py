"""Movies of which nothing but an id of somebody else's is known yet: the first use of the id makes one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from database.ids import uuid7

IMDB_ID = re.compile(r"tt(?!0+\Z)[0-9]{7,12}\Z", re.ASCII)
"""An id of which a stub may be made: of nothing but noughts there is no movie."""

# Whoever else makes one at the same moment is waited for, and theirs is found when this is run once more.
_MINT_BY = """
with asked as (
  select distinct on (key) key, id from unnest(%(keys)s::{type}[], %(ids)s::uuid[]) as given (key, id)),
made as (
  insert into movies (id, {column}, title)
  select a.id, a.key, '' from asked a
   where not exists (select from movies m where m.{column} = a.key)
     and not exists (select from movie_external_ids x where x.source = '{source}' and x.external_id = a.key::text)
  on conflict ({column}) do nothing
  returning id, {column} as key)
select a.key, coalesce(made.id, m.id, x.movie_id) from asked a
  left join made using (key)
  left join movies m on m.{column} = a.key
  left join movie_external_ids x on x.source = '{source}' and x.external_id = a.key::text"""
_BY_TMDB = _MINT_BY.format(column="tmdb_id", type="integer", source="tmdb")
_BY_IMDB = _MINT_BY.format(column="imdb_id", type="text", source="imdb")


def minting_tmdb(keys: Sequence[int]) -> tuple[str, dict[str, list[int] | list[UUID]]]:
    """Return the statement and values that give each TMDb id and its movie's id, null where it must be run once more."""
    return _BY_TMDB, {"keys": list(keys), "ids": [uuid7() for _ in keys]}


def minting_imdb(keys: Sequence[str]) -> tuple[str, dict[str, list[str] | list[UUID]]]:
    """Return the same for IMDb ids."""
    return _BY_IMDB, {"keys": list(keys), "ids": [uuid7() for _ in keys]}
