"""What one person has done with one movie: the state that every command decides on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from events.facts import Event


class Reaction(StrEnum):
    """How much a person liked a movie, in four words; no number is implied."""

    DISLIKE = "DISLIKE"
    OK = "OK"
    LIKE = "LIKE"
    SUPER_LIKE = "SUPER_LIKE"


class Priority(StrEnum):
    """How soon a person wants to see a movie of the watchlist."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class Status(StrEnum):
    """Where a movie stands for a person; derived, single-valued, the last action wins."""

    SEEN = "SEEN"
    LATER = "LATER"
    NOT_INTERESTED = "NOT_INTERESTED"


class Feedback(StrEnum):
    """What a person says of having been recommended a movie."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    NOT_INTERESTED = "NOT_INTERESTED"
    ALREADY_SEEN = "ALREADY_SEEN"


class Audience(StrEnum):
    """Whom a person lets read something."""

    PUBLIC = "PUBLIC"
    FOLLOWERS = "FOLLOWERS"
    PRIVATE = "PRIVATE"


@dataclass(frozen=True, slots=True)
class Viewing:
    """One time that a movie was seen, and what was thought of it then; None for what the log did not say at first."""

    watched_on: date
    viewing_id: UUID | None = None
    half_stars: int | None = None
    reaction: Reaction | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What a person wrote of a movie: the id of the text, and who may read it how."""

    review_id: UUID
    text_id: UUID
    has_spoilers: bool
    audience: Audience
    half_stars: int | None
    """The stars that are shown with it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The state of one person towards one movie; `Pair(user_id, movie_id)` is where every history begins."""

    user_id: UUID
    movie_id: UUID
    reaction: Reaction | None = None
    half_stars: int | None = None
    is_favorite: bool = False
    priority: Priority | None = None
    viewings: tuple[Viewing, ...] = ()
    review: Review | None = None
    feedback: Feedback | None = None
    comment_id: UUID | None = None
    """The text that was written with the feedback."""
    status: Status | None = None
    clicked: frozenset[UUID] = frozenset()
    """The slates in which it was opened."""

    @property
    def watched_on(self) -> tuple[date, ...]:
        """The day of each viewing, in the order in which they were said."""
        return tuple(viewing.watched_on for viewing in self.viewings)

    @property
    def last_watched_on(self) -> date | None:
        """The latest date the movie was seen on, however late it was said."""
        return max(self.watched_on, default=None)

    def remaining_status(self) -> Status | None:
        """What the status falls back to when the action that set it is taken back."""
        if self.reaction or self.half_stars or self.watched_on or self.feedback is Feedback.ALREADY_SEEN:
            return Status.SEEN
        return Status.LATER if self.priority else None

    def when(self, facts: Iterable[Event]) -> Pair:
        """Return the state after these facts, oldest first."""
        pair = self
        for fact in facts:
            pair = evolve(pair, fact)
        return pair


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEvent(Event):
    """A fact about one person and one movie; `apply` is the specification that every SQL fold is tested against."""

    user_id: UUID
    movie_id: UUID
    decides: ClassVar[bool] = True

    def apply(self, pair: Pair) -> Pair:
        """Return the state after this fact."""
        raise TypeError(f"{type(self).__name__} does not say what it changes")


def evolve(pair: Pair, fact: Event) -> Pair:
    """Return the state after one fact; a fact of another pair or without a pair changes nothing."""
    if isinstance(fact, PairEvent) and (fact.user_id, fact.movie_id) == (pair.user_id, pair.movie_id):
        return fact.apply(pair)
    return pair


def changed(pair: Pair, **fields: object) -> Pair:
    """Return the state with some fields replaced."""
    return replace(pair, **fields)  # type: ignore[arg-type]
