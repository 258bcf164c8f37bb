"""What an export of another service says, in one form whichever service it is from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from hashlib import blake2b

from events.pair import Reaction

TITLE_MOST = 500
"""Characters of a title."""
_REF_MOST = 120
_IMDB = re.compile(r"tt[0-9]{7,10}", re.ASCII)


class Service(StrEnum):
    """Where an export is from."""

    LETTERBOXD = "LETTERBOXD"
    IMDB = "IMDB"
    TRAKT = "TRAKT"


class Kind(StrEnum):
    """What is said of a movie."""

    RATING = "RATING"
    REACTION = "REACTION"
    FAVORITE = "FAVORITE"
    WATCHED = "WATCHED"
    WATCHLIST = "WATCHLIST"


class Skip(StrEnum):
    """What an export has that is not imported."""

    REVIEWS = "REVIEWS"
    LISTS = "LISTS"
    COMMENTS = "COMMENTS"
    COLLECTION = "COLLECTION"
    SHOWS = "SHOWS"
    UNDATED = "UNDATED"
    UNREADABLE = "UNREADABLE"


class BadExport(Exception):
    """The file as a whole cannot be imported; the message tells the person what to do."""


@dataclass(frozen=True, slots=True)
class Film:
    """A movie as the export names it."""

    title: str
    year: int | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing said of one movie; `key` names the record for ever, in 200 characters at most.

    `half_stars` and `scale` are of a rating, `reaction` of a reaction, `watched_on` of a viewing.
    """

    kind: Kind
    film: Film
    at: datetime
    key: str
    half_stars: int | None = None
    scale: str | None = None
    reaction: Reaction | None = None
    watched_on: date | None = None


@dataclass(slots=True)
class Export:
    """What an export says, in any order, and how much it has of what is not imported."""

    service: Service
    told: list[Told] = field(default_factory=list)
    skipped: Counter[Skip] = field(default_factory=Counter)

    def settled(self) -> list[Told]:
        """Return what is said, each thing once, in an order that does not depend on that of the rows.

        Of several ratings of one movie the newest counts, and of viewings on one day one. The oldest comes first, but the
        watchlist last: what was rated since cannot be on it.
        """
        newest: dict[tuple[object, ...], Told] = {}
        for one in sorted(self.told, key=_order):
            newest[one.kind, one.film, one.watched_on] = one
        return sorted(newest.values(), key=lambda one: (one.kind is Kind.WATCHLIST, *_order(one)))


def _order(one: Told) -> tuple[object, ...]:
    return one.at, one.kind, one.half_stars or 0, one.key


def key_of(service: Service, kind: Kind, *parts: object) -> str:
    """Return the key of a record, given what tells it from the others of its kind."""
    ref = ":".join(map(str, parts))
    if len(ref) > _REF_MOST:
        ref = blake2b(ref.encode(), digest_size=16).hexdigest()
    return f"{service.lower()}:{kind.lower()}:{ref}"


def noon(day: date) -> datetime:
    """Return the moment of something of which the day is known: the same day nearly everywhere on earth."""
    return datetime.combine(day, time(12), UTC)


def film_of(title: object, year: object, imdb_id: object = None, tmdb_id: object = None) -> Film:
    """Return a movie from the values of an export. Raises ValueError for a title that cannot be one."""
    name = " ".join(title.split()) if isinstance(title, str) else ""
    if not 1 <= len(name) <= TITLE_MOST or "\0" in name:
        raise ValueError("no title")
    known_imdb = imdb_id if isinstance(imdb_id, str) and _IMDB.fullmatch(imdb_id) else None
    known_tmdb = tmdb_id if type(tmdb_id) is int and 0 < tmdb_id < 2**31 else None
    return Film(name, _year(year), known_imdb, known_tmdb)


def _year(value: object) -> int | None:
    number = int(value) if isinstance(value, int | str) and re.fullmatch("[0-9]{4}", str(value)) else 0
    return number if 1870 <= number <= 2100 else None


def day_of(text: str, latest: date) -> date:
    """Return a day written as 2024-01-31. Raises ValueError for another form, and for days after `latest`."""
    day = date.fromisoformat(text)
    if day > latest or len(text) != 10:
        raise ValueError("not a day of the past")
    return day


def films_of(told: Iterable[Told]) -> list[Film]:
    """Return each movie once, in the order in which they come."""
    return list(dict.fromkeys(one.film for one in told))
