"""What a person thinks of a movie in one word."""

from __future__ import annotations

from typing import ClassVar

from events.facts import event
from events.pair import Pair, PairEvent, Reaction, Status, changed
from events.watchlist import RemovalReason, followed_by_removal


@event("movie_reacted")
class MovieReacted(PairEvent):
    """A person reacted to a movie, in place of any reaction of theirs before it."""

    reaction: Reaction
    previous: Reaction | None

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, reaction=self.reaction, status=Status.SEEN)


@event("reaction_cleared")
class ReactionCleared(PairEvent):
    """A person took their reaction back; `status` is what the movie's status becomes."""

    reaction: ClassVar[None] = None
    previous: Reaction
    status: Status | None

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, reaction=None, status=self.status)


def react_to_movie(pair: Pair, reaction: Reaction | None) -> list[PairEvent]:
    """Set the reaction, or clear it with None; said twice, it is recorded once."""
    if reaction == pair.reaction:
        return []
    if reaction is None:
        return clear_reaction(pair)
    fact = MovieReacted(
        user_id=pair.user_id, movie_id=pair.movie_id, reaction=reaction, previous=pair.reaction
    )
    return followed_by_removal(pair, [fact], RemovalReason.REACTED)


def clear_reaction(pair: Pair) -> list[PairEvent]:
    """Take the reaction back; without one nothing is recorded."""
    if pair.reaction is None:
        return []
    after = changed(pair, reaction=None)
    status = after.remaining_status() if pair.status is Status.SEEN else pair.status
    return [
        ReactionCleared(user_id=pair.user_id, movie_id=pair.movie_id, previous=pair.reaction, status=status)
    ]
