"""What is popular now, by window: points of the last days, counted back from the newest day that the log knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from events.log import Recorded
from projections.popularity_metrics import daily, popularity_metrics
from projections.registry import Projection, Row, register

WINDOWS = {"DAY": 1, "WEEK": 7, "MONTH": 30, "ALL": 1_000_000}
"""Days in each window; the newest day is the first of them."""

POINTS = {
    "view_count": 1,
    "like_count": 5,
    "rating_count": 2,
    "favorite_count": 4,
    "watchlist_count": 3,
    "watch_count": 3,
}
"""What one action adds to a movie's score."""


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    metrics = {key: counts for key, counts in daily(log).items() if any(counts[name] for name in POINTS)}
    newest = max((day for _, day in metrics), default=None)
    if newest is None:
        return
    for window, days in WINDOWS.items():
        scores: Counter[UUID] = Counter({movie_id: 0 for movie_id, _ in metrics})
        for (movie_id, day), counts in metrics.items():
            if newest - day < timedelta(days=days):
                scores[movie_id] += sum(POINTS[name] * counts[name] for name in POINTS)
        for movie_id, score in scores.items():
            yield window, movie_id, score, newest


_POINTS = " + ".join(f"{points} * {column}" for column, points in POINTS.items())
_WINDOWS = ", ".join(f"('{window}', {days})" for window, days in WINDOWS.items())
_ACTIVE = f"(select * from popularity_metrics where {_POINTS} > 0)"
_SCORES = f"""
        select w.win, m.movie_id,
               coalesce(sum({_POINTS}) filter (where newest.day - m.day < w.days), 0)::bigint, newest.day
          from {_ACTIVE} m
         cross join (select max(day) as day from {_ACTIVE} a) newest
         cross join (values {_WINDOWS}) as w (win, days)"""

# A movie's score changes when something happened to it, or when a new day moves every window.
_CHANGED = """
 where m.movie_id in (select movie_id from batch)
    or newest.day is distinct from (select max(as_of) from trending)
    or not exists (select from trending)"""

trending = register(
    Projection(
        name="trending",
        version=1,
        kind="derived",
        handles=popularity_metrics.handles,
        columns={
            "win": "text not null",
            "movie_id": "uuid not null",
            "score": "bigint not null",
            "as_of": "date not null",
        },
        key=("win", "movie_id"),
        indexes=("(win, score desc, movie_id) where score > 0",),
        reads=("popularity_metrics",),
        every_s=1.0,
        rows=f"{_SCORES}{_CHANGED} group by w.win, m.movie_id, newest.day",
        proof=f"""
        with daily as (select movie_id, (occurred_at at time zone 'UTC')::date as day,
                              case type when 'movie_viewed' then 1 when 'movie_reacted' then 5 when 'movie_rated' then 2
                                        when 'movie_favorited' then 4 else 3 end as points
                         from batch
                        where type in ('movie_viewed', 'movie_rated', 'movie_favorited', 'watchlist_item_added',
                                       'movie_watched')
                           or type = 'movie_reacted' and data->>'reaction' in ('LIKE', 'SUPER_LIKE')),
        newest as (select max(day) as day from daily)
        select w.win, d.movie_id, sum(case when d.day > newest.day - w.days then points else 0 end)::bigint, newest.day
          from daily d cross join newest cross join (values {_WINDOWS}) as w (win, days)
         group by w.win, d.movie_id, newest.day""",
        spec=_spec,
    )
)
