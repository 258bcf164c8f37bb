"""What a reader yields: one frozen row a line of a file, or the reason why a line is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Scale = Literal["1-5", "0.5-5"]


class UnreadableRelease(Exception):
    """The data set as a whole cannot be read; the message tells the person who runs the import what to do."""


@dataclass(frozen=True, slots=True)
class MovieRow:
    """One film of a release; `genres` are the file's own words in the file's order."""

    external_id: str
    title: str
    year: int | None = None
    genres: tuple[str, ...] = ()
    release_date: date | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    original_title: str | None = None
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
