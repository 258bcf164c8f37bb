"""Who follows whom: every command in every state, with what it decides."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import Rejected
from events.facts import Event
from events.follows import (
    CannotFollowYourself,
    Follow,
    FollowerAccepted,
    FollowerRemoved,
    FollowerRestored,
    FollowEvent,
    FollowStatus,
    NotRequested,
    PersonBlocked,
    UserFollowed,
    UserUnfollowed,
    accept_follower,
    evolve,
    follow_user,
    remove_follower,
    unfollow_user,
)
from events.undo import CannotUndo, undo_follow

ADA, EVE = UUID(int=1), UUID(int=2)
NOBODY, REQUESTED, FOLLOWING = None, FollowStatus.REQUESTED, FollowStatus.FOLLOWING
Decides = Callable[[Follow], list[FollowEvent]]
COMMANDS: dict[str, Decides] = {
    "follow": partial(follow_user, is_open=True),
    "ask": partial(follow_user, is_open=False),
    "unfollow": unfollow_user,
    "accept": accept_follower,
    "remove": remove_follower,
}
FOLLOWED = UserFollowed(user_id=ADA, followee_id=EVE, is_accepted=True)
ASKED = UserFollowed(user_id=ADA, followee_id=EVE, is_accepted=False)
LEFT = UserUnfollowed(user_id=ADA, followee_id=EVE)
ACCEPTED = FollowerAccepted(user_id=EVE, follower_id=ADA)
REMOVED = FollowerRemoved(user_id=EVE, follower_id=ADA, previous=FOLLOWING)
DECLINED = FollowerRemoved(user_id=EVE, follower_id=ADA, previous=REQUESTED)
RESTORED = FollowerRestored(user_id=EVE, follower_id=ADA, status=FOLLOWING, previous=NOBODY)
ASKED_AGAIN = FollowerRestored(user_id=EVE, follower_id=ADA, status=REQUESTED, previous=FOLLOWING)


@pytest.mark.parametrize(
    ("command", "state", "fact", "then"),
    [
        ("follow", NOBODY, FOLLOWED, FOLLOWING),
        ("follow", REQUESTED, FOLLOWED, FOLLOWING),
        ("follow", FOLLOWING, None, FOLLOWING),
        ("ask", NOBODY, ASKED, REQUESTED),
        ("ask", REQUESTED, None, REQUESTED),
        ("ask", FOLLOWING, None, FOLLOWING),
        ("unfollow", NOBODY, None, NOBODY),
        ("unfollow", REQUESTED, LEFT, NOBODY),
        ("unfollow", FOLLOWING, LEFT, NOBODY),
        ("accept", REQUESTED, ACCEPTED, FOLLOWING),
        ("accept", FOLLOWING, None, FOLLOWING),
        ("remove", NOBODY, None, NOBODY),
        ("remove", REQUESTED, DECLINED, NOBODY),
        ("remove", FOLLOWING, REMOVED, NOBODY),
    ],
)
def test_k90_each_command_decides_in_each_state(
    command: str, state: FollowStatus | None, fact: Event | None, then: FollowStatus | None
) -> None:
    before = Follow(ADA, EVE, state)
    decided = COMMANDS[command](before)
    assert decided == ([fact] if fact else [])
    assert before.when(decided) == Follow(ADA, EVE, then)


def test_nobody_is_let_in_who_did_not_ask() -> None:
    with pytest.raises(NotRequested):
        accept_follower(Follow(ADA, EVE))


@pytest.mark.parametrize("is_open", [True, False])
def test_nobody_follows_themself(is_open: bool) -> None:
    with pytest.raises(CannotFollowYourself):
        follow_user(Follow(ADA, ADA), is_open=is_open)


@pytest.mark.parametrize("fact", [FOLLOWED, ASKED, LEFT, ACCEPTED, REMOVED, RESTORED])
def test_facts_about_others_change_nothing(fact: Event) -> None:
    for people in ((EVE, ADA), (ADA, UUID(int=3)), (UUID(int=3), EVE)):
        state = Follow(*people, FollowStatus.REQUESTED)
        assert evolve(state, fact) == state


@given(st.lists(st.sampled_from(sorted(COMMANDS))))
def test_what_is_said_twice_is_recorded_once(said: list[str]) -> None:
    state = Follow(ADA, EVE)
    for name in said:
        try:
            state = state.when(COMMANDS[name](state))
        except Rejected:
            continue
        assert COMMANDS[name](state) == []


def taken_back(follow: Follow, fact: FollowEvent) -> list[FollowEvent]:
    return undo_follow(follow, fact, is_open=False)


@pytest.mark.parametrize(
    ("fact", "back"),
    [
        (REMOVED, RESTORED),
        (DECLINED, replace(ASKED_AGAIN, previous=NOBODY)),
        (ACCEPTED, ASKED_AGAIN),
        (RESTORED, REMOVED),
        (ASKED_AGAIN, replace(RESTORED, previous=REQUESTED)),
    ],
)
def test_k82_what_was_said_of_a_follower_is_taken_back(fact: FollowEvent, back: FollowEvent) -> None:
    assert taken_back(Follow(ADA, EVE).when([fact]), fact) == [back]


def test_a_removal_of_before_it_said_of_whom_is_not_taken_back() -> None:
    with pytest.raises(CannotUndo):
        taken_back(Follow(ADA, EVE), replace(REMOVED, previous=None))


def test_nobody_whom_one_has_blocked_follows_by_taking_a_removal_back() -> None:
    with pytest.raises(PersonBlocked):
        undo_follow(Follow(ADA, EVE), REMOVED, is_open=True, has_blocked=True)


@given(st.lists(st.sampled_from(sorted(COMMANDS))), st.sampled_from(["accept", "remove"]), st.integers(1, 4))
def test_k82_taking_back_what_the_one_who_is_followed_said_makes_it_as_it_was(
    said: list[str], last: str, times: int
) -> None:
    before = Follow(ADA, EVE)
    for name in said:
        with suppress(NotRequested):
            before = before.when(COMMANDS[name](before))
    with suppress(NotRequested):
        facts = COMMANDS[last](before)
        states = [before, before.when(facts)]
        for n in range(times if facts else 0):
            facts = taken_back(states[-1], facts[0])
            states.append(states[-1].when(facts))
            assert states[-1] == states[n]
