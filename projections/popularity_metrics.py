"""What happened to each movie on each day (UTC): activity, not state.

Click-through rate is `click_count / recommendation_count`; a rating of four stars or more is a high one. Visitors are
counted apart, since anybody can pass for many of them.
"""

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
from events.slates import RecommendationClicked, RecommendationsServed
from events.viewing import MovieViewed, MovieWatched
from events.visitors import MovieViewedByVisitors
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
    "high_rating_count",
    "recommendation_count",
    "click_count",
    "visitor_view_count",
)
_HIGH = 8
"""Half stars of a high rating, at least."""


def _counts(fact: PairEvent) -> dict[str, int]:
    match fact:
        case MovieViewed():
            return {"view_count": 1}
        case MovieReacted(reaction=Reaction.LIKE | Reaction.SUPER_LIKE):
            return {"like_count": 1}
        case MovieRated():
            return {"rating_count": 1, "half_stars_sum": fact.half_stars} | (
                {"high_rating_count": 1} if fact.half_stars >= _HIGH else {}
            )
        case MovieFavorited():
            return {"favorite_count": 1}
        case WatchlistItemAdded():
            return {"watchlist_count": 1}
        case MovieWatched():
            return {"watch_count": 1}
        case RecommendationClicked():
            return {"click_count": 1}
        case _:
            return {}


def daily(log: Sequence[Recorded]) -> dict[tuple[UUID, date], Counter[str]]:
    """Return the counts of each movie and day that has any."""
    totals: dict[tuple[UUID, date], Counter[str]] = {}
    for event in log:
        day = event.occurred_at.astimezone(UTC).date()
        if isinstance(event.fact, RecommendationsServed):
            for movie_id in event.fact.movie_ids:
                totals.setdefault((movie_id, day), Counter()).update(recommendation_count=1)
        elif isinstance(event.fact, MovieViewedByVisitors):
            key = event.fact.movie_id, day
            totals.setdefault(key, Counter()).update(visitor_view_count=event.fact.views)
        elif isinstance(event.fact, PairEvent) and (counts := _counts(event.fact)):
            totals.setdefault((event.fact.movie_id, day), Counter()).update(counts)
    return totals


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    for (movie_id, day), total in daily(log).items():
        yield movie_id, day, *(total[name] for name in COUNTS)


_HANDLES = (
    MovieViewed,
    MovieReacted,
    MovieRated,
    MovieFavorited,
    WatchlistItemAdded,
    MovieWatched,
    RecommendationsServed,
    RecommendationClicked,
    MovieViewedByVisitors,
)
_COUNTED = """(type in ('movie_viewed', 'movie_rated', 'movie_favorited', 'watchlist_item_added', 'movie_watched',
                  'recommendation_clicked', 'movie_viewed_by_visitors')
        or type = 'movie_reacted' and data->>'reaction' in ('LIKE', 'SUPER_LIKE'))"""

popularity_metrics = register(
    Projection(
        name="popularity_metrics",
        version=4,
        kind="count",
        handles=_HANDLES,
        columns={"movie_id": "uuid not null", "day": "date not null"}
        | dict.fromkeys(COUNTS, "bigint not null"),
        key=("movie_id", "day"),
        # the most viewed of a day, as programs of design S3 ask; of the days alone it serves, too
        indexes=("(day, ((view_count + visitor_view_count)::integer))",),
        rows=f"""
        select coalesce(shown.id::uuid, movie_id), (occurred_at at time zone 'UTC')::date,
               count(*) filter (where type = 'movie_viewed'),
               count(*) filter (where type = 'movie_reacted'),
               count(*) filter (where type = 'movie_rated'),
               coalesce(sum((data->>'half_stars')::integer) filter (where type = 'movie_rated'), 0),
               count(*) filter (where type = 'movie_favorited'),
               count(*) filter (where type = 'watchlist_item_added'),
               count(*) filter (where type = 'movie_watched'),
               count(*) filter (where type = 'movie_rated' and (data->>'half_stars')::integer >= {_HIGH}),
               count(*) filter (where type = 'recommendations_served'),
               count(*) filter (where type = 'recommendation_clicked'),
               coalesce(sum((data->>'views')::integer) filter (where type = 'movie_viewed_by_visitors'), 0)
          from batch left join lateral jsonb_array_elements_text(data->'movie_ids') as shown (id) on true
         where {_COUNTED} or type = 'recommendations_served'
         group by 1, 2""",
        proof=f"""
        select movie_id, day, {
            ", ".join(
                f"sum((type = '{kind}')::integer{weight})::bigint"
                for kind, weight in (
                    ("movie_viewed", ""),
                    ("movie_reacted", ""),
                    ("movie_rated", ""),
                    ("movie_rated", " * coalesce(half_stars, 0)"),
                    ("movie_favorited", ""),
                    ("watchlist_item_added", ""),
                    ("movie_watched", ""),
                    ("movie_rated", " * (coalesce(half_stars, 0) > 7)::integer"),
                    ("recommendations_served", ""),
                    ("recommendation_clicked", ""),
                    ("movie_viewed_by_visitors", " * coalesce(views, 0)"),
                )
            )
        }
          from (select unnest(case when movie_id is null
                              then array(select jsonb_array_elements_text(data->'movie_ids')::uuid)
                              else array[movie_id] end) as movie_id, type,
                       date_trunc('day', occurred_at, 'UTC')::date as day, (data->>'half_stars')::integer as half_stars,
                       (data->>'views')::integer as views
                  from batch where {_COUNTED} or type = 'recommendations_served') as e
         group by movie_id, day""",
        spec=_spec,
    )
)
