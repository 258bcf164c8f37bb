"""What a person saw, opened, or does not want to see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Data, event
from events.pair import Pair, PairEvent, Reaction, Status, Viewing, changed
from events.ratings import rate_movie
from events.reactions import react_to_movie
from events.watchlist import RemovalReason, followed_by_removal

FIRST_FILM = date(1888, 10, 14)
"""The day the oldest film that survives was shot (Roundhay Garden Scene)."""


def _unsaid(data: Data) -> Data:
    """Version 1 did not say which viewing it is about, nor what was thought of it then."""
    return {**data, "viewing_id": None, "half_stars": None, "reaction": None}


@event("movie_watched", version=2, upcasts={1: _unsaid})
class MovieWatched(PairEvent):
    """A person saw a movie on a day, perhaps again; `times` and `last_watched_on` hold after this one.

    `viewing_id` is None in old events: the id of the event stands for it. `half_stars` and `reaction` were said with it.
    """

    watched_on: date
    times: int
    last_watched_on: date
    viewing_id: UUID | None
    half_stars: int | None
    reaction: Reaction | None

    def apply(self, pair: Pair) -> Pair:
        viewing = Viewing(self.watched_on, self.viewing_id, self.half_stars, self.reaction)
        return changed(pair, viewings=(*pair.viewings, viewing), status=Status.SEEN)


@event("watch_retracted", version=2, upcasts={1: _unsaid})
class WatchRetracted(PairEvent):
    """A person took back that they saw a movie on a day; `times`, `last_watched_on` and `status` hold after this.

    `viewing_id` is None in old events: the event that caused them is the viewing. The other fields are what it said.
    """

    watched_on: date
    times: int
    last_watched_on: date | None
    status: Status | None
    viewing_id: UUID | None
    half_stars: int | None
    reaction: Reaction | None

    def apply(self, pair: Pair) -> Pair:
        gone = _found(pair, self.watched_on, self.viewing_id)
        return changed(pair, viewings=_without(pair, gone), status=self.status)


@event("movie_dismissed")
class MovieDismissed(PairEvent):
    """A person is not interested in a movie; `previous` was its status."""

    previous: Status | None

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, status=Status.NOT_INTERESTED)


@event("dismissal_cleared")
class DismissalCleared(PairEvent):
    """A person took a dismissal back; `status` is what the movie's status becomes."""

    status: Status | None

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, status=self.status)


@event("movie_viewed")
class MovieViewed(PairEvent):
    """A person opened the page of a movie."""

    decides: ClassVar[bool] = False

    def apply(self, pair: Pair) -> Pair:
        return pair


class InvalidWatchDate(Rejected):
    """The day must not be in the future, nor before the first film was shot (1888-10-14)."""

    code: ClassVar[str] = "INVALID_WATCHED_ON"
    path = ("watchedOn",)


class NoViewing(Rejected):
    """There is no such viewing in your diary any more."""

    code: ClassVar[str] = "NO_VIEWING"
    path = ("viewingId",)


def mark_watched(
    pair: Pair,
    watched_on: date,
    latest: date,
    viewing_id: UUID,
    reaction: Reaction | None = None,
    half_stars: int | None = None,
) -> list[PairEvent]:
    """Record that the movie was seen on a day (`latest` is the last day that is not in the future), and what of it.

    A viewing that is there already is recorded once. Raises InvalidWatchDate and what rating raises.
    """
    if not FIRST_FILM <= watched_on <= latest:
        raise InvalidWatchDate
    if any(viewing.viewing_id == viewing_id for viewing in pair.viewings):
        return []
    facts: list[PairEvent] = [_watched(pair, Viewing(watched_on, viewing_id, half_stars, reaction))]
    if reaction is not None:
        facts += react_to_movie(changed(pair.when(facts), priority=None), reaction)
    if half_stars is not None:
        facts += rate_movie(changed(pair.when(facts), priority=None), half_stars)
    return followed_by_removal(pair, facts, RemovalReason.WATCHED)


