"""Lists of movies that a person makes, and what happens to one as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Event, event

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
    order, of a list whose ranks have grown long. `other` is where the person stands that the command is about. `added_at`
    is the position at which the movie was put on the list last, `changed_at` that of the last event about it.
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
    added_at: int | None = None
    changed_at: int | None = None

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


@event("list_created")
class ListCreated(ListEvent):
    """A person made a list."""

    title_id: UUID
    description_id: UUID | None
    visibility: ListVisibility
    link_id: UUID | None


@event("list_edited")
class ListEdited(ListEvent):
    """A person changed what their list is called, or who may see it; the fields are what it is now."""

    title_id: UUID
    description_id: UUID | None
    visibility: ListVisibility
    link_id: UUID | None


@event("list_deleted")
class ListDeleted(ListEvent):
    """A person deleted their list; the fields are what it was."""

    title_id: UUID
    description_id: UUID | None
    visibility: ListVisibility
    link_id: UUID | None


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
    if traits == was:
        return []
    return [ListEdited(user_id=state.actor_id, list_id=state.list_id, **asdict(traits))]


def delete_list(state: ListState) -> list[Event]:
    """Delete a list. Raises UnknownList, NotListOwner."""
    traits = state.require_owner()
    return [ListDeleted(user_id=state.actor_id, list_id=state.list_id, **asdict(traits))]
