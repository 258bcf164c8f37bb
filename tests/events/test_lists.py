"""What is decided about lists, at each limit and one past it, and the ranks that order them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import Rejected
from events.facts import Event
from events.list_items import ListFull, NotInList, add_item, move_item, note_item, remove_item
from events.list_members import NotInvited, TooManyCollaborators, invite_member, join_list, leave_list
from events.lists import (
    ITEMS_MOST,
    LISTS_MOST,
    MEMBERS_MOST,
    ListState,
    ListTraits,
    ListVisibility,
    MemberState,
    NotListOwner,
    TooManyLists,
    UnknownList,
    create_list,
    delete_list,
    edit_list,
)
from events.ranks import LONG, rank_between, spread
from tests.lists import Lists, list_id

ALICE, BOB, CAROL = (UUID(int=n) for n in (1, 2, 3))
LIST, LINK = list_id(ALICE), UUID(int=30)
TRAITS = ListTraits(UUID(int=20))
FILMS = [UUID(int=100 + n) for n in range(5)]


def made(*films: UUID, members: Sequence[UUID] = ()) -> Lists:
    """A list of alice's with some movies, that others work on."""
    lists = Lists()
    lists.when(create_list(lists.state(ALICE, LIST), TRAITS))
    for film in films:
        lists.when(add_item(lists.state(ALICE, LIST, movie_id=film), film, None))
    for member in members:
        lists.when(invite_member(lists.state(ALICE, LIST, other_id=member), member))
        lists.when(join_list(lists.state(member, LIST)))
    return lists


def order(lists: Lists) -> list[UUID]:
    return [item.movie_id for item in lists.kept[LIST].order()]


def move(lists: Lists, film: UUID, after: UUID | None) -> Sequence[Event]:
    facts = move_item(lists.state(ALICE, LIST, movie_id=film, anchor_id=after), film, after)
    lists.when(facts)
    return facts


# Limits: at each and one past it


def limits() -> dict[str, tuple[type[Rejected], Callable[[int], list[Event]], int]]:
    lists = made(FILMS[0])

    def with_counts(**counts: Any) -> ListState:
        return replace(lists.state(ALICE, LIST, movie_id=FILMS[1], other_id=BOB), **counts)

    return {
        "lists": (TooManyLists, lambda n: create_list(with_counts(lists=n), TRAITS), LISTS_MOST),
        "items": (ListFull, lambda n: add_item(with_counts(items=n), FILMS[1], None), ITEMS_MOST),
        "members": (TooManyCollaborators, lambda n: invite_member(with_counts(members=n), BOB), MEMBERS_MOST),
    }


@pytest.mark.parametrize("what", ["lists", "items", "members"])
def test_a_limit_can_be_reached_and_not_passed(what: str) -> None:
    refusal, decide, most = limits()[what]
    assert len(decide(most - 1)) == 1
    with pytest.raises(refusal):
        decide(most)


# Who may do what


@pytest.mark.parametrize("actor", [ALICE, BOB, CAROL])
@pytest.mark.parametrize("is_there", [True, False])
def test_k91_owners_do_everything_collaborators_the_movies_and_others_nothing(
    actor: UUID, is_there: bool
) -> None:
    lists = made(*FILMS[:2], members=[BOB]) if is_there else Lists()
    state = lists.state(actor, LIST, movie_id=FILMS[0], anchor_id=FILMS[1], other_id=CAROL)
    new = lists.state(actor, LIST, movie_id=FILMS[3])
    on_movies: list[Callable[[], list[Event]]] = [
        lambda: add_item(new, FILMS[3], None),
        lambda: move_item(state, FILMS[0], FILMS[1]),
        lambda: note_item(state, LINK),
        lambda: remove_item(state),
    ]
    on_list: list[Callable[[], list[Event]]] = [
        lambda: edit_list(state, {"title_id": LINK}, LINK),
        lambda: invite_member(state, CAROL if actor != CAROL else BOB),
        lambda: delete_list(state),
    ]
    for decide in (*on_movies, *on_list):
        may = is_there and (actor == ALICE or (actor == BOB and decide in on_movies))
        if may:
            (fact,) = decide()
            assert fact.user_id == actor
        else:
            with pytest.raises(NotListOwner if is_there and actor == BOB else UnknownList):
                decide()


