"""The facts that say where a movie stands for a person."""

from __future__ import annotations

from events.feedback import RecommendationFeedbackGiven
from events.ratings import MovieRated, RatingCleared
from events.reactions import MovieReacted, ReactionCleared
from events.viewing import DismissalCleared, MovieDismissed, MovieWatched, WatchRetracted
from events.watchlist import WatchlistItemAdded, WatchlistItemRemoved

STATUS_FACTS = (
    MovieReacted,
    ReactionCleared,
    MovieRated,
    RatingCleared,
    WatchlistItemAdded,
    WatchlistItemRemoved,
    MovieDismissed,
    DismissalCleared,
    RecommendationFeedbackGiven,
    MovieWatched,
    WatchRetracted,
)
