"""What we read: one file a table; importing this package registers them all."""

from projections import (
    favorites,
    history,
    models,
    movie_stats,
    popularity_metrics,
    ratings,
    trending,
    viewing_states,
    watchlist,
)

__all__ = [
    "favorites",
    "history",
    "models",
    "movie_stats",
    "popularity_metrics",
    "ratings",
    "trending",
    "viewing_states",
    "watchlist",
]
