"""How a movie stands with everybody at this moment; kept as counts and sums, never as averages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from events.facts import Event
from events.favorites import MovieFavorited, MovieUnfavorited
from events.log import Recorded
from events.pair import PairEvent, Reaction
from events.ratings import MovieRated, RatingCleared
from events.reactions import MovieReacted, ReactionCleared
from events.viewing import MovieViewed, MovieWatched, WatchRetracted
from events.visitors import MovieViewedByVisitors
from events.watchlist import WatchlistItemAdded, WatchlistItemRemoved
from projections.registry import Projection, Row, register

_COUNTS = (
    "view_count",
    "like_count",
    "dislike_count",
    "reaction_count",
    "rating_count",
    "half_stars_sum",
    "favorite_count",
    "watchlist_count",
    "watch_count",
)
_LIKES = (Reaction.LIKE, Reaction.SUPER_LIKE)


def _reacted(reaction: Reaction, by: int) -> dict[str, int]:
    counts = {"reaction_count": by}
    if reaction in _LIKES:
        counts["like_count"] = by
    if reaction is Reaction.DISLIKE:
        counts["dislike_count"] = by
    return counts


def _changes(fact: Event) -> Iterable[dict[str, int]]:
    match fact:
        case MovieReacted():
            yield _reacted(fact.reaction, 1)
            if fact.previous:
                yield _reacted(fact.previous, -1)
        case ReactionCleared():
            yield _reacted(fact.previous, -1)
        case MovieRated():
            yield {"rating_count": 1, "half_stars_sum": fact.half_stars}
            if fact.previous:
                yield {"rating_count": -1, "half_stars_sum": -fact.previous}
        case RatingCleared():
            yield {"rating_count": -1, "half_stars_sum": -fact.previous}
        case MovieFavorited() | MovieUnfavorited():
            yield {"favorite_count": 1 if isinstance(fact, MovieFavorited) else -1}
        case WatchlistItemAdded() | WatchlistItemRemoved():
            yield {"watchlist_count": 1 if isinstance(fact, WatchlistItemAdded) else -1}
        case MovieWatched() | WatchRetracted():
            yield {"watch_count": 1 if isinstance(fact, MovieWatched) else -1}
        case MovieViewed():
            yield {"view_count": 1}
        case MovieViewedByVisitors():
            yield {"view_count": fact.views}


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    totals: dict[UUID, Counter[str]] = {}
    for event in log:
        if isinstance(event.fact, PairEvent | MovieViewedByVisitors):
            for change in _changes(event.fact):
                total = totals.setdefault(event.fact.movie_id, Counter())
                for name, by in change.items():
                    total[name] += by
    for movie_id, total in totals.items():
        yield movie_id, *(total[name] for name in _COUNTS)


_REACTED = "coalesce((data->>'reaction' {op})::integer, 0) - coalesce((data->>'previous' {op})::integer, 0)"
_VIEWED = "'movie_viewed', 'movie_viewed_by_visitors'"
_ROWS = f"""
select movie_id,
       coalesce(sum(coalesce((data->>'views')::integer, 1)) filter (where type in ({_VIEWED})), 0),
       coalesce(sum({_REACTED.format(op="in ('LIKE', 'SUPER_LIKE')")}) filter (where r), 0),
       coalesce(sum({_REACTED.format(op="= 'DISLIKE'")}) filter (where r), 0),
       coalesce(sum({_REACTED.format(op="is not null")}) filter (where r), 0),
       coalesce(sum((data->>'half_stars' is not null)::integer - (data->>'previous' is not null)::integer)
         filter (where s), 0),
       coalesce(sum(coalesce((data->>'half_stars')::integer, 0) - coalesce((data->>'previous')::integer, 0))
         filter (where s), 0),
       count(*) filter (where type = 'movie_favorited') - count(*) filter (where type = 'movie_unfavorited'),
       count(*) filter (where type = 'watchlist_item_added') - count(*) filter (where type = 'watchlist_item_removed'),
       count(*) filter (where type = 'movie_watched') - count(*) filter (where type = 'watch_retracted')
  from (select *, type in ('movie_reacted', 'reaction_cleared') as r, type in ('movie_rated', 'rating_cleared') as s
          from batch) as b
 where type in ({_VIEWED}, 'movie_reacted', 'reaction_cleared', 'movie_rated', 'rating_cleared', 'movie_favorited',
                'movie_unfavorited', 'watchlist_item_added', 'watchlist_item_removed', 'movie_watched',
                'watch_retracted')
 group by movie_id"""

# The same by way of what each person's last word is, not of what each event changed.
_PROOF = f"""
with last as (
  select distinct on (user_id, movie_id, axis) *
    from (select *, case when type in ('movie_reacted', 'reaction_cleared') then 'reaction'
                         when type in ('movie_rated', 'rating_cleared') then 'stars'
                         when type in ('movie_favorited', 'movie_unfavorited') then 'favorite'
                         when type in ('watchlist_item_added', 'watchlist_item_removed') then 'watchlist'
                         when type in ('movie_watched', 'watch_retracted') then 'watch'
                         when type in ({_VIEWED}) then 'view' end as axis from batch) a
   where axis is not null
   order by user_id, movie_id, axis, position desc),
views as (select movie_id, count(*) filter (where type = 'movie_viewed')
                           + coalesce(sum((data->>'views')::integer), 0) as n
            from batch where type in ({_VIEWED}) group by movie_id)
select last.movie_id,
       coalesce(max(views.n), 0),
       count(*) filter (where axis = 'reaction' and data->>'reaction' in ('LIKE', 'SUPER_LIKE')),
       count(*) filter (where axis = 'reaction' and data->>'reaction' = 'DISLIKE'),
       count(*) filter (where type = 'movie_reacted'),
       count(*) filter (where type = 'movie_rated'),
       coalesce(sum((data->>'half_stars')::integer) filter (where type = 'movie_rated'), 0),
       count(*) filter (where type = 'movie_favorited'),
       count(*) filter (where type = 'watchlist_item_added'),
       coalesce(sum((data->>'times')::integer) filter (where axis = 'watch'), 0)
  from last left join views on views.movie_id = last.movie_id
 group by last.movie_id"""

movie_stats = register(
    Projection(
        name="movie_stats",
        version=2,
        kind="count",
        handles=(
            MovieViewed,
            MovieViewedByVisitors,
            MovieReacted,
            ReactionCleared,
            MovieRated,
            RatingCleared,
            MovieFavorited,
            MovieUnfavorited,
            WatchlistItemAdded,
            WatchlistItemRemoved,
            MovieWatched,
            WatchRetracted,
        ),
        columns={"movie_id": "uuid not null"} | dict.fromkeys(_COUNTS, "bigint not null"),
        key=("movie_id",),
        indexes=tuple(
            f"({number} desc, movie_id desc)"
            for number in (
                "like_count",
                "view_count",
                "(like_count + rating_count)",
                "(coalesce(half_stars_sum * 50 / nullif(rating_count, 0), 0))",
            )
        ),
        rows=_ROWS,
        proof=_PROOF,
        spec=_spec,
    )
)
