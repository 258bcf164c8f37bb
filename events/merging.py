"""Two movies that are one: what a person said of the one that goes is said of the other, by ordinary facts.

Of each thing that can be said, the later word of the two holds. What moves keeps its time, its source and what it
belongs to, so that an import is taken back as a whole even then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from events.facts import Event, event
from events.favorites import MovieFavorited, MovieUnfavorited, favorite_movie
from events.feedback import RecommendationFeedbackGiven, give_feedback
from events.log import Recorded, last_of
from events.pair import Feedback, Pair, PairEvent, Status
from events.ratings import MovieRated, RatingCleared, rate_movie
from events.reactions import MovieReacted, ReactionCleared, react_to_movie
from events.reviews import ReviewDeleted, ReviewWritten, delete_review, restore_review
from events.statuses import STATUS_FACTS
from events.viewing import (
    MovieDismissed,
    MovieViewed,
    MovieWatched,
    WatchRetracted,
    clear_dismissal,
    dismiss_movie,
    restore_viewing,
    retract_watch,
    view_movie,
)
from events.watchlist import (
    RemovalReason,
    WatchlistItemAdded,
    WatchlistItemPrioritized,
    WatchlistItemRemoved,
    add_to_watchlist,
    remove_from_watchlist,
)
from events.withdrawing import withdraw


@event("movies_merged")
class MoviesMerged(Event):
    """A movie turned out to be another one, which has its ids from now on."""

    user_id = None
    movie_id: UUID
    into_id: UUID


Said = tuple[Sequence[PairEvent], Recorded]
"""Facts, and the event whose time, source and correlation they have: what they repeat, or what brought them about."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What moves a person's word: first what ends it, then what says it of the movie that stays."""

    ended: Sequence[PairEvent]
    said: Sequence[Said]


