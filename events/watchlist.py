"""Movies a person wants to see."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from events.errors import Rejected
from events.facts import event
from events.pair import Pair, PairEvent, Priority, Status, changed


class RemovalReason(StrEnum):
    """Why a movie left the watchlist."""

    REMOVED = "REMOVED"
    WATCHED = "WATCHED"
    REACTED = "REACTED"
    RATED = "RATED"
    DISMISSED = "DISMISSED"
    UNDONE = "UNDONE"
    ERASED = "ERASED"
    MERGED = "MERGED"


class OnRate(StrEnum):
    """What becomes of a movie of the watchlist that is rated or reacted to: it leaves, or that is refused."""

    REMOVE = "remove"
    REJECT = "reject"


@event("watchlist_item_added")
class WatchlistItemAdded(PairEvent):
    """A person put a movie on their watchlist."""

    priority: Priority

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, priority=self.priority, status=Status.LATER)


@event("watchlist_item_prioritized")
class WatchlistItemPrioritized(PairEvent):
    """A person changed how soon they want to see a movie of their watchlist."""

    priority: Priority
    previous: Priority

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, priority=self.priority)


@event("watchlist_item_removed")
class WatchlistItemRemoved(PairEvent):
    """A movie left a person's watchlist; `status` is what the movie's status becomes."""

    reason: RemovalReason
    priority: Priority
    status: Status | None

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, priority=None, status=self.status)


class AlreadyRated(Rejected):
    """You have already rated or reacted to this movie, so it cannot be on your watchlist. Take that back first."""

    code: ClassVar[str] = "ALREADY_RATED"
    path = ("movieId",)


class OnWatchlist(Rejected):
    """This movie is on your watchlist. Take it off first, or mark it as watched together with your rating."""

    code: ClassVar[str] = "ON_WATCHLIST"
    path = ("movieId",)


class NotOnWatchlist(Rejected):
    """This movie is not on your watchlist. Add it first."""

    code: ClassVar[str] = "NOT_ON_WATCHLIST"
    path = ("movieId",)


def add_to_watchlist(pair: Pair, priority: Priority) -> list[PairEvent]:
    """Put the movie on the watchlist; on it already, only a new priority is recorded. Raises AlreadyRated."""
    if pair.reaction or pair.half_stars:
        raise AlreadyRated
    if pair.priority:
        return set_priority(pair, priority)
    return [WatchlistItemAdded(user_id=pair.user_id, movie_id=pair.movie_id, priority=priority)]


def set_priority(pair: Pair, priority: Priority) -> list[PairEvent]:
    """Change the priority of a movie of the watchlist. Raises NotOnWatchlist."""
    if pair.priority is None:
        raise NotOnWatchlist
    if priority == pair.priority:
        return []
    return [
        WatchlistItemPrioritized(
            user_id=pair.user_id, movie_id=pair.movie_id, priority=priority, previous=pair.priority
        )
    ]


def remove_from_watchlist(pair: Pair, reason: RemovalReason = RemovalReason.REMOVED) -> list[PairEvent]:
    """Take the movie off the watchlist; when it is not on it nothing is recorded."""
    if pair.priority is None:
        return []
    after = changed(pair, priority=None)
    status = after.remaining_status() if pair.status is Status.LATER else pair.status
    return [
        WatchlistItemRemoved(
            user_id=pair.user_id, movie_id=pair.movie_id, reason=reason, priority=pair.priority, status=status
        )
    ]


def unless_kept(facts: Sequence[PairEvent], on_rate: OnRate) -> Sequence[PairEvent]:
    """Return what a command decided. Raises OnWatchlist where a rating alone would take the movie off, and may not."""
    rated = (RemovalReason.RATED, RemovalReason.REACTED)
    if on_rate is OnRate.REJECT and any(
        isinstance(fact, WatchlistItemRemoved) and fact.reason in rated for fact in facts
    ):
        raise OnWatchlist
    return facts


def followed_by_removal(pair: Pair, facts: list[PairEvent], reason: RemovalReason) -> list[PairEvent]:
    """Return the facts, then the removal from the watchlist that they bring about, if any."""
    if not facts or pair.priority is None:
        return facts
    return [*facts, *remove_from_watchlist(pair.when(facts), reason)]
