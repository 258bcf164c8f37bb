"""What holds after every history, whoever said what in whatever order."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import get_type_hints
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import events
from events.errors import Rejected
from events.facts import decode, kinds
from events.favorites import MovieFavorited, MovieUnfavorited
from events.feedback import RecommendationFeedbackGiven, restore_feedback
from events.log import Recorded
from events.pair import Feedback, Pair, PairEvent, Status
from events.ratings import MovieRated, RatingCleared
from events.reactions import MovieReacted, ReactionCleared
from events.reviews import ReviewDeleted, ReviewWritten, restore_review
from events.undo import undo
from events.viewing import (
    DismissalCleared,
    MovieDismissed,
    MovieWatched,
    WatchRetracted,
    change_viewing,
    restore_viewing,
    retract_watch,
    view_movie,
)
from events.watchlist import (
    WatchlistItemAdded,
    WatchlistItemPrioritized,
    WatchlistItemRemoved,
    followed_by_removal,
)
from events.withdrawing import withdraw
from projections.registry import projections
from tests.strategies import COMMANDS, Says, histories, play, rich_moves


def steps(log: list[Recorded]) -> Iterator[tuple[Pair, PairEvent, Pair]]:
    """Each fact of a pair with the states around it."""
    pairs: dict[tuple[UUID, UUID], Pair] = {}
    for event in log:
        if isinstance(event.fact, PairEvent):
            key = event.fact.user_id, event.fact.movie_id
            before = pairs.get(key, Pair(*key))
            pairs[key] = before.when([event.fact])
            yield before, event.fact, pairs[key]


def actions(log: list[Recorded]) -> list[Pair]:
    """The state of the pair after each action."""
    after: dict[UUID, Pair] = {}
    for event, (_, _, pair) in zip(
        (event for event in log if isinstance(event.fact, PairEvent)), steps(log), strict=True
    ):
        after[event.correlation_id] = pair
    return list(after.values())


@given(histories())
def test_after_every_action_the_state_is_possible(log: list[Recorded]) -> None:
    for pair in actions(log):
        judged = pair.reaction is not None or pair.half_stars is not None
        assert not (pair.priority and judged)
        assert pair.half_stars is None or 1 <= pair.half_stars <= 10
        assert (pair.status is Status.LATER) == (pair.priority is not None)
        if pair.status is Status.SEEN:
            assert judged or pair.watched_on or pair.feedback is Feedback.ALREADY_SEEN
        if pair.status is None:
            assert not judged
            assert not pair.watched_on


def _replaced(fact: PairEvent, before: Pair) -> tuple[object, object]:
    """What a fact says of the state before it, and that state."""
    match fact:
        case MovieRated() | RatingCleared():
            return fact.previous, before.half_stars
        case MovieReacted() | ReactionCleared():
            return fact.previous, before.reaction
        case WatchlistItemPrioritized():
            return fact.previous, before.priority
        case WatchlistItemRemoved():
            return fact.priority, before.priority
        case WatchlistItemAdded():
            return None, before.priority
        case MovieDismissed():
            return fact.previous, before.status
        case DismissalCleared():
            return Status.NOT_INTERESTED, before.status
        case MovieFavorited() | MovieUnfavorited():
            return isinstance(fact, MovieUnfavorited), before.is_favorite
        case WatchRetracted():
            return fact.times, len(before.viewings) - 1
        case MovieWatched():
            return fact.times, len(before.viewings) + 1
        case ReviewWritten() | ReviewDeleted():
            return fact.previous, before.review
        case RecommendationFeedbackGiven():
            return (fact.previous, fact.previous_text_id), (before.feedback, before.comment_id)
        case _:
            return None, None


@given(histories())
def test_a_fact_says_the_truth_of_the_state_it_met(log: list[Recorded]) -> None:
    for before, fact, after in steps(log):
        said, was = _replaced(fact, before)
        assert said == was
        if isinstance(fact, MovieWatched | WatchRetracted):
            assert (fact.times, fact.last_watched_on) == (len(after.viewings), after.last_watched_on)
        if isinstance(
            fact,
            RatingCleared | ReactionCleared | DismissalCleared | WatchRetracted | RecommendationFeedbackGiven,
        ):
            assert fact.status == after.status


@given(histories())
def test_every_fact_is_read_as_it_was_written(log: list[Recorded]) -> None:
    for event in log:
        fact = event.fact
        data = orjson.loads(orjson.dumps(fact.data()))
        assert decode(fact.type, fact.version, fact.user_id, fact.movie_id, data) == fact


COUNTED = (retract_watch, change_viewing, view_movie)
"""Of these each one counts: a viewing of an old event has no id."""


@given(
    histories(max_moves=15),
    st.sampled_from([c for c in COMMANDS if c not in COUNTED]),
    st.data(),
)
def test_k52_what_is_said_twice_is_recorded_once(
    log: list[Recorded], command: Says, data: st.DataObject
) -> None:
    args = data.draw(st.sampled_from(COMMANDS[command]))
    for pair in dict.fromkeys(actions(log)):
        try:
            once = list(command(pair, *args))
        except Rejected:
            continue
        assert command(pair.when(once), *args) == []


def test_the_histories_meet_every_fact_and_every_command() -> None:
    met = {event.fact.type for event in play(rich_moves(600))}
    folded = {fact.type for projection in projections().values() for fact in projection.handles}
    assert met >= folded
    assert {name for name in kinds() if not name.startswith("test_")} - met == {
        "chat_session_started",
        "chat_message_appended",
        "chat_session_deleted",
    }


def commands() -> list[object]:
    """Every public function of events/ that decides: from a pair to facts."""
    found: list[object] = []
    for module in pkgutil.iter_modules(events.__path__, "events."):
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            if name.startswith("_") or function.__module__ != module.name:
                continue
            hints = get_type_hints(function)
            takes = list(inspect.signature(function).parameters.values())
            if hints.get("return") == list[PairEvent] and takes and hints.get(takes[0].name) is Pair:
                found.append(function)
    return found


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.__name__)
def test_every_command_is_played(command: Says) -> None:
    assert command in {
        *COMMANDS,
        undo,
        followed_by_removal,
        restore_review,
        restore_viewing,
        restore_feedback,
        withdraw,
    }