def move(user_id: UUID, gone_id: UUID, kept_id: UUID, merge_id: UUID, log: Sequence[Recorded]) -> Moved:
    """Return what lets a movie have what holds of it and of the one that goes, which has nothing then.

    `log` is what the person did with both, page views too, oldest first; what ends something belongs to the merge. With
    what is returned in it, there is nothing left to move. Clicks stay: they are about what was shown.
    """
    gone, kept = (_side(Pair(user_id, movie_id), merge_id, log) for movie_id in (gone_id, kept_id))
    moving = _Moving(gone, kept)
    viewings = moving.end_viewings()
    review = moving.end_review()
    moving.end_the_rest()
    moved_already = {event.causation_id for event in kept.log}
    for said in gone.log:
        if isinstance(said.fact, MovieViewed) and said.event_id not in moved_already:
            moving.say(view_movie(moving.new), said)
    for viewing, original in viewings:
        moving.say(restore_viewing(moving.new, viewing), original)
    for axis, command in _AXES:
        if newest := _later(axis, gone, kept):
            moving.say(command(moving.new, gone.pair, newest.fact), newest)
    if review:
        moving.say(restore_review(moving.new, review[0]), review[1])
    moving.say_wish()
    moving.say_status()
    return Moved(moving.ended, moving.said)


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two movies: what was said of it, but for what the merge took back, and the state that all led to."""

    pair: Pair
    log: Sequence[Recorded]

    def last(self, *kinds: type[Event]) -> Recorded | None:
        return last_of(self.log, kinds)


def _side(blank: Pair, merge_id: UUID, log: Sequence[Recorded]) -> _Side:
    of_movie = [event for event in log if event.fact.movie_id == blank.movie_id]
    said = [event for event in of_movie if event.correlation_id != merge_id]
    return _Side(blank.when(event.fact for event in of_movie), said)


def _last(*found: Recorded | None) -> Recorded | None:
    return max((event for event in found if event), key=lambda event: event.position, default=None)


def _later(axis: tuple[type[Event], ...], gone: _Side, kept: _Side) -> Recorded | None:
    """Return the last word about the movie that goes, where nothing newer was said of the other."""
    original = gone.last(*axis)
    return original if original and original is _last(original, kept.last(*axis)) else None


@dataclass(slots=True)
class _Moving:
    """`old` and `new` are the states of the movie that goes and of the one that stays, as far as was decided."""

    gone: _Side
    kept: _Side
    ended: list[PairEvent] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    old: Pair = field(init=False)
    new: Pair = field(init=False)

    def __post_init__(self) -> None:
        self.old, self.new = self.gone.pair, self.kept.pair

    def end(self, facts: Sequence[PairEvent]) -> None:
        self.ended += facts
        self.old, self.new = self.old.when(facts), self.new.when(facts)

    def say(self, facts: Sequence[PairEvent], original: Recorded) -> None:
        if facts:
            self.said.append((facts, original))
            self.new = self.new.when(facts)

    def end_viewings(self) -> list[tuple[WatchRetracted, Recorded]]:
        """Take back the viewings, by the ids that the diary has them by; return how each was, and what said it."""
        found: dict[UUID | None, tuple[MovieWatched, Recorded]] = {}
        for said in self.gone.log:
            match said.fact:
                case MovieWatched() as watched:
                    found[watched.viewing_id or said.event_id] = watched, said
                case WatchRetracted() as retracted:
                    found.pop(retracted.viewing_id or said.causation_id, None)
        ended: list[tuple[WatchRetracted, Recorded]] = []
        for viewing_id, (watched, original) in found.items():
            for fact in retract_watch(self.old, watched.watched_on, viewing_id):
                assert isinstance(fact, WatchRetracted)
                ended.append((fact, original))
                self.end([fact])
        return ended

    def end_review(self) -> tuple[ReviewDeleted, Recorded] | None:
        """Take the review back; return it where it is newer than what was written of the other, which goes for it."""
        original = _later((ReviewWritten, ReviewDeleted), self.gone, self.kept)
        review = None
        for fact in delete_review(self.old):
            if original:
                assert isinstance(fact, ReviewDeleted)
                review = fact, original
                self.end(delete_review(self.new))
            self.end([fact])
        return review

    def end_the_rest(self) -> None:
        self.end(withdraw(self.old, RemovalReason.MERGED))
        if self.old.feedback:
            self.end(give_feedback(self.old, None))
        self.end(clear_dismissal(self.old))

    def say_wish(self) -> None:
        """Have the movie on the watchlist if it is on either, and nothing has ended that since."""
        sides = [side for side in (self.gone, self.kept) if side.pair.priority]
        wish = _last(*(side.last(WatchlistItemAdded) for side in sides))
        ended = _last(self._end_of_wish(self.gone), self._end_of_wish(self.kept))
        if wish and ended and ended.position > wish.position:
            self.say(remove_from_watchlist(self.new, RemovalReason.MERGED), ended)
        elif wish and not (self.new.reaction or self.new.half_stars):
            newest = _last(*(side.last(*_PRIORITY) for side in sides))
            assert newest
            priority = self._side_of(newest).pair.priority
            assert priority
            self.say(add_to_watchlist(self.new, priority), wish)

    def say_status(self) -> None:
        """Have the movie put aside if that was said last; it is not, if that was said before."""
        last = _last(self.gone.last(*STATUS_FACTS), self.kept.last(*STATUS_FACTS))
        if last is None:
            return
        if self._side_of(last).pair.status is Status.NOT_INTERESTED:
            self.say(dismiss_movie(self.new), last)
        else:
            self.say(clear_dismissal(self.new), last)

    def _side_of(self, said: Recorded) -> _Side:
        return self.gone if said.fact.movie_id == self.gone.pair.movie_id else self.kept

    @staticmethod
    def _end_of_wish(side: _Side) -> Recorded | None:
        feedback = side.last(RecommendationFeedbackGiven)
        ends = side.pair.feedback in (Feedback.NOT_INTERESTED, Feedback.ALREADY_SEEN)
        return _last(
            side.last(WatchlistItemRemoved, MovieWatched, MovieDismissed), feedback if ends else None
        )


def _rating(new: Pair, gone: Pair, fact: Event) -> list[PairEvent]:
    scale = fact.scale if isinstance(fact, MovieRated) else None
    return rate_movie(new, gone.half_stars, scale) if gone.half_stars else []


def _reaction(new: Pair, gone: Pair, _: Event) -> list[PairEvent]:
    return react_to_movie(new, gone.reaction) if gone.reaction else []


def _favorite(new: Pair, gone: Pair, _: Event) -> list[PairEvent]:
    return favorite_movie(new) if gone.is_favorite else []


def _feedback(new: Pair, gone: Pair, fact: Event) -> list[PairEvent]:
    assert isinstance(fact, RecommendationFeedbackGiven)
    return give_feedback(new, gone.feedback, gone.comment_id, fact.slate_id) if gone.feedback else []


_PRIORITY = (WatchlistItemAdded, WatchlistItemPrioritized)
_AXES: tuple[tuple[tuple[type[Event], ...], Callable[[Pair, Pair, Event], list[PairEvent]]], ...] = (
    ((RecommendationFeedbackGiven,), _feedback),
    ((MovieRated, RatingCleared), _rating),
    ((MovieReacted, ReactionCleared), _reaction),
    ((MovieFavorited, MovieUnfavorited), _favorite),
)
"""What has one value: what is not taken back of the movie that goes, and said later than of the other, holds."""
