"""People who work on a list that is another's: they are invited, join, and leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Event, event
from events.lists import MEMBERS_MOST, ListEvent, ListState, MemberState, UnknownList


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMemberEvent(ListEvent):
    """A fact about a person who is asked to work on a list, or does."""

    owner_id: UUID
    member_id: UUID


@event("list_member_invited")
class ListMemberInvited(ListMemberEvent):
    """A person asked another to work on their list."""


@event("list_member_joined")
class ListMemberJoined(ListMemberEvent):
    """A person who was asked to works on a list from now on."""


@event("list_member_left")
class ListMemberLeft(ListMemberEvent):
    """A person does not work on a list any more, or never wanted to: by themself, or because the owner said so."""


class NotInvited(Rejected):
    """Nobody has invited you to this list, or not any more."""

    code: ClassVar[str] = "NOT_INVITED"
    path = ("listId",)


class TooManyCollaborators(Rejected):
    """20 people are invited to this list or work on it, which is as many as there can be. Remove one first."""

    code: ClassVar[str] = "TOO_MANY_COLLABORATORS"
    path = ("userId",)


_THERE = (MemberState.INVITED, MemberState.JOINED)


def invite_member(state: ListState, member_id: UUID) -> list[Event]:
    """Ask a person to work on the list; who is asked already, or does, is asked once.

    Raises UnknownList, NotListOwner, TooManyCollaborators.
    """
    state.require_owner()
    if member_id == state.actor_id or state.other in _THERE:
        return []
    if state.members >= MEMBERS_MOST:
        raise TooManyCollaborators
    return [_fact(ListMemberInvited, state, member_id)]


def join_list(state: ListState) -> list[Event]:
    """Begin to work on a list; who does already joins once. Raises NotInvited."""
    if state.owner_id is None or state.role not in _THERE:
        raise NotInvited
    return [] if state.role is MemberState.JOINED else [_fact(ListMemberJoined, state, state.actor_id)]


def leave_list(state: ListState, member_id: UUID) -> list[Event]:
    """Let somebody not work on the list any more: oneself, or as its owner another.

    Who is not there leaves nothing behind. Raises UnknownList, NotListOwner.
    """
    if member_id != state.actor_id:
        state.require_owner()
        return [_fact(ListMemberLeft, state, member_id)] if state.other in _THERE else []
    if state.owner_id is None or state.role not in _THERE:
        raise UnknownList
    return [_fact(ListMemberLeft, state, member_id)]


def _fact(kind: type[ListMemberEvent], state: ListState, member_id: UUID) -> Event:
    assert state.owner_id is not None
    return kind(user_id=state.actor_id, list_id=state.list_id, owner_id=state.owner_id, member_id=member_id)
