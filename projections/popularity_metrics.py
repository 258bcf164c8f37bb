"""What happened to each movie on each day (UTC): activity, not state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date
from uuid import UUID

from events.favorites import MovieFavorited
from events.log import Recorded
from events.pair import PairEvent, Reaction
from events.ratings import MovieRated
from events.reactions import MovieReacted
from events.viewing import MovieViewed, MovieWatched
from events.watchlist import WatchlistItemAdded
from projections.registry import Projection, Row, register

COUNTS = (
    "view_count",
    "like_count",
    "rating_count",
    "half_stars_sum",
    "favorite_count",
    "watchlist_count",
    "watch_count",
)


def _counts(fact: PairEvent) -> dict[str, int]:
    match fact:
        case MovieViewed():
            return {"view_count": 1}
        case MovieReacted(reaction=Reaction.LIKE | Reaction.SUPER_LIKE):
            return {"like_count": 1}
        case MovieRated():
            return {"rating_count": 1, "half_stars_sum": fact.half_stars}
        case MovieFavorited():
            return {"favorite_count": 1}
        case WatchlistItemAdded():
            return {"watchlist_count": 1}
        case MovieWatched():
            return {"watch_count": 1}
        case _:
            return {}


def daily(log: Sequence[Recorded]) -> dict[tuple[UUID, date], Counter[str]]:
    """Return the counts of each movie and day that has any."""
    totals: dict[tuple[UUID, date], Counter[str]] = {}
    for event in log:
        if isinstance(event.fact, PairEvent) and (counts := _counts(event.fact)):
            day = event.occurred_at.astimezone(UTC).date()
            totals.setdefault((event.fact.movie_id, day), Counter()).update(counts)
    return totals


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    for (movie_id, day), total in daily(log).items():
        yield movie_id, day, *(total[name] for name in COUNTS)


_COUNTED = """(type in ('movie_viewed', 'movie_rated', 'movie_favorited', 'watchlist_item_added', 'movie_watched')
        or type = 'movie_reacted' and data->>'reaction' in ('LIKE', 'SUPER_LIKE'))"""

popularity_metrics = register(
    Projection(
        name="popularity_metrics",
        version=1,
        kind="count",
        handles=(MovieViewed, MovieReacted, MovieRated, MovieFavorited, WatchlistItemAdded, MovieWatched),
        columns={"movie_id": "uuid not null", "day": "date not null"}
        | dict.fromkeys(COUNTS, "bigint not null"),
        key=("movie_id", "day"),
        indexes=("(day)",),
        rows=f"""
        select movie_id, (occurred_at at time zone 'UTC')::date,
               count(*) filter (where type = 'movie_viewed'),
               count(*) filter (where type = 'movie_reacted'),
               count(*) filter (where type = 'movie_rated'),
               coalesce(sum((data->>'half_stars')::integer) filter (where type = 'movie_rated'), 0),
               count(*) filter (where type = 'movie_favorited'),
               count(*) filter (where type = 'watchlist_item_added'),
               count(*) filter (where type = 'movie_watched')
          from batch where {_COUNTED}
         group by 1, 2""",
        proof=f"""
        select movie_id, date_trunc('day', occurred_at, 'UTC')::date, {
            ", ".join(
                f"sum((type = '{kind}')::integer{weight})::bigint"
                for kind, weight in (
                    ("movie_viewed", ""),
                    ("movie_reacted", ""),
                    ("movie_rated", ""),
                    ("movie_rated", " * coalesce((data->>'half_stars')::integer, 0)"),
                    ("movie_favorited", ""),
                    ("watchlist_item_added", ""),
                    ("movie_watched", ""),
                )
            )
        }
          from batch where {_COUNTED}
         group by movie_id, date_trunc('day', occurred_at, 'UTC')::date""",
        spec=_spec,
    )
)
