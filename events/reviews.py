"""What people write about movies: one review a person and movie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import event
from events.pair import Audience, Pair, PairEvent, Review, changed
from events.ratings import rate_movie


@event("review_written")
class ReviewWritten(PairEvent):
    """A person wrote a review, or changed it: then `previous…` say what it was. Texts are ids."""

    review_id: UUID
    text_id: UUID
    has_spoilers: bool
    audience: Audience
    half_stars: int | None
    previous_text_id: UUID | None
    previous_has_spoilers: bool | None
    previous_audience: Audience | None
    previous_half_stars: int | None

    @property
    def review(self) -> Review:
        """The review as it is now."""
        return Review(self.review_id, self.text_id, self.has_spoilers, self.audience, self.half_stars)

    @property
    def previous(self) -> Review | None:
        """The review as it was."""
        if self.previous_text_id is None or self.previous_audience is None:
            return None
        return Review(
            self.review_id,
            self.previous_text_id,
            bool(self.previous_has_spoilers),
            self.previous_audience,
            self.previous_half_stars,
        )

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, review=self.review)


@event("review_deleted")
class ReviewDeleted(PairEvent):
    """A person took their review back; the fields are what it was."""

    review: ClassVar[None] = None
    review_id: UUID
    text_id: UUID
    has_spoilers: bool
    audience: Audience
    half_stars: int | None

    @property
    def previous(self) -> Review:
        """The review as it was."""
        return Review(self.review_id, self.text_id, self.has_spoilers, self.audience, self.half_stars)

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, review=None)


class NoReview(Rejected):
    """You have no review of this movie. Give a text to write one."""

    code: ClassVar[str] = "NO_REVIEW"
    path = ("movieId",)


def write_review(
    pair: Pair, review_id: UUID, changes: Mapping[str, Any], audience: Audience = Audience.PUBLIC
) -> list[PairEvent]:
    """Write the review, or change some fields of it; `review_id` and `audience` are for a new one.

    A new one is without spoilers unless `changes` say otherwise. Stars that are not null are what the
    movie is rated with, too. Raises NoReview, InvalidStars.
    """
    review = pair.review
    if review is None:
        if "text_id" not in changes:
            raise NoReview
        review = Review(review_id, changes["text_id"], False, audience, None)
    review = replace(review, **changes)
    facts = _written(pair, review) if review != pair.review else []
    return facts + (rate_movie(pair, review.half_stars) if changes.get("half_stars") is not None else [])


def delete_review(pair: Pair) -> list[PairEvent]:
    """Take the review back; without one nothing is recorded."""
    if pair.review is None:
        return []
    return [ReviewDeleted(user_id=pair.user_id, movie_id=pair.movie_id, **asdict(pair.review))]


def restore_review(pair: Pair, fact: ReviewWritten | ReviewDeleted) -> list[PairEvent]:
    """Return what makes the review again what it was before the fact."""
    return _written(pair, fact.previous) if fact.previous else delete_review(pair)


def _written(pair: Pair, review: Review) -> list[PairEvent]:
    was = pair.review
    return [
        ReviewWritten(
            user_id=pair.user_id,
            movie_id=pair.movie_id,
            **asdict(review),
            previous_text_id=was.text_id if was else None,
            previous_has_spoilers=was.has_spoilers if was else None,
            previous_audience=was.audience if was else None,
            previous_half_stars=was.half_stars if was else None,
        )
    ]
