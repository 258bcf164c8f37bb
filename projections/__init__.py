"""What we read: one file a table; importing this package registers them all."""

from projections import (
    diary,
    favorite_genres,
    favorites,
    history,
    list_items,
    list_members,
    lists,
    models,
    movie_stats,
    popularity_metrics,
    ratings,
    reviews,
    trending,
    viewing_states,
    watchlist,
)

__all__ = [
    "diary",
    "favorite_genres",
    "favorites",
    "history",
    "list_items",
    "list_members",
    "lists",
    "models",
    "movie_stats",
    "popularity_metrics",
    "ratings",
    "reviews",
    "trending",
    "viewing_states",
    "watchlist",
]
