from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given as examples

from events.facts import Event
from events.favorites import MovieFavorited, MovieUnfavorited
from events.log import Recorded
from events.pair import Pair, PairEvent, Priority, Reaction, Status
from events.people import UserErased
from events.ratings import RatingCleared, rate_movie
from events.reactions import ReactionCleared
from events.slates import RecommendationClicked, click_recommendation
from events.undo import CannotUndo, undo
from events.viewing import (
    DismissalCleared,
    MovieViewed,
    WatchRetracted,
    dismiss_movie,
    mark_watched,
    retract_watch,
    view_movie,
)
from events.watchlist import (
    AlreadyRated,
    RemovalReason,
    WatchlistItemPrioritized,
    remove_from_watchlist,
)
from tests.events.test_commands import (
    MONDAY,
    PAIR,
    TODAY,
    TUESDAY,
    UNSAID,
    a,
    added,
    dismissed,
    rated,
    reacted,
    removed,
    watched,
)
from tests.spec import given
from tests.strategies import ALONE, SLATES, VIEWINGS, histories

LIKE, OK = Reaction.LIKE, Reaction.OK


@pytest.mark.parametrize(
    ("before", "action", "compensation"),
    [
        ([], rated(7), a(RatingCleared, previous=7, status=None)),
        ([rated(4)], rated(7, previous=4), rated(4, previous=7)),
        ([rated(7)], a(RatingCleared, previous=7, status=None), rated(7)),
        ([], reacted(LIKE), a(ReactionCleared, previous=LIKE, status=None)),
        ([reacted(OK)], reacted(LIKE, previous=OK), reacted(OK, previous=LIKE)),
        ([reacted(LIKE)], a(ReactionCleared, previous=LIKE, status=None), reacted(LIKE)),
        ([], a(MovieFavorited), a(MovieUnfavorited)),
        ([a(MovieFavorited)], a(MovieUnfavorited), a(MovieFavorited)),
        ([], added(), removed(RemovalReason.UNDONE, None)),
        ([added()], removed(RemovalReason.REMOVED, None), added()),
        (
            [added(Priority.LOW)],
            a(WatchlistItemPrioritized, priority=Priority.HIGH, previous=Priority.LOW),
            a(WatchlistItemPrioritized, priority=Priority.LOW, previous=Priority.HIGH),
        ),
        (
            [],
            watched(MONDAY),
            a(WatchRetracted, watched_on=MONDAY, times=0, last_watched_on=None, status=None, **UNSAID),
        ),
        (
            [watched(MONDAY)],
            a(WatchRetracted, watched_on=MONDAY, times=0, last_watched_on=None, status=None, **UNSAID),
            watched(MONDAY),
        ),
        ([], dismissed(), a(DismissalCleared, status=None)),
        ([dismissed()], a(DismissalCleared, status=None), dismissed()),
    ],
)
def test_every_action_has_its_compensation(
    before: list[PairEvent], action: PairEvent, compensation: PairEvent
) -> None:
    given(PAIR, *before, action).when(undo, [action]).then(compensation)


def test_undoing_a_rating_puts_the_movie_back_where_the_rating_took_it_from() -> None:
    action = rate_movie(PAIR.when([added(Priority.HIGH)]), 7)
    given(PAIR, added(Priority.HIGH), *action).when(undo, action).then(
        a(RatingCleared, previous=7, status=None), added(Priority.HIGH)
    )


def test_undoing_that_it_was_seen_takes_back_all_that_was_said_with_it() -> None:
    action = mark_watched(PAIR.when([added()]), MONDAY, TODAY, VIEWINGS[0], LIKE, 9)
    undone = undo(PAIR.when([added(), *action]), action)
    assert [fact.type for fact in undone] == [
        "watch_retracted",
        "reaction_cleared",
        "rating_cleared",
        "watchlist_item_added",
    ]
    assert PAIR.when([added(), *action, *undone]) == PAIR.when([added()])


def test_undoing_a_dismissal_puts_the_movie_back_on_the_watchlist() -> None:
    action = dismiss_movie(PAIR.when([added()]))
    undone = undo(PAIR.when([added(), *action]), action)
    assert PAIR.when([added(), *action, *undone]) == PAIR.when([added()])


def test_an_undo_can_be_undone() -> None:
    action = [rated(7, previous=4)]
    undone = undo(PAIR.when([rated(4), *action]), action)
    given(PAIR, rated(4), *action, *undone).when(undo, undone).then(rated(7, previous=4))