def retract_watch(pair: Pair, watched_on: date, viewing_id: UUID | None) -> list[PairEvent]:
    """Take back that the movie was seen on a day; when it was not, nothing is recorded.

    A viewing of an old event is known by the id of that event.
    """
    viewing = _found(pair, watched_on, viewing_id)
    if viewing is None:
        return []
    after = changed(pair, viewings=_without(pair, viewing))
    return [
        WatchRetracted(
            user_id=pair.user_id,
            movie_id=pair.movie_id,
            watched_on=watched_on,
            times=len(after.viewings),
            last_watched_on=after.last_watched_on,
            status=after.remaining_status() if pair.status is Status.SEEN else pair.status,
            viewing_id=viewing_id,
            half_stars=viewing.half_stars,
            reaction=viewing.reaction,
        )
    ]


def restore_viewing(pair: Pair, fact: WatchRetracted) -> list[PairEvent]:
    """Return what makes a viewing be there again."""
    viewing = Viewing(fact.watched_on, fact.viewing_id, fact.half_stars, fact.reaction)
    return followed_by_removal(pair, [_watched(pair, viewing)], RemovalReason.WATCHED)


def change_viewing(
    pair: Pair, watched_on: date, viewing_id: UUID, changed_on: date, latest: date, new_id: UUID
) -> list[PairEvent]:
    """Put a viewing on another day: what was said with it stays. Raises NoViewing, InvalidWatchDate."""
    viewing = _found(pair, watched_on, viewing_id)
    if viewing is None:
        raise NoViewing
    if changed_on == watched_on:
        return []
    if not FIRST_FILM <= changed_on <= latest:
        raise InvalidWatchDate
    moved = _watched(pair, replace(viewing, watched_on=changed_on, viewing_id=new_id))
    return [moved, *retract_watch(pair.when([moved]), watched_on, viewing_id)]


def dismiss_movie(pair: Pair) -> list[PairEvent]:
    """Say that the movie is of no interest, which takes it off the watchlist; said twice, it is recorded once."""
    if pair.status is Status.NOT_INTERESTED:
        return []
    fact = MovieDismissed(user_id=pair.user_id, movie_id=pair.movie_id, previous=pair.status)
    return followed_by_removal(pair, [fact], RemovalReason.DISMISSED)


def clear_dismissal(pair: Pair) -> list[PairEvent]:
    """Take the dismissal back; when there is none, nothing is recorded."""
    if pair.status is not Status.NOT_INTERESTED:
        return []
    return [DismissalCleared(user_id=pair.user_id, movie_id=pair.movie_id, status=pair.remaining_status())]


def view_movie(pair: Pair) -> list[PairEvent]:
    """Record that the page of the movie was opened; every time counts."""
    return [MovieViewed(user_id=pair.user_id, movie_id=pair.movie_id)]


def _watched(pair: Pair, viewing: Viewing) -> MovieWatched:
    days = (*pair.watched_on, viewing.watched_on)
    return MovieWatched(
        user_id=pair.user_id,
        movie_id=pair.movie_id,
        watched_on=viewing.watched_on,
        times=len(days),
        last_watched_on=max(days),
        viewing_id=viewing.viewing_id,
        half_stars=viewing.half_stars,
        reaction=viewing.reaction,
    )


def _found(pair: Pair, day: date, viewing_id: UUID | None) -> Viewing | None:
    """Return the viewing with this id, else one of that day whose event had none."""
    of_day = [viewing for viewing in pair.viewings if viewing.watched_on == day]
    for known in (viewing_id, None):
        if same := [viewing for viewing in of_day if viewing.viewing_id == known]:
            return same[0]
    return None


def _without(pair: Pair, gone: Viewing | None) -> tuple[Viewing, ...]:
    if gone is None:
        return pair.viewings
    at = pair.viewings.index(gone)
    return pair.viewings[:at] + pair.viewings[at + 1 :]
