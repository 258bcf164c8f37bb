"""Movies of a list: their order, and what is noted about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Data, Event, event
from events.lists import ITEMS_MOST, Item, ListEvent, ListState
from events.ranks import rank_between, spread


@dataclass(frozen=True, slots=True, kw_only=True)
class ListItemEvent(ListEvent):
    """A fact about a movie of a list; `rank` and `note_id` are what they are now, or were where it was removed."""

    owner_id: UUID
    listed_id: UUID
    rank: str
    note_id: UUID | None


@event("list_item_added")
class ListItemAdded(ListItemEvent):
    """A person put a movie on a list."""


def _untold(data: Data) -> Data:
    """Version 1 did not say what was before."""
    return {**data, "previous_rank": None, "previous_note_id": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListItemChanged(ListItemEvent):
    """A fact about a movie that stays on its list; `previous…` are what was before, among the ranks of now.

    `previous_rank` is None in old events, and where the whole list was spread: nothing can be taken back by these.
    """

    previous_rank: str | None
    previous_note_id: UUID | None


@event("list_item_moved", version=2, upcasts={1: _untold})
class ListItemMoved(ListItemChanged):
    """A movie of a list got another place."""


@event("list_item_noted", version=2, upcasts={1: _untold})
class ListItemNoted(ListItemChanged):
    """A person noted something about a movie of a list, or took it back."""


@event("list_item_removed")
class ListItemRemoved(ListItemEvent):
    """A person took a movie off a list."""


class NotInList(Rejected):
    """This movie is not on the list. Add it first."""

    code: ClassVar[str] = "NOT_IN_LIST"
    path = ("movieId",)


class ListFull(Rejected):
    """The list has 5,000 movies, which is as many as there can be. Remove one, or begin another list."""

    code: ClassVar[str] = "LIST_FULL"
    path = ("listId",)


_Changed = TypeVar("_Changed", bound=ListItemChanged)
_BEYOND = "g"
"""Above every rank."""


def add_item(
    state: ListState, movie_id: UUID, note_id: UUID | None, after: UUID | None = None
) -> list[Event]:
    """Put a movie on the list, behind another or at its end; on it already, nothing is recorded.

    Raises UnknownList, ListFull, NotInList.
    """
    state.require_editor()
    if state.item is not None:
        return []
    if state.items >= ITEMS_MOST:
        raise ListFull
    facts, rank = _place(state, movie_id, after, at_end=after is None)
    return [*facts, _fact(ListItemAdded, state, Item(movie_id, rank, note_id))]


def restore_item(state: ListState, item: Item, after: UUID | None) -> list[Event]:
    """Put a movie that was taken off back behind another, or at the beginning. Raises as `add_item` does."""
    state.require_editor()
    if state.item is not None:
        return []
    if state.items >= ITEMS_MOST:
        raise ListFull
    facts, rank = _place(state, item.movie_id, after)
    return [*facts, _fact(ListItemAdded, state, Item(item.movie_id, rank, item.note_id))]


def move_item(state: ListState, movie_id: UUID, after: UUID | None) -> list[Event]:
    """Put a movie of the list behind another, or at the beginning. Raises UnknownList, NotInList."""
    item = _item(state)
    if after == movie_id or (_low(state, after) or "") < item.rank < (state.following or _BEYOND):
        return []
    facts, rank = _place(state, movie_id, after)
    was = replace(item, rank=_previous(state, item, facts))
    return [*facts, _changed(ListItemMoved, state, replace(item, rank=rank), was)]


def note_item(state: ListState, note_id: UUID | None) -> list[Event]:
    """Note something about a movie of the list; None takes it back. Raises UnknownList, NotInList."""
    item = _item(state)
    if note_id == item.note_id:
        return []
    return [_changed(ListItemNoted, state, replace(item, note_id=note_id), item)]


def remove_item(state: ListState) -> list[Event]:
    """Take a movie off the list; when it is not on it nothing is recorded. Raises UnknownList."""
    state.require_editor()
    return [] if state.item is None else [_fact(ListItemRemoved, state, state.item)]


def put_in_place(state: ListState, movie_id: UUID) -> list[Event]:
    """Put a movie in the place of one that it turned out to be, with its note. Raises UnknownList, NotInList."""
    return [_fact(ListItemAdded, state, replace(_item(state), movie_id=movie_id))]


def _item(state: ListState) -> Item:
    state.require_editor()
    if state.item is None:
        raise NotInList
    return state.item


def _place(
    state: ListState, movie_id: UUID, after: UUID | None, *, at_end: bool = False
) -> tuple[Sequence[ListItemMoved], str]:
    """Return a rank there, and what makes room for it where ranks have grown long."""
    low = _low(state, after)
    if state.crowded is None:
        return [], rank_between(state.last, None) if at_end else rank_between(low, state.following)
    others = [item for item in state.crowded if item.movie_id != movie_id]
    ids = [item.movie_id for item in others]
    at = len(ids) if at_end else 0 if after is None else ids.index(after) + 1
    ranks = list(spread(len(ids) + 1))
    rank = ranks.pop(at)
    moved = (
        _changed(ListItemMoved, state, replace(item, rank=new), None)
        for item, new in zip(others, ranks, strict=True)
    )
    return list(moved), rank


def _previous(state: ListState, item: Item, facts: Sequence[ListItemMoved]) -> str:
    """Return the rank of the place that a movie leaves, among the ranks that the others have after these facts."""
    if not facts:
        return item.rank
    ranks = {fact.listed_id: fact.rank for fact in facts}
    before, behind = None, None
    for other in state.crowded or ():
        if other.rank < item.rank:
            before = ranks[other.movie_id]
        elif other.movie_id != item.movie_id:
            behind = ranks[other.movie_id]
            break
    return rank_between(before, behind)


def _low(state: ListState, after: UUID | None) -> str | None:
    """Return the rank of the movie to stand behind. Raises NotInList."""
    if after is None:
        return None
    if state.anchor is None:
        raise NotInList(path=("afterMovieId",))
    return state.anchor.rank


def _fact(kind: type[ListItemEvent], state: ListState, item: Item) -> Event:
    return kind(**_about(state, item))


def _changed(kind: type[_Changed], state: ListState, item: Item, was: Item | None) -> _Changed:
    rank, note_id = (was.rank, was.note_id) if was else (None, None)
    return kind(**_about(state, item), previous_rank=rank, previous_note_id=note_id)


def _about(state: ListState, item: Item) -> dict[str, Any]:
    return {
        "user_id": state.actor_id,
        "list_id": state.list_id,
        "owner_id": state.require_editor(),
        "listed_id": item.movie_id,
        "rank": item.rank,
        "note_id": item.note_id,
    }
