"""What recommendations are made of, as it was when each slate was made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from events.genres import FavoriteGenresChosen
from events.pair import Status
from projections.newest import BITS
from recsys.copying import Conn, Rows, copied
from recsys.evaluation.logged import LIKED, Slates
from recsys.history import of_pairs
from recsys.model import Model
from recsys.popularity import HALVINGS
from recsys.reading import AXES
from recsys.scoring import History

_SLATES = 1_000
"""Whose histories one statement reads."""

_ASKED = """
unnest(%(slates)s::integer[], %(people)s::uuid[], %(positions)s::bigint[], %(moments)s::float8[])
  as asked (slate, person, before, made_at)"""
_UP_TO_THEN = "e.user_id = person and e.position < before and e.recorded_at <= to_timestamp(made_at)"
_PAIRS = f"""
copy (select slate, m.database_id, {", ".join(f"coalesce({axis}, 0)::bigint" for axis in AXES)}, last
        from (select slate, movie_id, {", ".join(f"{text} as {axis}" for axis, text in AXES.items())},
                     max(position) as last
                from {_ASKED} join events e on {_UP_TO_THEN}
               where movie_id is not null
               group by slate, movie_id) as pair
        join movies m on m.id = movie_id) to stdout (format binary)"""
_PAIR_COLUMNS = (("slate", ">i4"), ("movie", ">i4"), *((axis, ">i8") for axis in AXES), ("last", ">i8"))
_GENRES = f"""
select slate, array_agg(g.name)
  from {_ASKED}
  cross join lateral (select data->'genre_ids' as ids from events e
                       where {_UP_TO_THEN} and movie_id is null and type = '{FavoriteGenresChosen.type}'
                       order by position desc limit 1) as chosen
  join genres g on chosen.ids ? g.id::text
 group by slate"""
_LIKES = f"""
copy (select date_part('epoch', e.recorded_at), (e.occurred_at at time zone 'UTC')::date - date '1970-01-01',
             coalesce(m.database_id, 0)
        from events e left join movies m on m.id = e.movie_id
       where {LIKED} order by e.recorded_at) to stdout (format binary)"""
_LIKE_COLUMNS = (("recorded_at", ">f8"), ("day", ">i4"), ("movie", ">i4"))
_DISMISSED = 1 + tuple(Status).index(Status.NOT_INTERESTED)
_SEEN = 1 + tuple(Status).index(Status.SEEN)


def histories(conn: Conn, slates: Slates, model: Model) -> Iterator[History]:
    """Give the history of each slate's person, as serving had it then; movies that the model lacks are left out."""
    feature = {name: column for column, name in enumerate(model.features)}
    for low in range(0, len(slates), _SLATES):
        part = np.arange(low, min(low + _SLATES, len(slates)))
        asked: dict[str, Any] = {
            "slates": part.tolist(),
            "people": [each.tobytes().hex() for each in slates.user_ids[part]],
            "positions": slates.position[part].tolist(),
            "moments": slates.made_at[part].tolist(),
        }
        pairs = copied(conn, _PAIRS, asked, _PAIR_COLUMNS)
        pairs = pairs[pairs["movie"] < model.movies]
        pairs = pairs[np.lexsort((_said(pairs), pairs["slate"]))]
        chosen: dict[int, list[str]] = dict(conn.execute(_GENRES, asked).fetchall())
        bounds = np.searchsorted(pairs["slate"], np.append(part, low + len(part)))
        for slate, begin, end in zip(part.tolist(), bounds[:-1], bounds[1:], strict=True):
            known = [feature[f"genre:{name}"] for name in chosen.get(slate, ()) if f"genre:{name}" in feature]
            yield _history(pairs[begin:end], sorted(known))


def _said(pairs: Rows) -> NDArray[np.int64]:
    """Return the position of the newest opinion that holds, else of the watchlist, else of anything."""

    def holds(axis: str) -> NDArray[np.int64]:
        return np.where(_code(pairs, axis) > 0, pairs[axis] >> BITS, 0)

    opinion = np.maximum(np.maximum(holds("reaction"), holds("half_stars")), holds("favorite"))
    listed = holds("listed")
    return np.where(opinion > 0, opinion, np.where(listed > 0, listed, pairs["last"]))


def _history(pairs: Rows, features: list[int]) -> History:
    said = {axis: _code(pairs, axis) for axis in ("reaction", "half_stars", "favorite", "watched", "listed")}
    dismissed = (_code(pairs, "status") == _DISMISSED).astype(np.int64)
    said["watched"] |= _code(pairs, "status") == _SEEN
    known = of_pairs({**said, "dismissed": dismissed, "movie": pairs["movie"].astype(np.int64)})
    return History(known.liked, known.weights, known.disliked, known.known, np.array(features, np.int32))


def _code(pairs: Rows, axis: str) -> NDArray[np.int64]:
    code: NDArray[np.int64] = pairs[axis] & (1 << BITS) - 1
    return code


class PastPopularity:
    """What was popular, as `live_popularity` has it of the likes that were recorded up to a moment."""

    def __init__(self, conn: Conn, model: Model) -> None:
        likes = copied(conn, _LIKES, {}, _LIKE_COLUMNS)
        likes["movie"][likes["movie"] >= model.movies] = 0
        self._likes, self._newest = likes, np.maximum.accumulate(likes["day"])
        self._half_life, self._movies = model.config.half_life_days, model.movies
        self._counted, self._day = 0, 0
        self._popular = np.zeros(model.movies)

    def at(self, moment: float) -> tuple[NDArray[np.float64], bool]:
        """Return [movies] and whether it changed; the moments of successive calls do not fall."""
        upto = int(np.searchsorted(self._likes["recorded_at"], moment, side="right"))
        if upto == self._counted:
            return self._popular, False
        day = int(self._newest[upto - 1])
        if day != self._day:
            self._day, self._counted, self._popular = day, 0, np.zeros(self._movies)
        self._popular = self._popular + self._decayed(self._likes[self._counted : upto])
        self._counted = upto
        return self._popular, True

    def _decayed(self, likes: Rows) -> NDArray[np.float64]:
        ages = self._day - likes["day"]
        is_counted = (ages < self._half_life * HALVINGS) & (likes["movie"] > 0)
        weights = np.where(is_counted, 0.5 ** (ages / self._half_life), 0.0)
        return np.asarray(np.bincount(likes["movie"], weights, self._movies), np.float64)
