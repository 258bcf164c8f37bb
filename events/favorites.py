"""Movies a person holds dear."""

from __future__ import annotations

from events.facts import event
from events.pair import Pair, PairEvent, changed


@event("movie_favorited")
class MovieFavorited(PairEvent):
    """A person made a movie a favourite."""

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, is_favorite=True)


@event("movie_unfavorited")
class MovieUnfavorited(PairEvent):
    """A movie is no longer a favourite of a person."""

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, is_favorite=False)


def favorite_movie(pair: Pair) -> list[PairEvent]:
    """Make the movie a favourite; said twice, it is recorded once."""
    return [] if pair.is_favorite else [MovieFavorited(user_id=pair.user_id, movie_id=pair.movie_id)]


def unfavorite_movie(pair: Pair) -> list[PairEvent]:
    """End the favourite; when it is none nothing is recorded."""
    return [MovieUnfavorited(user_id=pair.user_id, movie_id=pair.movie_id)] if pair.is_favorite else []
