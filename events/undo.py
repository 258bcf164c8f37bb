"""Taking an action back: the facts that compensate for it are appended, nothing is removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from events.errors import Rejected
from events.facts import Event
from events.favorites import MovieFavorited, MovieUnfavorited, favorite_movie, unfavorite_movie
from events.pair import Pair, PairEvent, Status
from events.ratings import MovieRated, RatingCleared, rate_movie
from events.reactions import MovieReacted, ReactionCleared, react_to_movie
from events.viewing import (
    DismissalCleared,
    MovieDismissed,
    MovieWatched,
    WatchRetracted,
    clear_dismissal,
    dismiss_movie,
    mark_watched,
    retract_watch,
)
from events.watchlist import (
    RemovalReason,
    WatchlistItemAdded,
    WatchlistItemPrioritized,
    WatchlistItemRemoved,
    add_to_watchlist,
    remove_from_watchlist,
    set_priority,
)


class CannotUndo(Rejected):
    """This cannot be taken back: it was undone already, something newer replaced it, or it is not an action of yours."""

    code: ClassVar[str] = "CANNOT_UNDO"
    path = ("eventId",)


def undo(pair: Pair, facts: Sequence[Event], later: Sequence[Event] = ()) -> list[PairEvent]:
    """Return what takes back a fact and those it caused, in the order they happened. Raises CannotUndo.

    Each must still be what holds: undoing a rating that a later one replaced would lose the later one, even if it says
    the same; `later` are the pair's facts since.
    """
    compensation: list[PairEvent] = []
    for fact in facts:
        if not _holds(pair, fact) or any(_replaces(newer, fact) for newer in later):
            raise CannotUndo
        step = _UNDO[type(fact)](pair, fact)
        compensation += step
        pair = pair.when(step)
    if not compensation:
        raise CannotUndo
    return compensation


def _holds(pair: Pair, fact: Event) -> bool:
    """Whether the state is still the one that the fact made, as far as the fact goes."""
    match fact:
        case MovieReacted():
            return pair.reaction == fact.reaction
        case ReactionCleared():
            return pair.reaction is None
        case MovieRated():
            return pair.half_stars == fact.half_stars
        case RatingCleared():
            return pair.half_stars is None
        case MovieFavorited():
            return pair.is_favorite
        case MovieUnfavorited():
            return not pair.is_favorite
        case WatchlistItemAdded() | WatchlistItemPrioritized():
            return pair.priority == fact.priority
        case WatchlistItemRemoved():
            return pair.priority is None
        case MovieWatched():
            return fact.watched_on in pair.watched_on
        case WatchRetracted():
            return fact.watched_on not in pair.watched_on or fact.times == len(pair.watched_on)
        case MovieDismissed():
            return pair.status is Status.NOT_INTERESTED
        case DismissalCleared():
            return pair.status is not Status.NOT_INTERESTED
        case _:
            return False


def _replaces(newer: Event, fact: Event) -> bool:
    if isinstance(fact, MovieWatched):
        return isinstance(newer, WatchRetracted) and newer.watched_on == fact.watched_on
    return any(isinstance(fact, axis) and isinstance(newer, axis) for axis in _AXES)


_AXES: tuple[tuple[type[Event], ...], ...] = (
    (MovieReacted, ReactionCleared),
    (MovieRated, RatingCleared),
    (MovieFavorited, MovieUnfavorited),
    (WatchlistItemAdded, WatchlistItemPrioritized, WatchlistItemRemoved),
    (MovieDismissed, DismissalCleared),
)

_UNDO: dict[type[Event], Callable[..., list[PairEvent]]] = {
    MovieReacted: lambda pair, fact: react_to_movie(pair, fact.previous),
    ReactionCleared: lambda pair, fact: react_to_movie(pair, fact.previous),
    MovieRated: lambda pair, fact: rate_movie(pair, fact.previous),
    RatingCleared: lambda pair, fact: rate_movie(pair, fact.previous),
    MovieFavorited: lambda pair, fact: unfavorite_movie(pair),
    MovieUnfavorited: lambda pair, fact: favorite_movie(pair),
    WatchlistItemAdded: lambda pair, fact: remove_from_watchlist(pair, RemovalReason.UNDONE),
    WatchlistItemPrioritized: lambda pair, fact: set_priority(pair, fact.previous),
    WatchlistItemRemoved: lambda pair, fact: add_to_watchlist(pair, fact.priority),
    MovieWatched: lambda pair, fact: retract_watch(pair, fact.watched_on),
    WatchRetracted: lambda pair, fact: mark_watched(pair, fact.watched_on, fact.watched_on),
    MovieDismissed: lambda pair, fact: clear_dismissal(pair),
    DismissalCleared: lambda pair, fact: dismiss_movie(pair),
}
