"""What we read: one file a table; importing this package registers them all."""

from projections import (
    favorite_genres,
    favorites,
    history,
    identified_sessions,
    models,
    movie_stats,
    popularity_metrics,
    ratings,
    trending,
    viewing_states,
    watchlist,
)

__all__ = [
    "favorite_genres",
    "favorites",
    "history",
    "identified_sessions",
    "models",
    "movie_stats",
    "popularity_metrics",
    "ratings",
    "trending",
    "viewing_states",
    "watchlist",
]