def test_an_invitation_is_taken_once_and_is_over_when_it_was_left() -> None:
    lists = made()
    invited = invite_member(lists.state(ALICE, LIST, other_id=BOB), BOB)
    lists.when(invited)
    assert invite_member(lists.state(ALICE, LIST, other_id=BOB), BOB) == []
    with pytest.raises(UnknownList):
        remove_item(lists.state(BOB, LIST))
    lists.when(join_list(lists.state(BOB, LIST)))
    assert join_list(lists.state(BOB, LIST)) == []
    assert lists.kept[LIST].members == {BOB: MemberState.JOINED}
    lists.when(leave_list(lists.state(BOB, LIST), BOB))
    for command in (join_list, lambda state: leave_list(state, BOB)):
        with pytest.raises((NotInvited, UnknownList)):
            command(lists.state(BOB, LIST))
    assert leave_list(lists.state(ALICE, LIST, other_id=BOB), BOB) == []


def test_a_list_gets_a_link_when_it_is_first_shown_by_link_and_keeps_it() -> None:
    lists = made()
    changes: list[dict[str, Any]] = [
        {"visibility": ListVisibility.UNLISTED},
        {"visibility": ListVisibility.PRIVATE},
    ]
    links = []
    for n, change in enumerate([*changes, changes[0], {"link_id": UUID(int=77)}]):
        lists.when(edit_list(lists.state(ALICE, LIST), change, UUID(int=50 + n)))
        links.append(lists.kept[LIST].traits.link_id)
    assert links == [UUID(int=50)] * 3 + [UUID(int=77)]


# Order


def test_movies_stand_where_they_were_put() -> None:
    a, b, c, d, _ = FILMS
    lists = made(a, b, c)
    lists.when(add_item(lists.state(ALICE, LIST, movie_id=d, anchor_id=a), d, None, a))
    assert order(lists) == [a, d, b, c]
    for film, after, expected in (
        (c, None, [c, a, d, b]),
        (c, b, [a, d, b, c]),
        (a, d, [d, a, b, c]),
        (b, d, [d, b, a, c]),
    ):
        assert len(move(lists, film, after)) == 1
        assert order(lists) == expected


def test_moving_to_where_it_stands_records_nothing() -> None:
    a, b, _, _, other = FILMS
    lists = made(a, b)
    assert [move(lists, *there) for there in ((a, None), (b, a), (a, a))] == [[], [], []]
    for film, after in ((a, other), (other, a)):
        with pytest.raises(NotInList):
            move(lists, film, after)


def test_a_list_that_was_moved_at_one_place_for_long_is_spread_and_keeps_its_order() -> None:
    lists = made(*FILMS)
    first, *others = FILMS
    facts: Sequence[Event] = []
    spread_after = 0
    for n in range(4 * LONG):
        film = others[n % 3]
        before = [each for each in order(lists) if each != film]
        facts = move(lists, film, first)
        assert order(lists) == [first, film, *before[1:]]
        spread_after = spread_after or (n if len(facts) > 1 else 0)
    assert 3 * LONG < spread_after < 4 * LONG
    assert max(len(item.rank) for item in lists.kept[LIST].order()) <= LONG


RANKS = st.text("0123456789abcdef", min_size=1, max_size=20).filter(lambda rank: not rank.endswith("0"))


@given(st.lists(st.one_of(st.none(), RANKS), min_size=2, max_size=2, unique=True))
def test_there_is_room_between_any_two_ranks(ranks: list[str | None]) -> None:
    first, second = ranks
    low, high = (first, second) if first is None or second is None or first < second else (second, first)
    rank = rank_between(low, high)
    assert (low or "") < rank < (high or "g")
    assert not rank.endswith("0")


def test_ranks_at_the_ends_of_a_list_stay_short() -> None:
    first = last = rank_between(None, None)
    for _ in range(10_000):
        first, last = rank_between(None, first), rank_between(last, None)
    assert len(first) <= 12 >= len(last)
    ranks = spread(ITEMS_MOST)
    assert sorted(set(ranks)) == list(ranks)


def test_there_is_room_when_the_ends_are_reached() -> None:
    assert rank_between("f" * 12, None) > "f" * 12
    low = rank_between(None, "000000000001")
    assert "" < low < "000000000001"
