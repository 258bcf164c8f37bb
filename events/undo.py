"""Taking an action back: the facts that compensate for it are appended, nothing is removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Event
from events.favorites import MovieFavorited, MovieUnfavorited, favorite_movie, unfavorite_movie
from events.feedback import RecommendationFeedbackGiven, restore_feedback
from events.follows import (
    Follow,
    FollowerAccepted,
    FollowerRemoved,
    FollowerRestored,
    FollowEvent,
    FollowStatus,
    PersonBlocked,
    UserFollowed,
    UserUnfollowed,
    follow_user,
    restore_follower,
    unfollow_user,
)
from events.list_items import (
    ListItemAdded,
    ListItemMoved,
    ListItemNoted,
    ListItemRemoved,
    move_item,
    note_item,
    remove_item,
    restore_item,
)
from events.lists import (
    Item,
    ListCreated,
    ListDeleted,
    ListEdited,
    ListRestored,
    ListState,
    delete_list,
    restore_list,
    restore_traits,
)
from events.pair import Pair, PairEvent, Status, Viewing
from events.ratings import MovieRated, RatingCleared, rate_movie
from events.reactions import MovieReacted, ReactionCleared, react_to_movie
from events.reviews import ReviewDeleted, ReviewWritten, restore_review
from events.viewing import (
    DismissalCleared,
    MovieDismissed,
    MovieWatched,
    WatchRetracted,
    clear_dismissal,
    dismiss_movie,
    restore_viewing,
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


def undo_follow(
    follow: Follow, fact: FollowEvent, *, is_open: bool, has_blocked: bool = False
) -> list[FollowEvent]:
    """Return what takes back a fact that is the last between two people. Raises CannotUndo, PersonBlocked.

    Who took back to follow asks again where that is not open to all; who was removed need not.
    """
    match fact:
        case UserFollowed():
            return unfollow_user(follow)
        case UserUnfollowed():
            return follow_user(follow, is_open=is_open, has_blocked=has_blocked)
        case FollowerAccepted():
            return restore_follower(follow, FollowStatus.REQUESTED)
        case FollowerRemoved(previous=None):
            raise CannotUndo
        case FollowerRemoved() if has_blocked:
            raise PersonBlocked
        case FollowerRemoved() | FollowerRestored():
            return restore_follower(follow, fact.previous)


def undo_in_list(state: ListState, fact: Event, position: int) -> list[Event]:
    """Return what takes back the fact at a position, about a list or a movie of it: that must still be the last word.

    For one about a movie, `state.anchor` is what it shall stand behind, where it stood before. A list can be made undone
    until something is on it. Raises CannotUndo, UnknownList, NotListOwner, ListFull, TooManyLists.
    """
    after = state.anchor.movie_id if state.anchor else None
    match fact:
        case ListItemAdded() if state.added_at == position and state.item is not None:
            facts = remove_item(state)
        case ListItemRemoved() if state.placed_at == position:
            facts = restore_item(state, Item(fact.listed_id, fact.rank, fact.note_id), after)
        case ListItemMoved() if state.placed_at == position and fact.previous_rank is not None:
            facts = move_item(state, fact.listed_id, after)
        case ListItemNoted() if state.noted_at == position and fact.previous_rank is not None:
            facts = note_item(state, fact.previous_note_id)
        case ListEdited() if state.told_at == position and fact.previous is not None:
            facts = restore_traits(state, fact.previous)
        case ListDeleted() if state.told_at == position:
            facts = restore_list(state, fact.traits)
        case ListCreated() | ListRestored() if state.told_at == position > (state.filled_at or 0):
            facts = delete_list(state)
        case _:
            raise CannotUndo
    if not facts:
        raise CannotUndo
    return facts


def _holds(pair: Pair, fact: Event) -> bool:
    """Whether the state is still the one that the fact made, as far as the fact goes."""
    match fact:
        case MovieReacted() | ReactionCleared():
            return pair.reaction == fact.reaction
        case MovieRated() | RatingCleared():
            return pair.half_stars == fact.half_stars
        case MovieFavorited():
            return pair.is_favorite
        case MovieUnfavorited():
            return not pair.is_favorite
        case WatchlistItemAdded() | WatchlistItemPrioritized():
            return pair.priority == fact.priority
        case WatchlistItemRemoved():
            return pair.priority is None
        case MovieWatched():
            return any(_viewing(viewing) == _viewing(fact) for viewing in pair.viewings)
        case ReviewWritten() | ReviewDeleted():
            return pair.review == fact.review
        case RecommendationFeedbackGiven():
            return (pair.feedback, pair.comment_id) == (fact.feedback, fact.text_id)
        case WatchRetracted():
            is_back = any(_viewing(viewing) == _viewing(fact) for viewing in pair.viewings)
            return not is_back or fact.times == len(pair.viewings)
        case MovieDismissed():
            return pair.status is Status.NOT_INTERESTED
        case DismissalCleared():
            return pair.status is not Status.NOT_INTERESTED
        case _:
            return False


def _replaces(newer: Event, fact: Event) -> bool:
    if isinstance(fact, MovieWatched):
        return isinstance(newer, WatchRetracted) and _viewing(newer) == _viewing(fact)
    return any(isinstance(fact, axis) and isinstance(newer, axis) for axis in _AXES)


_AXES: tuple[tuple[type[Event], ...], ...] = (
    (MovieReacted, ReactionCleared),
    (MovieRated, RatingCleared),
    (MovieFavorited, MovieUnfavorited),
    (WatchlistItemAdded, WatchlistItemPrioritized, WatchlistItemRemoved),
    (MovieDismissed, DismissalCleared),
    (ReviewWritten, ReviewDeleted),
    (RecommendationFeedbackGiven,),
)


def _viewing(said: MovieWatched | WatchRetracted | Viewing) -> tuple[date, UUID | None]:
    return said.watched_on, said.viewing_id


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
    MovieWatched: lambda pair, fact: retract_watch(pair, fact.watched_on, fact.viewing_id),
    WatchRetracted: restore_viewing,
    ReviewWritten: restore_review,
    ReviewDeleted: restore_review,
    RecommendationFeedbackGiven: restore_feedback,
    MovieDismissed: lambda pair, fact: clear_dismissal(pair),
    DismissalCleared: lambda pair, fact: dismiss_movie(pair),
}
