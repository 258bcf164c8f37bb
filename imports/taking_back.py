"""Taking an import back: what it said is compensated for where it still is the last word, and pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from events.decided import Decided, decided
from events.errors import Rejected
from events.facts import Event
from events.favorites import MovieFavorited, MovieUnfavorited, favorite_movie, unfavorite_movie
from events.feedback import RecommendationFeedbackGiven, give_feedback
from events.log import Recorded, last_of
from events.pair import Feedback, Pair, PairEvent, Status
from events.ratings import MovieRated, RatingCleared, rate_movie
from events.reactions import MovieReacted, ReactionCleared, react_to_movie
from events.viewing import MovieDismissed, MovieWatched, dismiss_movie, retract_watch
from events.watchlist import (
    RemovalReason,
    WatchlistItemAdded,
    WatchlistItemPrioritized,
    WatchlistItemRemoved,
    add_to_watchlist,
    remove_from_watchlist,
)

_Restore = Callable[[Pair, Pair, Event | None], list[PairEvent]]
"""From the state now, the state without the import and the fact that made that, to what leads from one to the other."""


def take_back(blank: Pair, history: Sequence[Recorded], import_id: UUID, now: datetime) -> list[Decided]:
    """Return what makes a pair as if the import had not been, but for what was said about it since.

    What is restored happened when it did. `history` is what decides of the pair, oldest first.
    """
    pair = blank.when(event.fact for event in history)
    others = [event for event in history if event.correlation_id != import_id]
    without = blank.when(event.fact for event in others)
    found: list[Decided] = []

    def add(facts: list[PairEvent], at: datetime, cause: UUID | None) -> None:
        nonlocal pair
        found.extend(decided(facts, at, cause))
        pair = pair.when(facts)

    for event in history:
        if event.correlation_id == import_id and isinstance(event.fact, MovieWatched):
            day = event.fact.watched_on
            if pair.watched_on.count(day) > without.watched_on.count(day):
                viewing_id = event.fact.viewing_id or event.event_id
                add(retract_watch(pair, day, viewing_id), now, event.event_id)
    for axis, restore in _AXES:
        last = last_of(history, axis)
        if last is None or last.correlation_id != import_id:
            continue
        before = last_of(others, tuple(kind for kind in axis if kind is not WatchlistItemPrioritized))
        if isinstance(last.fact, WatchlistItemAdded) and without.priority:
            # it took the movie off and put it on again, so that it is there since the day of the import's
            add(remove_from_watchlist(pair, RemovalReason.UNDONE), now, last.event_id)
        try:
            facts = restore(pair, without, before.fact if before else None)
        except Rejected:  # what was said since does not go together with what was before
            continue
        is_back = before is not None and not isinstance(before.fact, _ENDS)
        add(facts, before.occurred_at if before and is_back else now, last.event_id)
    dismissed = next((event for event in reversed(others) if _dismisses(event.fact)), None)
    if found and dismissed and without.status is Status.NOT_INTERESTED:
        fact = dismissed.fact
        if isinstance(fact, RecommendationFeedbackGiven):
            facts = give_feedback(pair, fact.feedback, fact.text_id, fact.slate_id)
        else:
            facts = dismiss_movie(pair)
        add(facts, dismissed.occurred_at, None)
    return found


def _dismisses(fact: Event) -> bool:
    return isinstance(fact, MovieDismissed) or (
        isinstance(fact, RecommendationFeedbackGiven) and fact.feedback is Feedback.NOT_INTERESTED
    )


def _rating(pair: Pair, without: Pair, before: Event | None) -> list[PairEvent]:
    scale = before.scale if isinstance(before, MovieRated) else None
    return rate_movie(pair, without.half_stars, scale)


def _favorite(pair: Pair, without: Pair, _: Event | None) -> list[PairEvent]:
    return favorite_movie(pair) if without.is_favorite else unfavorite_movie(pair)


def _watchlist(pair: Pair, without: Pair, _: Event | None) -> list[PairEvent]:
    if without.priority is None:
        return remove_from_watchlist(pair, RemovalReason.UNDONE)
    return add_to_watchlist(pair, without.priority)


_AXES: tuple[tuple[tuple[type[Event], ...], _Restore], ...] = (
    ((MovieRated, RatingCleared), _rating),
    ((MovieReacted, ReactionCleared), lambda pair, without, _: react_to_movie(pair, without.reaction)),
    ((MovieFavorited, MovieUnfavorited), _favorite),
    ((WatchlistItemAdded, WatchlistItemPrioritized, WatchlistItemRemoved), _watchlist),
)
"""The watchlist comes last: nothing can be put on it that is still rated."""
_ENDS = (RatingCleared, ReactionCleared, MovieUnfavorited, WatchlistItemRemoved)
