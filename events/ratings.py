"""How many stars a person gave a movie, in half steps."""

from __future__ import annotations

from typing import ClassVar

from events.errors import Rejected
from events.facts import event
from events.pair import Pair, PairEvent, Status, changed
from events.watchlist import RemovalReason, followed_by_removal


@event("movie_rated")
class MovieRated(PairEvent):
    """A person rated a movie, in place of any rating of theirs before it."""

    half_stars: int
    previous: int | None
    scale: str | None = None
    """The scale that an imported rating was given on, such as "1-5"; None for our own half steps."""

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, half_stars=self.half_stars, status=Status.SEEN)


@event("rating_cleared")
class RatingCleared(PairEvent):
    """A person took their rating back; `status` is what the movie's status becomes."""

    half_stars: ClassVar[None] = None
    previous: int
    status: Status | None

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, half_stars=None, status=self.status)


class InvalidStars(Rejected):
    """Stars go from 0.5 to 5 in half steps."""

    code: ClassVar[str] = "INVALID_STARS"
    path = ("stars",)


def rate_movie(pair: Pair, half_stars: int | None, scale: str | None = None) -> list[PairEvent]:
    """Set the rating (1 to 10 half stars), or clear it with None; said twice, it is recorded once.

    Raises InvalidStars.
    """
    if half_stars is None:
        return clear_rating(pair)
    if not 1 <= half_stars <= 10:
        raise InvalidStars
    if half_stars == pair.half_stars:
        return []
    fact = MovieRated(
        user_id=pair.user_id,
        movie_id=pair.movie_id,
        half_stars=half_stars,
        previous=pair.half_stars,
        scale=scale,
    )
    return followed_by_removal(pair, [fact], RemovalReason.RATED)


def clear_rating(pair: Pair) -> list[PairEvent]:
    """Take the rating back; without one nothing is recorded."""
    if pair.half_stars is None:
        return []
    after = changed(pair, half_stars=None)
    status = after.remaining_status() if pair.status is Status.SEEN else pair.status
    return [
        RatingCleared(user_id=pair.user_id, movie_id=pair.movie_id, previous=pair.half_stars, status=status)
    ]
