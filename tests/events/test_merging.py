"""Two movies become one: what holds of either holds of the one that stays, whatever was said and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

from hypothesis import given as examples

from events.favorites import MovieFavorited, MovieUnfavorited
from events.feedback import RecommendationFeedbackGiven
from events.log import Recorded
from events.merging import Moved, move
from events.pair import Feedback, Pair, PairEvent, Status
from events.ratings import MovieRated, RatingCleared
from events.reactions import MovieReacted, ReactionCleared
from events.reviews import ReviewDeleted, ReviewWritten
from events.statuses import STATUS_FACTS
from events.viewing import MovieDismissed, MovieViewed, MovieWatched
from events.watchlist import WatchlistItemAdded, WatchlistItemRemoved
from tests.strategies import (
    ALONE,
    histories,
    movie_id,
    user_id,
)

GONE, KEPT, SOMEBODY = movie_id(0), movie_id(1), user_id(0)
MERGE = UUID(int=7777)
NOW = datetime(2024, 5, 1, tzinfo=UTC)


def own(log: Sequence[Recorded]) -> list[Recorded]:
    """What the person did with the two movies; a viewing is of one movie, and so has an id for each here."""
    return [
        replace(event, fact=_of_one_movie(event.fact))
        for event in log
        if isinstance(event.fact, PairEvent)
        and event.fact.user_id == SOMEBODY
        and event.fact.movie_id in (GONE, KEPT)
    ]


def _of_one_movie(fact: PairEvent) -> PairEvent:
    if viewing_id := getattr(fact, "viewing_id", None):
        return replace(fact, viewing_id=uuid5(fact.movie_id, str(viewing_id)))  # type: ignore[call-arg]
    return fact


def then(log: Sequence[Recorded], moved: Moved) -> list[Recorded]:
    """Return the log with what was decided in it."""
    last = log[-1].position if log else 0
    told = [(fact, NOW, MERGE, None) for fact in moved.ended] + [
        (fact, by.occurred_at, by.correlation_id, by.event_id) for facts, by in moved.said for fact in facts
    ]
    return [
        *log,
        *(
            Recorded(
                position=last + n,
                event_id=uuid4(),
                fact=fact,
                occurred_at=at,
                recorded_at=NOW,
                correlation_id=correlation,
                causation_id=cause,
            )
            for n, (fact, at, correlation, cause) in enumerate(told, 1)
        ),
    ]


def state(log: Iterable[Recorded], movie: UUID) -> Pair:
    return Pair(SOMEBODY, movie).when(event.fact for event in log)


def at(log: Sequence[Recorded], movie: UUID, *kinds: type[PairEvent]) -> int:
    """The position of the last of these facts about a movie."""
    return max((e.position for e in log if isinstance(e.fact, kinds) and e.fact.movie_id == movie), default=0)


AXES = {
    "half_stars": (MovieRated, RatingCleared),
    "reaction": (MovieReacted, ReactionCleared),
    "is_favorite": (MovieFavorited, MovieUnfavorited),
    "feedback": (RecommendationFeedbackGiven,),
    "comment_id": (RecommendationFeedbackGiven,),
    "review": (ReviewWritten, ReviewDeleted),
}
ENDS = (WatchlistItemRemoved, MovieWatched, MovieDismissed)


@examples(histories(max_moves=40, without=ALONE).map(own))
def test_k20_of_two_words_the_later_holds_of_the_movie_that_stays(log: list[Recorded]) -> None:
    gone, kept = state(log, GONE), state(log, KEPT)
    new = state(then(log, move(SOMEBODY, GONE, KEPT, MERGE, log)), KEPT)
    for name, kinds in AXES.items():
        wins = at(log, GONE, *kinds) > at(log, KEPT, *kinds)
        moves = (gone.feedback if name == "comment_id" else getattr(gone, name)) and wins
        assert getattr(new, name) == getattr(gone if moves else kept, name), name
    assert Counter(new.viewings) == Counter((*gone.viewings, *kept.viewings))
    assert new.clicked == kept.clicked


@examples(histories(max_moves=40, without=ALONE).map(own))
def test_k20_a_wish_holds_unless_something_ended_it_since(log: list[Recorded]) -> None:
    sides = {GONE: state(log, GONE), KEPT: state(log, KEPT)}
    new = state(then(log, move(SOMEBODY, GONE, KEPT, MERGE, log)), KEPT)
    wish = max(
        (at(log, movie, WatchlistItemAdded) for movie, side in sides.items() if side.priority), default=0
    )
    ends = [at(log, movie, *ENDS) for movie in sides] + [
        at(log, movie, RecommendationFeedbackGiven)
        for movie, side in sides.items()
        if side.feedback in (Feedback.NOT_INTERESTED, Feedback.ALREADY_SEEN)
    ]
    wished = bool(wish) and max(ends) < wish and not (new.half_stars or new.reaction)
    assert (new.priority is not None) == wished
    later = GONE if at(log, GONE, *STATUS_FACTS) > at(log, KEPT, *STATUS_FACTS) else KEPT
    assert (new.status is Status.NOT_INTERESTED) == (sides[later].status is Status.NOT_INTERESTED)
    if wished:
        assert new.status in (Status.LATER, Status.SEEN)


@examples(histories(max_moves=40, without=ALONE).map(own))
def test_k20_the_movie_that_goes_has_nothing_then_and_nothing_moves_twice(log: list[Recorded]) -> None:
    after = then(log, move(SOMEBODY, GONE, KEPT, MERGE, log))
    gone = state(after, GONE)
    assert gone == replace(Pair(SOMEBODY, GONE), clicked=gone.clicked)
    views = [e for e in log if isinstance(e.fact, MovieViewed)]
    assert len([e for e in after if isinstance(e.fact, MovieViewed) and e.fact.movie_id == KEPT]) == len(
        views
    )
    assert move(SOMEBODY, GONE, KEPT, MERGE, after) == Moved([], [])


@examples(histories(max_moves=30, without=ALONE).map(own), histories(max_moves=10, without=ALONE).map(own))
def test_k20_what_is_still_said_of_the_movie_that_went_moves_later(
    log: list[Recorded], more: list[Recorded]
) -> None:
    """As a process does that has not heard of it yet."""
    after = then(log, move(SOMEBODY, GONE, KEPT, MERGE, log))
    last = after[-1].position if after else 0
    said = [
        replace(event, position=last + n, event_id=uuid4())
        for n, event in enumerate((e for e in more if isinstance(e.fact, MovieFavorited)), 1)
    ]
    once_more = then([*after, *said], move(SOMEBODY, GONE, KEPT, MERGE, [*after, *said]))
    assert state(once_more, GONE).is_favorite is False
    assert state(once_more, KEPT).is_favorite == (bool(said) or state(after, KEPT).is_favorite)
