"""What a person saw, opened, or does not want to see."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from events.errors import Rejected
from events.facts import event
from events.pair import Pair, PairEvent, Reaction, Status, changed
from events.ratings import rate_movie
from events.reactions import react_to_movie
from events.watchlist import RemovalReason, followed_by_removal

FIRST_FILM = date(1888, 10, 14)
"""The day the oldest film that survives was shot (Roundhay Garden Scene)."""


@event("movie_watched")
class MovieWatched(PairEvent):
    """A person saw a movie on a day, perhaps again; `times` and `last_watched_on` hold after this one."""

    watched_on: date
    times: int
    last_watched_on: date

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, watched_on=(*pair.watched_on, self.watched_on), status=Status.SEEN)


@event("watch_retracted")
class WatchRetracted(PairEvent):
    """A person took back that they saw a movie on a day; the other fields hold after this."""

    watched_on: date
    times: int
    last_watched_on: date | None
    status: Status | None

    def apply(self, pair: Pair) -> Pair:
        return changed(pair, watched_on=_without(pair.watched_on, self.watched_on), status=self.status)


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


def mark_watched(
    pair: Pair,
    watched_on: date,
    latest: date,
    reaction: Reaction | None = None,
    half_stars: int | None = None,
) -> list[PairEvent]:
    """Record that the movie was seen on a day (`latest` is the last day that is not in the future), and what of it.

    Raises InvalidWatchDate and what rating raises.
    """
    if not FIRST_FILM <= watched_on <= latest:
        raise InvalidWatchDate
    facts: list[PairEvent] = [_watched(pair, watched_on)]
    if reaction is not None:
        facts += react_to_movie(changed(pair.when(facts), priority=None), reaction)
    if half_stars is not None:
        facts += rate_movie(changed(pair.when(facts), priority=None), half_stars)
    return followed_by_removal(pair, facts, RemovalReason.WATCHED)


def retract_watch(pair: Pair, watched_on: date) -> list[PairEvent]:
    """Take back that the movie was seen on a day; when it was not, nothing is recorded."""
    if watched_on not in pair.watched_on:
        return []
    after = changed(pair, watched_on=_without(pair.watched_on, watched_on))
    return [
        WatchRetracted(
            user_id=pair.user_id,
            movie_id=pair.movie_id,
            watched_on=watched_on,
            times=len(after.watched_on),
            last_watched_on=after.last_watched_on,
            status=after.remaining_status() if pair.status is Status.SEEN else pair.status,
        )
    ]


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


def _watched(pair: Pair, watched_on: date) -> MovieWatched:
    days = (*pair.watched_on, watched_on)
    return MovieWatched(
        user_id=pair.user_id,
        movie_id=pair.movie_id,
        watched_on=watched_on,
        times=len(days),
        last_watched_on=max(days),
    )


def _without(days: tuple[date, ...], day: date) -> tuple[date, ...]:
    if day not in days:
        return days
    at = days.index(day)
    return days[:at] + days[at + 1 :]
