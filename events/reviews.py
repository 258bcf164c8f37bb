"""What people write about movies: one review a person and movie."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import event
from events.pair import Audience, Pair, PairEvent, Review, changed
from events.ratings import rate_movie


@event("review_written")
class ReviewWritten(PairEvent):
    """A person wrote a review, or changed it: then `previous…` say what it was; all texts are ids."""

    review_id: UUID
    text_id: UUID
    has_spoilers: bool
    audience: Audience
    previous_text_id: UUID | None
    previous_has_spoilers: bool | None
    previous_audience: Audience | None

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, review=Review(self.review_id, self.text_id, self.has_spoilers, self.audience))


@event("review_deleted")
class ReviewDeleted(PairEvent):
    """A person took their review back; the fields are what it was."""

    review_id: UUID
    text_id: UUID
    has_spoilers: bool
    audience: Audience

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, review=None)


class NoReview(Rejected):
    """You have no review of this movie. Give a text to write one."""

    code: ClassVar[str] = "NO_REVIEW"
    path = ("movieId",)


def write_review(
    pair: Pair,
    review_id: UUID,
    text_id: UUID | None = None,
    has_spoilers: bool | None = None,
    audience: Audience | None = None,
    half_stars: int | None = None,
) -> list[PairEvent]:
    """Write the review, or change what is given of it; `review_id` is for a new one. Stars are given with it.

    A new review is for everybody and without spoilers unless it says otherwise. Raises NoReview, InvalidStars.
    """
    review = pair.review
    if review is None:
        if text_id is None:
            raise NoReview
        review = Review(review_id, text_id, has_spoilers=False, audience=Audience.PUBLIC)
    changes: dict[str, Any] = {"text_id": text_id, "has_spoilers": has_spoilers, "audience": audience}
    review = replace(review, **{name: value for name, value in changes.items() if value is not None})
    facts = _written(pair, review) if review != pair.review else []
    return facts + (rate_movie(pair, half_stars) if half_stars is not None else [])


def delete_review(pair: Pair) -> list[PairEvent]:
    """Take the review back; without one nothing is recorded."""
    if pair.review is None:
        return []
    return [
        ReviewDeleted(
            user_id=pair.user_id,
            movie_id=pair.movie_id,
            review_id=pair.review.review_id,
            text_id=pair.review.text_id,
            has_spoilers=pair.review.has_spoilers,
            audience=pair.review.audience,
        )
    ]


def restore_review(pair: Pair, fact: ReviewWritten | ReviewDeleted) -> list[PairEvent]:
    """Return what makes the review again what it was before the fact."""
    if isinstance(fact, ReviewDeleted):
        return _written(pair, Review(fact.review_id, fact.text_id, fact.has_spoilers, fact.audience))
    if fact.previous_text_id is None or fact.previous_audience is None:
        return delete_review(pair)
    before = Review(
        fact.review_id, fact.previous_text_id, bool(fact.previous_has_spoilers), fact.previous_audience
    )
    return _written(pair, before)


def _written(pair: Pair, review: Review) -> list[PairEvent]:
    was = pair.review
    return [
        ReviewWritten(
            user_id=pair.user_id,
            movie_id=pair.movie_id,
            review_id=review.review_id,
            text_id=review.text_id,
            has_spoilers=review.has_spoilers,
            audience=review.audience,
            previous_text_id=was.text_id if was else None,
            previous_has_spoilers=was.has_spoilers if was else None,
            previous_audience=was.audience if was else None,
        )
    ]
