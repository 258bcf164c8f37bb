"""What is said of lists is taken back while it is the last word, and then all is as it was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import Rejected
from events.facts import Event
from events.list_items import (
    ListItemAdded,
    ListItemChanged,
    ListItemEvent,
    ListItemMoved,
    ListItemNoted,
    add_item,
    move_item,
)
from events.lists import (
    LISTS_MOST,
    ListCreated,
    ListDeleted,
    ListEdited,
    ListEvent,
    ListRestored,
    ListTold,
    ListTraits,
    TooManyLists,
    UnknownList,
    create_list,
)
from events.undo import CannotUndo, undo_in_list
from tests.lists import Lists, decided, list_id

ALICE, BOB = UUID(int=1), UUID(int=2)
LIST = list_id(ALICE)
TEXTS = [UUID(int=20 + n) for n in range(3)]
FILMS = [UUID(int=100 + n) for n in range(4)]

Step = tuple[str, UUID, UUID, UUID, UUID]
_ON_MOVIES = ("add", "add behind", "move", "move to front", "note", "take off", "undo")
STEPS: st.SearchStrategy[Step] = st.tuples(
    st.sampled_from(["rename", "show", "hide", "delete", *_ON_MOVIES, *_ON_MOVIES]),
    st.sampled_from([ALICE, ALICE, BOB]),
    st.sampled_from(FILMS),
    st.sampled_from(FILMS),
    st.sampled_from(TEXTS),
)


def made() -> Lists:
    """A list of alice's."""
    lists = Lists()
    lists.when(create_list(lists.state(ALICE, LIST), ListTraits(TEXTS[0])))
    return lists


def filled(*films: UUID) -> Lists:
    """A list of alice's with some movies, on which bob works."""
    lists = made()
    say(lists, "invite"), say(lists, "join", BOB)
    for film in films:
        lists.when(add_item(lists.state(ALICE, LIST, movie_id=film), film, None))
    return lists


def say(
    lists: Lists, what: str, actor: UUID = ALICE, film: UUID = FILMS[0], text: UUID = TEXTS[1]
) -> Sequence[Event]:
    facts = decided(lists, what, LIST, actor, BOB, [film, FILMS[1]], text)
    lists.when(facts)
    return facts


def taken(lists: Lists, step: Step) -> Sequence[Event]:
    """What a step decides; nothing where it is refused."""
    what, actor, movie, other, text = step
    with suppress(Rejected):
        facts = decided(lists, what, LIST, actor, BOB, [movie, other], text)
        lists.when(facts)
        return facts
    return []


def shown(lists: Lists) -> object:
    """What anybody could see of the list; where its movies stand, and not by which ranks."""
    kept = lists.kept.get(LIST)
    items = [(item.movie_id, item.note_id) for item in kept.order()] if kept else []
    return kept and (kept.traits, items, dict(kept.members))


@given(st.lists(STEPS, max_size=25), STEPS)
def test_k82_taking_back_the_last_word_makes_a_list_as_it_was(history: list[Step], last: Step) -> None:
    lists = filled(*FILMS[:2])
    for step in history:
        taken(lists, step)
    before = shown(lists)
    if taken(lists, last):
        after = shown(lists)
        assert after != before
        for expected in (before, after, before):
            lists.when(lists.undone(*lists.said[-1]))
            assert shown(lists) == expected


def words(fact: ListEvent) -> set[object]:
    """What a fact says something of: the list as a whole, that a movie is there, its place, its note."""
    match fact:
        case ListItemMoved():
            return {("place", fact.listed_id)}
        case ListItemNoted():
            return {("note", fact.listed_id)}
        case ListItemEvent():
            return {(what, fact.listed_id) for what in ("there", "place", "note")}
        case ListTold():
            return {"list"}
        case _:
            return set()


