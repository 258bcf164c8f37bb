"""What becomes of each thing that an export says: decided by the commands of the domain, and pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from events.errors import Rejected
from events.favorites import favorite_movie
from events.pair import Pair, PairEvent, Priority, Reaction
from events.ratings import rate_movie
from events.reactions import react_to_movie
from events.viewing import FIRST_FILM, mark_watched
from events.watchlist import WatchlistItemRemoved, add_to_watchlist
from imports.told import Kind, Told


class Outcome(StrEnum):
    """What becomes of it: NEW is recorded, HERE is there, CONFLICT is another word than the one that holds here."""

    NEW = "NEW"
    HERE = "HERE"
    CONFLICT = "CONFLICT"
    AMBIGUOUS = "AMBIGUOUS"
    UNMATCHED = "UNMATCHED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, the facts that would say it, and in a conflict what holds."""

    outcome: Outcome
    facts: Sequence[PairEvent] = ()
    held_half_stars: int | None = None
    held_reaction: Reaction | None = None

    @property
    def leaves_watchlist(self) -> bool:
        """Whether saying it takes the movie off the watchlist."""
        return any(isinstance(fact, WatchlistItemRemoved) for fact in self.facts)


def decide(pair: Pair, told: Told, latest: date, viewing_id: UUID) -> Decision:
    """Return what becomes of one thing told of a pair; `latest` is the last day that is not in the future.

    A viewing gets the id `viewing_id`.
    """
    if told.at.date() < FIRST_FILM:
        return Decision(Outcome.REFUSED)
    try:
        facts = _facts(pair, told, latest, viewing_id)
    except Rejected:
        return Decision(Outcome.REFUSED)
    if not facts:
        return Decision(Outcome.HERE)
    held_half_stars = pair.half_stars if told.kind is Kind.RATING else None
    held_reaction = pair.reaction if told.kind is Kind.REACTION else None
    outcome = Outcome.CONFLICT if held_half_stars or held_reaction else Outcome.NEW
    return Decision(outcome, facts, held_half_stars, held_reaction)


def _facts(pair: Pair, told: Told, latest: date, viewing_id: UUID) -> list[PairEvent]:
    match told.kind:
        case Kind.RATING:
            return rate_movie(pair, told.half_stars, told.scale)
        case Kind.REACTION:
            return react_to_movie(pair, told.reaction)
        case Kind.FAVORITE:
            return favorite_movie(pair)
        case Kind.WATCHED:
            day = told.watched_on
            if day is None or day in pair.watched_on:
                return []
            return mark_watched(pair, day, latest, viewing_id)
        case Kind.WATCHLIST:
            return [] if pair.priority else add_to_watchlist(pair, Priority.MEDIUM)