@pytest.mark.parametrize(
    ("action", "later"),
    [
        (rated(7), [rated(5, previous=7)]),
        (rated(7), [a(RatingCleared, previous=7, status=None)]),
        (reacted(LIKE), [reacted(OK, previous=LIKE)]),
        (a(MovieFavorited), [a(MovieUnfavorited)]),
        (a(RatingCleared, previous=7, status=None), [rated(3)]),
        (added(Priority.LOW), [a(WatchlistItemPrioritized, priority=Priority.HIGH, previous=Priority.LOW)]),
        (added(), [removed(RemovalReason.REMOVED, None)]),
        (removed(RemovalReason.REMOVED, None), [added()]),
        (
            watched(MONDAY),
            [a(WatchRetracted, watched_on=MONDAY, times=0, last_watched_on=None, status=None, **UNSAID)],
        ),
        (dismissed(), [rated(7)]),
        (a(DismissalCleared, status=None), [dismissed()]),
    ],
)
def test_what_something_newer_replaced_cannot_be_undone(action: PairEvent, later: list[PairEvent]) -> None:
    given(PAIR, action, *later).when(undo, [action], later).then_rejected(CannotUndo)


@pytest.mark.parametrize(
    ("action", "later"),
    [
        (rated(7), [rated(5, previous=7), rated(7, previous=5)]),
        (rated(7), [a(RatingCleared, previous=7, status=None), rated(7)]),
        (reacted(LIKE), [reacted(OK, previous=LIKE), reacted(LIKE, previous=OK)]),
        (a(MovieFavorited), [a(MovieUnfavorited), a(MovieFavorited)]),
        (added(), [removed(RemovalReason.REMOVED, None), added()]),
        (dismissed(), [a(DismissalCleared, status=None), dismissed()]),
        (
            watched(MONDAY),
            [
                a(WatchRetracted, watched_on=MONDAY, times=0, last_watched_on=None, status=None, **UNSAID),
                watched(MONDAY),
            ],
        ),
    ],
)
def test_not_even_when_the_newest_looks_the_same(action: PairEvent, later: list[PairEvent]) -> None:
    given(PAIR, action, *later).when(undo, [action], later).then_rejected(CannotUndo)


def test_what_came_later_about_something_else_does_not_matter() -> None:
    later = [reacted(LIKE), a(MovieFavorited), watched(MONDAY)]
    given(PAIR, rated(7), *later).when(undo, [rated(7)], later).then(
        a(RatingCleared, previous=7, status=Status.SEEN)
    )


def test_of_two_days_the_first_can_be_undone() -> None:
    later = [watched(TUESDAY, 2)]
    given(PAIR, watched(MONDAY), *later).when(undo, [watched(MONDAY)], later).then(
        a(WatchRetracted, watched_on=MONDAY, times=1, last_watched_on=TUESDAY, status=Status.SEEN, **UNSAID)
    )


def test_taking_back_one_of_the_same_day_twice_can_be_undone() -> None:
    twice = [watched(MONDAY), watched(MONDAY, 2)]
    action = retract_watch(PAIR.when(twice), MONDAY, None)
    given(PAIR, *twice, *action).when(undo, action).then(watched(MONDAY, 2))


@pytest.mark.parametrize(
    "fact", [a(MovieViewed), a(RecommendationClicked, slate_id=SLATES[0]), UserErased(user_id=PAIR.user_id)]
)
def test_what_is_no_action_on_a_movie_cannot_be_undone(fact: Event) -> None:
    given(PAIR).when(undo, [fact]).then_rejected(CannotUndo)


def test_nothing_cannot_be_undone() -> None:
    given(PAIR).when(undo, []).then_rejected(CannotUndo)


def test_undoing_a_removal_of_what_was_rated_since_says_why_not() -> None:
    facts = [added(), *remove_from_watchlist(PAIR.when([added()]))]
    given(PAIR, *facts, rated(7)).when(undo, facts[1:]).then_rejected(AlreadyRated)


@examples(history=histories(max_moves=20, without=[view_movie, click_recommendation, *ALONE]))
def test_k82_undoing_the_last_action_restores_the_state_before_it(history: list[Recorded]) -> None:
    if not history:
        return
    last = history[-1].fact
    assert isinstance(last, PairEvent)
    pair = Pair(last.user_id, last.movie_id)
    action = [event.fact for event in history if event.correlation_id == history[-1].correlation_id]
    before = pair.when(event.fact for event in history[: -len(action)])
    after = before.when(action)
    restored = after.when(undo(after, action))
    if before.status is Status.NOT_INTERESTED:  # a dismissal is ended by what came after it, undone or not
        before = replace(before, status=restored.status)
    assert replace(restored, viewings=()) == replace(before, viewings=())
    assert Counter(restored.viewings) == Counter(before.viewings)
