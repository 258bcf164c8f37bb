"""What a reader yields: one frozen row a line of a file, or the reason why a line is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Scale = Literal["1-5", "0.5-5"]


class UnreadableRelease(Exception):
    """The data set as a whole cannot be read; the message tells the person who runs the import what to do."""


@dataclass(frozen=True, slots=True)
class Credit:
    """Somebody's part in a film; who is known by an id needs no name where the catalogue has it."""

    name: str = ""
    character: str | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """What is written of a film in one language; a locale is `fr` or `fr-CA`."""

    locale: str
    title: str | None = None
    overview: str | None = None
    tagline: str | None = None
    trailer_url: str | None = None


@dataclass(frozen=True, slots=True)
class VotedRating:
    """What people elsewhere think of a film; `scale` is the best value."""

    source: str
    value: float
    scale: float
    votes: int = 0


@dataclass(frozen=True, slots=True)
class Certification:
    """What a country (ISO 3166-1) says of who may see a film."""

    country: str
    certification: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Where a film can be seen in a country (ISO 3166-1); `kind` is as the table movie_offers has it."""

    country: str
    kind: str
    provider: str
    logo_path: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class MovieRow:
    """One film, or a part of what a source knows of it; `genres` are the file's own words in the file's order.

    What is empty is not said. A film that is nowhere yet and has no title becomes a stub.
    """

    external_id: str
    title: str
    year: int | None = None
    genres: tuple[str, ...] = ()
    release_date: date | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    original_title: str | None = None
    overview: str | None = None
    tagline: str | None = None
    trailer_url: str | None = None
    awards: str | None = None
    runtime_minutes: int | None = None
    adult: bool | None = None
    original_language: str | None = None
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    popularity: float | None = None
    poster_path: str | None = None
    backdrop_path: str | None = None
    directors: tuple[Credit, ...] = ()
    cast: tuple[Credit, ...] = ()
    certifications: tuple[Certification, ...] = ()
    translations: tuple[Translation, ...] = ()
    ratings: tuple[VotedRating, ...] = ()
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One rating; `half_stars` is 1..10, `rated_at` is in UTC with whole seconds."""

    user_external_id: str
    movie_external_id: str
    half_stars: int
    scale: Scale
    rated_at: datetime
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was passed over; `line` counts from 1, `text` is its beginning, safe to show."""

    file: str
    line: int
    reason: str
    text: str


def printable(text: str) -> str:
    """At most 200 characters that are safe to show in a terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:200])[:200]