def is_last_word(fact: ListEvent, later: Sequence[ListEvent]) -> bool:
    match fact:
        case ListCreated() | ListRestored():
            return not later
        case ListItemAdded():
            return not any(("there", fact.listed_id) in words(each) for each in later)
        case _:
            return not any(words(fact) & words(each) for each in later)


@given(st.lists(STEPS, max_size=25))
def test_only_the_last_word_is_taken_back(history: list[Step]) -> None:
    lists = filled(*FILMS[:2])
    for step in history:
        taken(lists, step)
    for n, (position, fact) in enumerate(lists.said):
        try:
            is_taken_back = bool(lists.undone(position, fact))
        except UnknownList:
            assert LIST in lists.gone
            continue
        except CannotUndo:
            is_taken_back = False
        may = bool(words(fact)) and is_last_word(fact, [each for _, each in lists.said[n + 1 :]])
        if isinstance(fact, ListItemMoved) and may:  # others were taken off, so that it has not moved at all
            continue
        assert is_taken_back == may, fact


def test_a_list_is_made_undone_until_something_is_on_it() -> None:
    lists = made()
    say(lists, "undo")
    assert LIST in lists.gone
    say(lists, "undo")
    assert LIST in lists.kept
    assert [type(fact) for _, fact in lists.said] == [ListCreated, ListDeleted, ListRestored]


@pytest.mark.parametrize("since", [("add",), ("add", "take off"), ("invite",), ("rename",)])
def test_a_list_that_something_was_done_with_is_not_made_undone(since: tuple[str, ...]) -> None:
    lists = made()
    for what in since:
        say(lists, what)
    with pytest.raises(CannotUndo):
        lists.undone(*lists.said[0])


def test_a_list_comes_back_where_there_is_room_for_one_more() -> None:
    lists = filled(FILMS[0])
    (deleted,) = say(lists, "delete")
    state, position = lists.state(ALICE, LIST), lists.said[-1][0]
    (restored,) = undo_in_list(replace(state, lists=LISTS_MOST - 1), deleted, position)
    assert isinstance(restored, ListRestored)
    with pytest.raises(TooManyLists):
        undo_in_list(replace(state, lists=LISTS_MOST), deleted, position)


def test_who_works_on_a_list_no_more_takes_nothing_back_there() -> None:
    lists = filled(FILMS[0])
    say(lists, "note", BOB)
    noted = lists.said[-1]
    say(lists, "leave", BOB)
    with pytest.raises(UnknownList):
        lists.undone(*noted)


@pytest.mark.parametrize("kind", [ListItemMoved, ListItemNoted, ListEdited])
def test_what_was_recorded_before_it_said_what_it_replaced_is_not_taken_back(
    kind: type[ListItemChanged | ListEdited],
) -> None:
    lists = filled(*FILMS[:3])
    say(lists, {ListItemMoved: "move", ListItemNoted: "note", ListEdited: "rename"}[kind])
    position, fact = lists.said.pop()
    assert isinstance(fact, kind)
    before: dict[str, Any] = {name: None for name in fact.data() if name.startswith("previous_")}
    lists.take(replace(fact, **before), position)
    with pytest.raises(CannotUndo):
        lists.undone(*lists.said[-1])


def test_a_move_that_spread_the_whole_list_is_taken_back_and_the_spreading_is_not() -> None:
    lists = filled(*FILMS)
    first, *others = FILMS
    facts: Sequence[Event] = []
    while len(facts) < 2:
        film = others[len(lists.said) % 3]
        before = shown(lists)
        state = lists.state(ALICE, LIST, movie_id=film, anchor_id=first)
        facts = move_item(state, film, first)
        lists.when(facts)
    *spread, (position, moved) = lists.said[-len(FILMS) :]
    assert len(spread) == len(FILMS) - 1
    for each in spread:
        with pytest.raises(CannotUndo):
            lists.undone(*each)
    after = shown(lists)
    for expected in (before, after, before):
        assert shown(lists) != expected
        lists.when(lists.undone(position, moved))
        assert shown(lists) == expected
        position, moved = lists.said[-1]
