"""Who follows whom: at once where that is open to everybody, else once it is accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Data, Event, event


class FollowStatus(StrEnum):
    """How far it is between two people."""

    REQUESTED = "REQUESTED"
    FOLLOWING = "FOLLOWING"


class CannotFollowYourself(Rejected):
    """Nobody follows themself."""

    code: ClassVar[str] = "CANNOT_FOLLOW_YOURSELF"
    path = ("userId",)


class NotRequested(Rejected):
    """This person does not ask to follow you, or does not any more."""

    code: ClassVar[str] = "NOT_REQUESTED"
    path = ("userId",)


class PersonBlocked(Rejected):
    """You have blocked this person. Unblock them first."""

    code: ClassVar[str] = "PERSON_BLOCKED"
    path = ("userId",)


@dataclass(frozen=True, slots=True)
class Follow:
    """The state between two people; `Follow(follower_id, followee_id)` is where every history begins."""

    follower_id: UUID
    followee_id: UUID
    status: FollowStatus | None = None

    def when(self, facts: Iterable[Event]) -> Follow:
        """Return the state after these facts, oldest first."""
        follow = self
        for fact in facts:
            follow = evolve(follow, fact)
        return follow


@event("user_followed")
class UserFollowed(Event):
    """A person follows another, or asks to."""

    user_id: UUID
    movie_id = None
    followee_id: UUID
    is_accepted: bool


@event("follower_accepted")
class FollowerAccepted(Event):
    """A person lets another follow them."""

    user_id: UUID
    movie_id = None
    follower_id: UUID


@event("user_unfollowed")
class UserUnfollowed(Event):
    """A person follows another no longer, or does not ask to any more."""

    user_id: UUID
    movie_id = None
    followee_id: UUID


def _untold(data: Data) -> Data:
    """Version 1 did not say how it was before."""
    return {**data, "previous": None}


@event("follower_removed", version=2, upcasts={1: _untold})
class FollowerRemoved(Event):
    """A person lets another follow them no longer, or declines it; `previous` is None in old events."""

    user_id: UUID
    movie_id = None
    follower_id: UUID
    previous: FollowStatus | None


@event("follower_restored")
class FollowerRestored(Event):
    """A person took back what they said of a follower, or of who asks to be: it is again as `status` says."""

    user_id: UUID
    movie_id = None
    follower_id: UUID
    status: FollowStatus
    previous: FollowStatus | None


FollowEvent = UserFollowed | FollowerAccepted | UserUnfollowed | FollowerRemoved | FollowerRestored
FOLLOW_EVENTS: tuple[type[Event], ...] = (
    UserFollowed,
    FollowerAccepted,
    UserUnfollowed,
    FollowerRemoved,
    FollowerRestored,
)


def people_of(fact: FollowEvent) -> tuple[UUID, UUID]:
    """Return who follows, and whom."""
    if isinstance(fact, UserFollowed | UserUnfollowed):
        return fact.user_id, fact.followee_id
    return fact.follower_id, fact.user_id


def evolve(follow: Follow, fact: Event) -> Follow:
    """Return the state after one fact; a fact about others changes nothing."""
    if not isinstance(fact, FollowEvent) or people_of(fact) != (follow.follower_id, follow.followee_id):
        return follow
    match fact:
        case UserFollowed(is_accepted=False):
            return replace(follow, status=FollowStatus.REQUESTED)
        case UserFollowed() | FollowerAccepted():
            return replace(follow, status=FollowStatus.FOLLOWING)
        case FollowerRestored():
            return replace(follow, status=fact.status)
        case _:
            return replace(follow, status=None)


def follow_user(follow: Follow, *, is_open: bool, has_blocked: bool = False) -> list[FollowEvent]:
    """Follow, or ask to where it is not open to everybody; asked before, it is followed once it is open.

    Raises CannotFollowYourself, and PersonBlocked where the follower has blocked whom they would follow.
    """
    if follow.follower_id == follow.followee_id:
        raise CannotFollowYourself
    if has_blocked:
        raise PersonBlocked
    if follow.status is FollowStatus.FOLLOWING or (follow.status and not is_open):
        return []
    return [UserFollowed(user_id=follow.follower_id, followee_id=follow.followee_id, is_accepted=is_open)]


def unfollow_user(follow: Follow) -> list[FollowEvent]:
    """Follow no longer, or ask no longer; who does not is left alone."""
    if follow.status is None:
        return []
    return [UserUnfollowed(user_id=follow.follower_id, followee_id=follow.followee_id)]


def accept_follower(follow: Follow) -> list[FollowEvent]:
    """Let somebody follow who asked; accepted twice, it is recorded once. Raises NotRequested."""
    if follow.status is FollowStatus.FOLLOWING:
        return []
    if follow.status is None:
        raise NotRequested
    return [FollowerAccepted(user_id=follow.followee_id, follower_id=follow.follower_id)]


def remove_follower(follow: Follow) -> list[FollowEvent]:
    """Let somebody follow no longer, or decline it; who does not is left alone."""
    if follow.status is None:
        return []
    return [
        FollowerRemoved(user_id=follow.followee_id, follower_id=follow.follower_id, previous=follow.status)
    ]


def restore_follower(follow: Follow, status: FollowStatus | None) -> list[FollowEvent]:
    """Make it what it was before the person who is followed said something; None is to follow no longer."""
    if status is None:
        return remove_follower(follow)
    people = {"user_id": follow.followee_id, "follower_id": follow.follower_id}
    return [FollowerRestored(**people, status=status, previous=follow.status)]
