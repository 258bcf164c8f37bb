"""What people said about movies, read from the log as it stood at a position: folded in SQL, copied into arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from events.facts import Event
from events.favorites import MovieFavorited, MovieUnfavorited
from events.pair import Reaction, Status
from events.ratings import MovieRated, RatingCleared
from events.reactions import MovieReacted, ReactionCleared
from events.replica import Reading
from events.statuses import STATUS_FACTS
from events.viewing import MovieDismissed, MovieViewed, MovieWatched, WatchRetracted
from events.watchlist import WatchlistItemAdded, WatchlistItemRemoved
from projections.newest import BITS, index, newest, types
from projections.viewing_states import STATUS_AFTER
from recsys.copying import Rows, copied
from recsys.errors import BeyondTheLog
from recsys.interactions import Interactions
from recsys.weights import REACTIONS, weigh

Progress = Callable[[str, int], Callable[[int], None]]
"""Given what is counted and how many there are, what takes the number that was done since its last call."""

WINDOW = 1_000_000
"""Positions that one statement folds."""

_OPINIONS = (MovieReacted, MovieRated, MovieFavorited)
_OTHERS = (MovieWatched, WatchlistItemAdded, MovieDismissed)
_RANK_BITS = 60
_RANK = f"case when type in ({types(*_OPINIONS)}) then 2 when type in ({types(*_OTHERS)}) then 1 else 0 end"


def _last(holds: str, *facts: type[Event]) -> str:
    return newest(f"coalesce({holds}, 0)", facts)


AXES = {
    "reaction": _last(index(tuple(Reaction), "data->>'reaction'"), MovieReacted, ReactionCleared),
    "half_stars": _last("(data->>'half_stars')::bigint", MovieRated, RatingCleared),
    "favorite": _last(f"(type = '{MovieFavorited.type}')::integer", MovieFavorited, MovieUnfavorited),
    "watched": _last("least((data->>'times')::bigint, 1)", MovieWatched, WatchRetracted),
    "listed": _last(
        f"(type = '{WatchlistItemAdded.type}')::integer", WatchlistItemAdded, WatchlistItemRemoved
    ),
    "status": _last(STATUS_AFTER, *STATUS_FACTS),
    "viewed": _last("1", MovieViewed),
}
"""The newest word of a pair on each axis, as its event's position and a code: the greatest of several windows holds."""

_COPY = f"""
copy (select p.user_id, m.database_id, {", ".join(f"coalesce({axis}, 0)::bigint" for axis in AXES)},
             said[1]::bigint << {_RANK_BITS} | said[2]::bigint, said[3]
        from (select user_id, movie_id, {", ".join(f"{text} as {axis}" for axis, text in AXES.items())},
                     max(array[{_RANK}, position, date_part('epoch', occurred_at)]) as said
                from events
               where position > %(low)s and position <= %(high)s and user_id is not null and movie_id is not null
                 and user_id not in (select user_id from events where type = 'user_erased')
               group by user_id, movie_id) as p
        join movies m on m.id = p.movie_id) to stdout (format binary)"""
_COLUMNS = [
    ("person", "V16"),
    ("movie", ">i4"),
    *((axis, ">i8") for axis in AXES),
    ("said", ">i8"),
    ("at", ">f8"),
]


def read_interactions(
    source: Reading,
    *,
    at: int | None = None,
    progress: Progress = lambda _what, _total: lambda _done: None,
    window: int = WINDOW,
) -> tuple[Interactions, int]:
    """Return what held of every pair at a position, and the position: by default the last that is settled.

    The column of a movie is its `database_id`, and 0 is nobody's. People are numbered anew each time, and those who were
    erased since are left out. The time of a pair is that of its newest opinion, else of what else was said or done, else
    of anything. `progress` counts positions. Raises BeyondTheLog, LogBusy.
    """
    safe, conn = source.safe_position(), source.conn
    if at is not None and not 0 <= at <= safe:
        raise BeyondTheLog
    high = safe if at is None else at
    advance = progress("reading the log", high)
    rows: list[Rows] = []
    for low in range(0, high, window):
        part = {"low": low, "high": min(low + window, high)}
        rows = [_merged([*rows, copied(conn, _COPY, part, _COLUMNS)])]
        advance(part["high"] - low)
    (highest,) = conn.execute("select coalesce(max(database_id), 0) from movies").fetchone() or (0,)
    return _interactions(_merged(rows), int(highest) + 1), high


def _merged(parts: Sequence[Rows]) -> Rows:
    """Return one row a pair, sorted by person and movie: the greatest of each axis, the time of the greatest `said`."""
    rows = np.concatenate([np.zeros(0, np.dtype(_COLUMNS).newbyteorder("=")), *parts])
    if len(parts) < 2:
        return rows
    rows = rows[np.lexsort((rows["said"], rows["movie"], _numbered(rows["person"])))]
    same = (rows["person"][1:] == rows["person"][:-1]) & (rows["movie"][1:] == rows["movie"][:-1])
    merged: Rows = rows[np.append(~same, True)]
    first = np.flatnonzero(np.append(True, ~same))
    for axis in AXES:
        merged[axis] = np.maximum.reduceat(rows[axis], first)
    return merged


def _numbered(people: NDArray[np.void]) -> NDArray[np.intp]:
    """Return the place of each id in their order."""
    return np.unique(people, return_inverse=True)[1]


def _interactions(rows: Rows, movies: int) -> Interactions:
    code = {axis: rows[axis] & (1 << BITS) - 1 for axis in AXES}
    weight = weigh(
        reaction=np.array([np.nan, *(REACTIONS[reaction] for reaction in Reaction)])[code["reaction"]],
        half_stars=code["half_stars"],
        favorite=code["favorite"],
        watched=(code["watched"] > 0) | (code["status"] == 1 + tuple(Status).index(Status.SEEN)),
        listed=code["listed"],
        dismissed=code["status"] == 1 + tuple(Status).index(Status.NOT_INTERESTED),
        viewed=code["viewed"],
    )
    said = np.flatnonzero(~np.isnan(weight))
    said = said[np.argsort(rows["said"][said] & (1 << _RANK_BITS) - 1)]
    person = _numbered(rows["person"][said]).astype(np.int32)
    return Interactions(
        person=person,
        movie=rows["movie"][said].astype(np.int32),
        weight=weight[said],
        at=rows["at"][said].astype(np.float64),
        people=int(person.max(initial=-1)) + 1,
        movies=movies,
    )
