"""Where each movie stands for each person: the status, how often and when it was seen, the last thing done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.favorites import MovieFavorited, MovieUnfavorited
from events.log import Recorded
from events.pair import PairEvent, Status
from events.ratings import MovieRated
from events.reactions import MovieReacted
from events.reviews import ReviewDeleted, ReviewWritten
from events.slates import RecommendationClicked
from events.statuses import STATUS_FACTS
from events.viewing import MovieDismissed, MovieViewed, MovieWatched, WatchRetracted
from events.watchlist import WatchlistItemAdded, WatchlistItemPrioritized
from projections.newest import code_of, dated, index, newest, position_of, types, value
from projections.registry import Projection, Row, register
from projections.spec import pairs

_WATCH = (MovieWatched, WatchRetracted)
_HANDLES = (
    *STATUS_FACTS,
    WatchlistItemPrioritized,
    MovieFavorited,
    MovieUnfavorited,
    MovieViewed,
    RecommendationClicked,
    ReviewWritten,
    ReviewDeleted,
)


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    for pair, events in pairs(log, (PairEvent,)):
        viewed = [e for e in events if isinstance(e.fact, MovieViewed)]
        yield (
            pair.user_id,
            pair.movie_id,
            pair.status,
            max((e.position for e in events if isinstance(e.fact, STATUS_FACTS)), default=0),
            len(pair.viewings),
            pair.last_watched_on,
            max((e.position for e in events if isinstance(e.fact, _WATCH)), default=0),
            viewed[-1].occurred_at if viewed else None,
            viewed[-1].position if viewed else 0,
            max(e.occurred_at for e in events),
            events[-1].position,
        )


_STATUSES = tuple(Status)
STATUS_AFTER = f"""
case when type in ({types(MovieReacted, MovieRated, MovieWatched)}) then 1
     when type = '{WatchlistItemAdded.type}' then 2
     when type = '{MovieDismissed.type}' then 3
     else coalesce({index(_STATUSES, "data->>'status'")}, 0) end"""
"""The place in `tuple(Status)`, from 1, of what such an event makes of the status; 0 for none."""
_STATUS_SAID = """
case when type in ('movie_reacted', 'movie_rated', 'movie_watched') then 'SEEN'
     when type = 'watchlist_item_added' then 'LATER'
     when type = 'movie_dismissed' then 'NOT_INTERESTED'
     else data->>'status' end"""

viewing_states = register(
    Projection(
        name="viewing_states",
        version=4,
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
            "viewed_at": "timestamptz",
            "viewed_position": "bigint not null",
            "last_interaction_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("user_id", "movie_id"),
        # the newest of everybody, as programs of design S3 ask
        indexes=("((coalesce(viewed_at, last_interaction_at) at time zone 'UTC'))",),
        groups={
            "status_position": ("status",),
            "watch_position": ("watch_count", "last_watched_on"),
            "viewed_position": ("viewed_at",),
            "last_interaction_at": (),
            "position": (),
        },
        rows=f"""
        select user_id, movie_id, {value(_STATUSES, code_of("status"))}, {position_of("status")},
               coalesce(watch[2], 0), date '1970-01-01' + watch[3]::integer, coalesce(watch[1], 0),
               to_timestamp(viewed[2]), coalesce(viewed[1], 0), last_at, position
          from (select user_id, movie_id, {newest(STATUS_AFTER, STATUS_FACTS)} as status,
                       max(array[position, (data->>'times')::bigint,
                                 (data->>'last_watched_on')::date - date '1970-01-01'])
                         filter (where type in ({types(*_WATCH)})) as watch,
                       {dated((MovieViewed,))} as viewed,
                       max(occurred_at) as last_at, max(position) as position
                  from batch where movie_id is not null and user_id is not null
                 group by user_id, movie_id) as pair""",
        proof=f"""
        select user_id, movie_id, max(status) filter (where position = status_position), coalesce(status_position, 0),
               coalesce(max(times) filter (where position = watch_position), 0),
               max(watched_on) filter (where position = watch_position), coalesce(watch_position, 0),
               max(occurred_at) filter (where position = viewed_position), coalesce(viewed_position, 0),
               max(occurred_at), max(position)
          from (select user_id, movie_id, position, occurred_at, {_STATUS_SAID} as status,
                       (data->>'times')::integer as times, (data->>'last_watched_on')::date as watched_on,
                       max(position) filter (where type in ({types(*STATUS_FACTS)})) over pair as status_position,
                       max(position) filter (where type in ({types(*_WATCH)})) over pair as watch_position,
                       max(position) filter (where type = 'movie_viewed') over pair as viewed_position
                  from batch where movie_id is not null and user_id is not null
                window pair as (partition by user_id, movie_id)) as e
         group by user_id, movie_id, status_position, watch_position, viewed_position""",
        spec=_spec,
    )
)
