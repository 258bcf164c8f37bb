"""Where each movie stands for each person: the status, how often and when it was seen, the last thing done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.favorites import MovieFavorited, MovieUnfavorited
from events.log import Recorded
from events.pair import PairEvent
from events.ratings import MovieRated, RatingCleared
from events.reactions import MovieReacted, ReactionCleared
from events.viewing import DismissalCleared, MovieDismissed, MovieViewed, MovieWatched, WatchRetracted
from events.watchlist import WatchlistItemAdded, WatchlistItemPrioritized, WatchlistItemRemoved
from projections.registry import Projection, Row, register
from projections.spec import pairs

_WATCH = (MovieWatched, WatchRetracted)
_STATUS = (
    MovieReacted,
    ReactionCleared,
    MovieRated,
    RatingCleared,
    WatchlistItemAdded,
    WatchlistItemRemoved,
    MovieDismissed,
    DismissalCleared,
    *_WATCH,
)
_HANDLES = (*_STATUS, WatchlistItemPrioritized, MovieFavorited, MovieUnfavorited, MovieViewed)


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    for pair, events in pairs(log, (PairEvent,)):
        yield (
            pair.user_id,
            pair.movie_id,
            pair.status,
            max((e.position for e in events if isinstance(e.fact, _STATUS)), default=0),
            len(pair.watched_on),
            pair.last_watched_on,
            max((e.position for e in events if isinstance(e.fact, _WATCH)), default=0),
            events[-1].occurred_at,
            events[-1].position,
        )


_STATUS_TYPES = ", ".join(f"'{fact.type}'" for fact in _STATUS)
_STATUS_AFTER = """
case when type in ('movie_reacted', 'movie_rated', 'movie_watched') then 'SEEN'
     when type = 'watchlist_item_added' then 'LATER'
     when type = 'movie_dismissed' then 'NOT_INTERESTED'
     else data->>'status' end"""

viewing_states = register(
    Projection(
        name="viewing_states",
        version=1,
        kind="state",
        inline=True,
        handles=_HANDLES,
        columns={
            "user_id": "uuid not null",
            "movie_id": "uuid not null",
            "status": "text check (status in ('SEEN', 'LATER', 'NOT_INTERESTED'))",
            "status_position": "bigint not null",
            "watch_count": "integer not null",
            "last_watched_on": "date",
            "watch_position": "bigint not null",
            "last_interaction_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("user_id", "movie_id"),
        groups={
            "status_position": ("status",),
            "watch_position": ("watch_count", "last_watched_on"),
            "position": ("last_interaction_at",),
        },
        rows=f"""
        select user_id, movie_id,
               (array_agg({_STATUS_AFTER} order by position desc) filter (where type in ({_STATUS_TYPES})))[1],
               coalesce(max(position) filter (where type in ({_STATUS_TYPES})), 0),
               coalesce((array_agg((data->>'times')::integer order by position desc)
                 filter (where type in ('movie_watched', 'watch_retracted')))[1], 0),
               (array_agg((data->>'last_watched_on')::date order by position desc)
                 filter (where type in ('movie_watched', 'watch_retracted')))[1],
               coalesce(max(position) filter (where type in ('movie_watched', 'watch_retracted')), 0),
               (array_agg(occurred_at order by position desc))[1],
               max(position)
          from batch
         where movie_id is not null and user_id is not null
         group by user_id, movie_id""",
        proof=f"""
        select l.user_id, l.movie_id, s.status, coalesce(s.position, 0), coalesce(w.times, 0), w.last_watched_on,
               coalesce(w.position, 0), l.occurred_at, l.position
          from (select user_id, movie_id, occurred_at, position,
                       row_number() over (partition by user_id, movie_id order by position desc) as n
                  from batch where movie_id is not null and user_id is not null) l
          left join (select user_id, movie_id, position, {_STATUS_AFTER} as status,
                            row_number() over (partition by user_id, movie_id order by position desc) as n
                       from batch where type in ({_STATUS_TYPES})) s
            on s.user_id = l.user_id and s.movie_id = l.movie_id and s.n = 1
          left join (select user_id, movie_id, position, (data->>'times')::integer as times,
                            (data->>'last_watched_on')::date as last_watched_on,
                            row_number() over (partition by user_id, movie_id order by position desc) as n
                       from batch where type in ('movie_watched', 'watch_retracted')) w
            on w.user_id = l.user_id and w.movie_id = l.movie_id and w.n = 1
         where l.n = 1""",
        spec=_spec,
    )
)
