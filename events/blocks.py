"""Whom a person wants nothing to do with: who is blocked neither follows them nor sees what is theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Event, event
from events.follows import Follow, remove_follower, unfollow_user


class CannotBlockYourself(Rejected):
    """Nobody blocks themself."""

    code: ClassVar[str] = "CANNOT_BLOCK_YOURSELF"
    path = ("userId",)


@dataclass(frozen=True, slots=True)
class Block:
    """The state between two people; `Block(blocker_id, blocked_id)` is where every history begins."""

    blocker_id: UUID
    blocked_id: UUID
    is_blocked: bool = False

    def when(self, facts: Iterable[Event]) -> Block:
        """Return the state after these facts, oldest first; facts about others change nothing."""
        block = self
        for fact in facts:
            if isinstance(fact, UserBlocked | UserUnblocked) and (fact.user_id, fact.blocked_id) == (
                self.blocker_id,
                self.blocked_id,
            ):
                block = replace(block, is_blocked=isinstance(fact, UserBlocked))
        return block


@event("user_blocked")
class UserBlocked(Event):
    """A person wants nothing to do with another any more."""

    user_id: UUID
    movie_id = None
    blocked_id: UUID


@event("user_unblocked")
class UserUnblocked(Event):
    """A person took that back."""

    user_id: UUID
    movie_id = None
    blocked_id: UUID


def block_user(block: Block, following: Follow, followed: Follow) -> list[Event]:
    """Block somebody, which ends that one follows them (`following`), and that they follow (`followed`), or ask to.

    Blocked twice, it is recorded once. Raises CannotBlockYourself.
    """
    if block.blocker_id == block.blocked_id:
        raise CannotBlockYourself
    if block.is_blocked:
        return []
    fact = UserBlocked(user_id=block.blocker_id, blocked_id=block.blocked_id)
    return [fact, *unfollow_user(following), *remove_follower(followed)]


def unblock_user(block: Block) -> list[Event]:
    """Take it back; who is not blocked is left alone. Nobody follows by that."""
    if not block.is_blocked:
        return []
    return [UserUnblocked(user_id=block.blocker_id, blocked_id=block.blocked_id)]
