"""Slates as the log has them: what stood at each place, with which probability, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from events.favorites import MovieFavorited
from events.pair import Reaction
from events.ratings import MovieRated
from events.reactions import MovieReacted
from events.slates import RecommendationClicked, RecommendationsServed
from recsys.copying import Conn, Rows, copied
from recsys.model import Ints
from recsys.weights import LIKED_HALF_STARS, REACTIONS

_LIKES = ", ".join(f"'{reaction}'" for reaction in Reaction if REACTIONS[reaction] > 0)
LIKED = f"""(type = '{MovieFavorited.type}'
        or type = '{MovieReacted.type}' and data->>'reaction' in ({_LIKES})
        or type = '{MovieRated.type}' and (data->>'half_stars')::integer >= {LIKED_HALF_STARS})"""
"""The events that popularity counts: a like or super-like, four stars or more, a favourite."""

# A slate is told of after the answer, its id (a UUIDv7 of this program) is made before: what came in between came after.
_MADE = """
case substr(data->>'slate_id', 15, 1)
  when '7' then to_timestamp(('x' || left(translate(data->>'slate_id', '-', ''), 12))::bit(48)::bigint / 1000.0)
  else recorded_at end"""
_COPY = f"""
copy (with served as materialized (
        select position, user_id, data, data->>'slate_id' as slate_id, {_MADE} as made_at from events
         where type = '{RecommendationsServed.type}' and position > %(low)s and position <= %(high)s
           and user_id not in (select user_id from events where type = 'user_erased'))
      select s.slate_id::uuid, s.user_id, s.position, date_part('epoch', s.made_at), s.first_rank + (n - 1)::integer,
             coalesce(m.database_id, 0), (s.propensities->>(n - 1)::integer)::float8,
             exists (select from events
                      where user_id = s.user_id and movie_id = s.movie_id
                        and type = '{RecommendationClicked.type}' and data->>'slate_id' = s.slate_id),
             exists (select from events
                      where user_id = s.user_id and movie_id = s.movie_id and {LIKED} and recorded_at > s.made_at
                        and occurred_at <= s.made_at + make_interval(days => %(days)s))
        from (select position, user_id, slate_id, made_at, n, shown.id::uuid as movie_id,
                     (data->>'first_rank')::integer as first_rank, data->'propensities' as propensities
                from served, jsonb_array_elements_text(data->'movie_ids') with ordinality as shown (id, n)) as s
        left join movies m on m.id = s.movie_id) to stdout (format binary)"""
_COLUMNS = (
    ("slate", "V16"),
    ("person", "V16"),
    ("position", ">i8"),
    ("made_at", ">f8"),
    ("rank", ">i4"),
    ("movie", ">i4"),
    ("propensity", ">f8"),
    ("clicked", "?"),
    ("liked", "?"),
)


@dataclass(frozen=True, slots=True)
class Slates:
    """Slates in the order in which they were made, an entry each; `person` is below `people`, `user_ids` has 16 bytes each.

    Everything that was recorded up to `made_at` (Unix time in seconds) lies at a position before `position`.
    """

    user_ids: NDArray[np.void]
    person: NDArray[np.int64]
    position: NDArray[np.int64]
    made_at: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.person)

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.person.max(initial=-1)) + 1


@dataclass(frozen=True, slots=True)
class Logged:
    """Places that were shown, an entry each, slate by slate; ranks begin with 1.

    `movie` is a column, 0 where the catalogue has it no more. `propensity` is the probability with which it came to
    stand there. `clicked`: opened in this slate. `liked`: within the days that were asked for.
    """

    slates: Slates
    slate: NDArray[np.int64]
    rank: Ints
    movie: Ints
    propensity: NDArray[np.float64]
    clicked: NDArray[np.bool_]
    liked: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.slate)

    @property
    def person(self) -> NDArray[np.int64]:
        """To whom each place was shown."""
        return self.slates.person[self.slate]


def read_logged(conn: Conn, *, low: int, high: int, days: int) -> Logged:
    """Return the slates that were recorded after `low` and up to `high`, without those of people who were erased since.

    What came of them is read to the end of the log.
    """
    return _logged(copied(conn, _COPY, {"low": low, "high": high, "days": days}, _COLUMNS))


def _logged(rows: Rows) -> Logged:
    first_of, of_row = np.unique(rows["slate"], return_index=True, return_inverse=True)[1:]
    position = np.full(len(first_of), np.iinfo(np.int64).max)
    np.minimum.at(position, of_row, rows["position"])
    order = np.lexsort((position, rows["made_at"][first_of]))
    first_of, position = first_of[order], position[order]
    user_ids = rows["person"][first_of]
    person = np.unique(user_ids, return_inverse=True)[1]
    slates = Slates(user_ids, person, position, rows["made_at"][first_of])
    slate = np.argsort(order)[of_row]
    # servers that share a slate may each tell of the same place
    places = np.unique(np.stack([slate, rows["rank"]]), axis=1, return_index=True)[1]
    return Logged(
        slates,
        slate[places],
        rows["rank"][places],
        rows["movie"][places],
        rows["propensity"][places],
        rows["clicked"][places],
        rows["liked"][places],
    )
