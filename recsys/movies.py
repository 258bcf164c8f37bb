"""The catalogue as arrays by `database_id`: what filters look at, and which movie an id is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from database.connect import Pool
from recsys.model import Ints

_MOVIES = """
select string_agg(concat_ws(',', database_id, id, coalesce(release_year, 0), coalesce(runtime_minutes, 0),
                            translate(coalesce(original_language, ''), ',', '')), ',' order by database_id)
  from movies where merged_into is null"""
_GENRES = """
select g.database_id, g.id, g.name, g.slug,
       (select string_agg(m.database_id::text, ',') from movie_genres mg join movies m on m.id = mg.movie_id
         where mg.genre_id = g.id)
  from genres g order by g.database_id"""
_FIELDS = 5

Rows = Sequence[tuple[int, object, str, str, str | None]]
"""Genres as they are read."""


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre, and the movies that have it."""

    database_id: int
    id: str
    name: str
    slug: str
    movies: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which movies: every condition that is given must hold. `genres` and `genre_ids`: any of them."""

    genres: tuple[str, ...] = ()
    genre_ids: tuple[str, ...] = ()
    released_from: int | None = None
    released_to: int | None = None
    max_runtime_minutes: int | None = None
    original_language: str | None = None
    excluded_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Movies:
    """Arrays of one entry a column; a column without a movie has an empty id. What is not known is 0 or empty."""

    ids: NDArray[np.bytes_]
    years: Ints
    runtimes: Ints
    languages: NDArray[np.str_]
    genres: Mapping[int, Genre]
    there: NDArray[np.bool_]
    """Which columns have a movie."""
    _order: NDArray[np.int64]
    version: object = field(default_factory=object)
    """Equal to that of no other catalogue."""

    def __len__(self) -> int:
        return len(self.ids)

    def allowed(self, chosen: Filter) -> NDArray[np.bool_]:
        """Return [movies]: whether the filter lets each through; never a column without a movie."""
        passes = self.there.copy()
        if chosen.genres or chosen.genre_ids:
            passes &= self._of_genres({name.lower() for name in chosen.genres}, set(chosen.genre_ids))
        if chosen.released_from is not None:
            passes &= (self.years > 0) & (self.years >= chosen.released_from)
        if chosen.released_to is not None:
            passes &= (self.years > 0) & (self.years <= chosen.released_to)
        if chosen.max_runtime_minutes is not None:
            passes &= (self.runtimes > 0) & (self.runtimes <= chosen.max_runtime_minutes)
        if chosen.original_language is not None:
            passes &= self.languages == chosen.original_language.lower()
        passes[self.columns(chosen.excluded_ids)] = False
        return passes

    def columns(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the columns of the movies with these ids; those that there are not are left out."""
        asked = np.array(ids, "S36")
        places = np.minimum(np.searchsorted(self.ids, asked, sorter=self._order), len(self) - 1)
        columns: NDArray[np.int64] = self._order[places]
        found: NDArray[np.int64] = columns[self.ids[columns] == asked]
        return found

    def _of_genres(self, names: Set[str], ids: Set[str]) -> NDArray[np.bool_]:
        passes = np.zeros(len(self), np.bool_)
        for genre in self.genres.values():
            if genre.id in ids or {genre.slug, genre.name.lower()} & names:
                passes[genre.movies] = True
        return passes


async def newest(pool: Pool) -> int:
    """Return the greatest `database_id` that there is, 0 without any. Raises psycopg.Error, PoolTimeout."""
    async with pool.connection() as conn:
        (number,) = await (await conn.execute("select max(database_id) from movies")).fetchone() or (None,)
    return number or 0


async def told(pool: Pool) -> tuple[str, Rows]:
    """Return what `arranged` takes. Raises psycopg.Error, PoolTimeout."""
    async with pool.connection() as conn, conn.transaction():
        (movies,) = await (await conn.execute(_MOVIES)).fetchone() or (None,)
        genres = await (await conn.execute(_GENRES)).fetchall()
    return movies or "", genres


def arranged(movies: str, genres: Rows, columns: int = 0) -> Movies:
    """Return the catalogue that `told` has read, of so many columns at least."""
    values = movies.split(",") if movies else []
    at = np.array(values[::_FIELDS], np.int64)
    width = max(columns, int(at.max(initial=0)) + 1)

    def spread(values: Sequence[str], kind: str) -> NDArray[np.generic]:
        column = np.zeros(width, kind)
        column[at] = values
        return column

    ids = np.asarray(spread(values[1::_FIELDS], "S36"), np.bytes_)
    return Movies(
        ids=ids,
        years=np.asarray(spread(values[2::_FIELDS], "i4"), np.int32),
        runtimes=np.asarray(spread(values[3::_FIELDS], "i4"), np.int32),
        languages=np.asarray(spread(values[4::_FIELDS], "U8"), np.str_),
        genres={
            number: Genre(number, str(key), name, slug, _within(width, having))
            for number, key, name, slug, having in genres
        },
        there=ids != b"",
        _order=np.argsort(ids, kind="stable"),
    )


def _within(width: int, movies: str | None) -> Ints:
    found = np.array(movies.split(",") if movies else [], np.int32)
    return found[found < width]
