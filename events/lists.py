"""Lists of movies that a person makes, and what happens to one as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Data, Event, event

LISTS_MOST = 1_000
"""Lists of a person."""
ITEMS_MOST = 5_000
"""Movies of a list."""
MEMBERS_MOST = 20
"""People who are invited to a list or have joined it."""


class ListVisibility(StrEnum):
    """Who may see a list, beside those who work on it."""

    PUBLIC = "PUBLIC"
    FOLLOWERS = "FOLLOWERS"
    UNLISTED = "UNLISTED"
    """Who has the link."""
    PRIVATE = "PRIVATE"


class MemberState(StrEnum):
    """Where a person stands who was asked to work on a list."""

    INVITED = "INVITED"
    JOINED = "JOINED"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True)
class ListTraits:
    """What a list is called, and who may see it; texts, and the part of the link that nobody guesses, are ids."""

    title_id: UUID
    description_id: UUID | None = None
    visibility: ListVisibility = ListVisibility.PRIVATE
    link_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A movie of a list."""

    movie_id: UUID
    rank: str
    note_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What a command of a person about a list decides on, read under the lock of both.

    `item` is the movie that the command is about, `anchor` the one that it shall stand behind, `following` the rank of
    the one after that (without an anchor: of the first), `last` the greatest rank. `crowded` has all items, in their
    order, of a list whose ranks have grown long. `other` is where the person stands that the command is about.

    Those on `_at` are positions of the last event of a kind: about the list as a whole, though it is deleted (`told_at`),
    about any of its movies and people (`filled_at`), that put the movie on it (`added_at`), that said where it stands, or
    that it does not (`placed_at`), and that said what is noted of it, or took it off (`noted_at`).
    """

    actor_id: UUID
    list_id: UUID
    owner_id: UUID | None = None
    traits: ListTraits | None = None
    role: MemberState | None = None
    other: MemberState | None = None
    item: Item | None = None
    anchor: Item | None = None
    following: str | None = None
    last: str | None = None
    items: int = 0
    members: int = 0
    lists: int = 0
    crowded: tuple[Item, ...] | None = None
    told_at: int | None = None
    filled_at: int | None = None
    added_at: int | None = None
    placed_at: int | None = None
    noted_at: int | None = None

    def require_owner(self) -> ListTraits:
        """Return the traits of one's own list. Raises UnknownList, NotListOwner."""
        self.require_editor()
        if self.actor_id != self.owner_id or self.traits is None:
            raise NotListOwner
        return self.traits

    def require_editor(self) -> UUID:
        """Return the owner of a list that one may work on. Raises UnknownList."""
        if self.owner_id is None or (self.actor_id != self.owner_id and self.role is not MemberState.JOINED):
            raise UnknownList
        return self.owner_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEvent(Event):
    """A fact about a list; the movie of an item is no `movie_id`, for the pair of person and movie does not change."""

    movie_id = None
    user_id: UUID
    list_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTold(ListEvent):
    """A fact about a list as a whole; the fields are what it is now, or was where it was deleted."""

    title_id: UUID
    description_id: UUID | None
    visibility: ListVisibility
    link_id: UUID | None

    @property
    def traits(self) -> ListTraits:
        """The fields together."""
        return ListTraits(self.title_id, self.description_id, self.visibility, self.link_id)


@event("list_created")
class ListCreated(ListTold):
    """A person made a list."""


def _untold(data: Data) -> Data:
    """Version 1 did not say what the list was before."""
    return {
        **data,
        "previous_title_id": None,
        "previous_description_id": None,
        "previous_visibility": None,
        "previous_link_id": None,
    }


@event("list_edited", version=2, upcasts={1: _untold})
class ListEdited(ListTold):
    """A person changed what their list is called, or who may see it; `previous…` are None in old events."""

    previous_title_id: UUID | None
    previous_description_id: UUID | None
    previous_visibility: ListVisibility | None
    previous_link_id: UUID | None

    @property
    def previous(self) -> ListTraits | None:
        """What the list was; None where the event does not say it."""
        if self.previous_title_id is None or self.previous_visibility is None:
            return None
        return ListTraits(
            self.previous_title_id,
            self.previous_description_id,
            self.previous_visibility,
            self.previous_link_id,
        )


@event("list_deleted")
class ListDeleted(ListTold):
    """A person deleted their list."""


@event("list_restored")
class ListRestored(ListTold):
    """A person took back that they deleted their list: it has the movies and the people that it had."""


class UnknownList(Rejected):
    """There is no list with this id that you may change."""

    code: ClassVar[str] = "UNKNOWN_LIST"
    path = ("listId",)


class NotListOwner(Rejected):
    """Only the person whose list it is can do this."""

    code: ClassVar[str] = "NOT_LIST_OWNER"
    path = ("listId",)


class TooManyLists(Rejected):
    """You have 1,000 lists, which is as many as there can be. Delete one first."""

    code: ClassVar[str] = "TOO_MANY_LISTS"


def create_list(state: ListState, traits: ListTraits) -> list[Event]:
    """Make a list. Raises TooManyLists."""
    if state.lists >= LISTS_MOST:
        raise TooManyLists
    return [ListCreated(user_id=state.actor_id, list_id=state.list_id, **asdict(traits))]


def edit_list(state: ListState, changes: Mapping[str, Any], link_id: UUID) -> list[Event]:
    """Change traits of a list; `link_id` is for one that gets its first link. Raises UnknownList, NotListOwner."""
    was = state.require_owner()
    traits = replace(was, **changes)
    if traits.visibility is ListVisibility.UNLISTED and traits.link_id is None:
        traits = replace(traits, link_id=link_id)
    return restore_traits(state, traits)


def restore_traits(state: ListState, traits: ListTraits) -> list[Event]:
    """Make a list what these traits say. Raises UnknownList, NotListOwner."""
    was = state.require_owner()
    if traits == was:
        return []
    previous = {f"previous_{name}": value for name, value in asdict(was).items()}
    return [ListEdited(user_id=state.actor_id, list_id=state.list_id, **asdict(traits), **previous)]


def delete_list(state: ListState) -> list[Event]:
    """Delete a list. Raises UnknownList, NotListOwner."""
    traits = state.require_owner()
    return [ListDeleted(user_id=state.actor_id, list_id=state.list_id, **asdict(traits))]


def restore_list(state: ListState, traits: ListTraits) -> list[Event]:
    """Bring a list back that was deleted. Raises TooManyLists."""
    if state.lists >= LISTS_MOST:
        raise TooManyLists
    return [ListRestored(user_id=state.actor_id, list_id=state.list_id, **asdict(traits))]
