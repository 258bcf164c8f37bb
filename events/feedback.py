"""What people say of having been recommended a movie."""

from __future__ import annotations

from uuid import UUID

from events.facts import event
from events.pair import Feedback, Pair, PairEvent, Status, changed
from events.watchlist import RemovalReason, followed_by_removal

_SAYS = {
    Feedback.NOT_INTERESTED: (Status.NOT_INTERESTED, RemovalReason.DISMISSED),
    Feedback.ALREADY_SEEN: (Status.SEEN, RemovalReason.WATCHED),
}
"""What else is said by that: the movie's status, and why it leaves the watchlist."""


@event("recommendation_feedback_given")
class RecommendationFeedbackGiven(PairEvent):
    """A person said what they think of a recommended movie, in place of what they said before; None takes it back.

    The comment is the id of a text; `status` is what the movie's status becomes.
    """

    feedback: Feedback | None
    text_id: UUID | None
    slate_id: UUID | None
    previous: Feedback | None
    previous_text_id: UUID | None
    status: Status | None

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, feedback=self.feedback, comment_id=self.text_id, status=self.status)


def give_feedback(
    pair: Pair, feedback: Feedback | None, text_id: UUID | None = None, slate_id: UUID | None = None
) -> list[PairEvent]:
    """Say what one thinks of a recommended movie, or take it back with None; said twice, it is recorded once."""
    status, reason = _SAYS.get(feedback, (None, None)) if feedback else (None, None)
    status = status or _left(pair, pair.feedback, feedback)
    if (feedback, text_id, status) == (pair.feedback, pair.comment_id, pair.status):
        return []
    facts: list[PairEvent] = [_given(pair, feedback, text_id, slate_id, status)]
    return followed_by_removal(pair, facts, reason) if reason else facts


def restore_feedback(pair: Pair, fact: RecommendationFeedbackGiven) -> list[PairEvent]:
    """Return what makes the feedback again what it was before the fact."""
    status = _left(pair, fact.feedback, fact.previous)
    if status is None and fact.previous is Feedback.NOT_INTERESTED:
        status = Status.NOT_INTERESTED
    return [_given(pair, fact.previous, fact.previous_text_id, fact.slate_id, status)]


def _left(pair: Pair, gone: Feedback | None, now: Feedback | None) -> Status | None:
    """Return the status without what was said by `gone`."""
    if pair.status is None or (gone in _SAYS and pair.status is _SAYS[gone][0]):
        return changed(pair, feedback=now).remaining_status()
    return pair.status


def _given(
    pair: Pair, feedback: Feedback | None, text_id: UUID | None, slate_id: UUID | None, status: Status | None
) -> RecommendationFeedbackGiven:
    return RecommendationFeedbackGiven(
        user_id=pair.user_id,
        movie_id=pair.movie_id,
        feedback=feedback,
        text_id=text_id,
        slate_id=slate_id,
        previous=pair.feedback,
        previous_text_id=pair.comment_id,
        status=status,
    )
