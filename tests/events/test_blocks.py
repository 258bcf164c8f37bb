"""Who blocks whom: every command in every state, with what it decides."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from events.blocks import Block, CannotBlockYourself, UserBlocked, UserUnblocked, block_user, unblock_user
from events.facts import Event
from events.follows import (
    Follow,
    FollowerRemoved,
    FollowStatus,
    PersonBlocked,
    UserUnfollowed,
    follow_user,
)

ADA, EVE, IDA = UUID(int=1), UUID(int=2), UUID(int=3)
BLOCKED, UNBLOCKED = (kind(user_id=ADA, blocked_id=EVE) for kind in (UserBlocked, UserUnblocked))
LEFT = UserUnfollowed(user_id=ADA, followee_id=EVE)
REMOVED = FollowerRemoved(user_id=ADA, follower_id=EVE, previous=FollowStatus.FOLLOWING)
STATES = (None, *FollowStatus)


@pytest.mark.parametrize("following", STATES)
@pytest.mark.parametrize("followed", STATES)
def test_blocking_ends_that_they_follow_each_other_or_ask_to(
    following: FollowStatus | None, followed: FollowStatus | None
) -> None:
    follows = Follow(ADA, EVE, following), Follow(EVE, ADA, followed)
    facts = block_user(Block(ADA, EVE), *follows)
    assert facts == [
        BLOCKED,
        *([LEFT] if following else []),
        *([replace(REMOVED, previous=followed)] if followed else []),
    ]
    assert [follow.when(facts).status for follow in follows] == [None, None]
    blocked = Block(ADA, EVE).when(facts)
    assert blocked.is_blocked
    assert block_user(blocked, *(follow.when(facts) for follow in follows)) == []


def test_taking_it_back_brings_no_following_back() -> None:
    blocked = Block(ADA, EVE, is_blocked=True)
    assert unblock_user(blocked) == [UNBLOCKED]
    assert unblock_user(blocked.when([UNBLOCKED])) == unblock_user(Block(ADA, EVE)) == []


@pytest.mark.parametrize(
    "fact",
    [
        UserBlocked(user_id=EVE, blocked_id=ADA),
        UserBlocked(user_id=ADA, blocked_id=IDA),
        LEFT,
        REMOVED,
    ],
)
def test_a_fact_about_others_changes_nothing(fact: Event) -> None:
    assert Block(ADA, EVE).when([fact]) == Block(ADA, EVE)
    assert Block(ADA, EVE, is_blocked=True).when([fact]).is_blocked


def test_nobody_blocks_themself() -> None:
    with pytest.raises(CannotBlockYourself):
        block_user(Block(ADA, ADA), Follow(ADA, ADA), Follow(ADA, ADA))


@pytest.mark.parametrize("is_open", [True, False])
def test_whom_one_has_blocked_one_does_not_follow(is_open: bool) -> None:
    with pytest.raises(PersonBlocked):
        follow_user(Follow(ADA, EVE), is_open=is_open, has_blocked=True)
