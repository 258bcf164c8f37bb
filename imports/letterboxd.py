"""Letterboxd's export: a zip of CSV files, or one of them.

A day is all that it says of when. `watched.csv` has the days on which movies were marked, `diary.csv` those on which they
were seen; a movie of the diary counts by the diary only. `ratings.csv` has the rating that holds, the diary those that
were given with a viewing. Movies have neither IMDb nor TMDb ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import PurePosixPath

from events.pair import Reaction
from imports.tables import Row, header_of, rows_of
from imports.told import Export, Film, Kind, Service, Skip, Told, day_of, film_of, key_of, noon

SCALE = "0.5-5"
_HALF_STARS = {f"{half / 2:{form}}": half for half in range(1, 11) for form in ("g", ".1f")}
_COPY = re.compile(r"(?<=[^ ]) ?\([0-9]+\)$")
"""What browsers add to the name of a second download."""
_PASSED_OVER = ("deleted", "orphaned")
"""Folders of what the person took back there."""

_Read = Callable[["_Reading", Row], None]


def recognises(files: Mapping[str, bytes]) -> bool:
    """Whether these files are of this service."""
    return any("letterboxd uri" in header_of(data) for data in files.values())


def read(files: Mapping[str, bytes], latest: date) -> Export:
    """Return what the export says; days after `latest` are none. Raises BadExport."""
    reading = _Reading(latest)
    for name, data in _by_place(files):
        if name in _READERS:
            for row in rows_of(name, data):
                reading.take(_READERS[name], row)
        elif name in _COUNTED:
            reading.export.skipped[_COUNTED[name]] += sum(1 for _ in rows_of(name, data))
        elif name.startswith("lists/"):
            reading.export.skipped[Skip.LISTS] += 1
    return reading.finished()


def _by_place(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the files by their path in the export, wherever in a zip that lies."""
    paths = {PurePosixPath(name): data for name, data in files.items()}
    depth = min(len(path.parts) for path in paths)
    for path, data in sorted(paths.items()):
        place = PurePosixPath(*path.parts[depth - 1 :]).with_stem(_COPY.sub("", path.stem))
        if place.parts[0] not in _PASSED_OVER:
            yield str(place).lower(), data


class _Reading:
    def __init__(self, latest: date) -> None:
        self.latest = latest
        self.export = Export(Service.LETTERBOXD)
        self.marked: list[Told] = []
        self.rated_with_viewing: list[Told] = []
        self.films: dict[str, Film] = {}
        self.favorites: list[str] = []

    def take(self, reader: _Read, row: Row | None) -> None:
        try:
            if row is None:
                raise ValueError("too many or too few values")
            reader(self, row)
        except (KeyError, ValueError):
            self.export.skipped[Skip.UNREADABLE] += 1

    def day(self, row: Row, column: str = "date") -> date:
        return day_of(row[column], self.latest)

    def film(self, row: Row, *, by_uri: bool = True) -> Film:
        film = film_of(row["name"], row["year"])
        if by_uri:
            self.films.setdefault(row["letterboxd uri"], film)
        return film

    def finished(self) -> Export:
        seen, rated = (
            {one.film for one in self.export.told if one.kind is kind} for kind in (Kind.WATCHED, Kind.RATING)
        )
        self.export.told += [one for one in self.marked if one.film not in seen]
        self.export.told += [one for one in self.rated_with_viewing if one.film not in rated]
        for uri in self.favorites:
            film = self.films.get(uri)
            if film is None:
                self.export.skipped[Skip.UNREADABLE] += 1
            else:
                self.export.told.append(_told(Kind.FAVORITE, film, self.latest))
        return self.export


def _told(kind: Kind, film: Film, day: date, *more: object, **values: object) -> Told:
    name = f"{film.title} ({film.year})"
    key = key_of(Service.LETTERBOXD, kind, name, *more)
    return Told(kind=kind, film=film, at=noon(day), key=key, **values)  # type: ignore[arg-type]


def _rated(film: Film, day: date, row: Row) -> Told:
    half_stars = _HALF_STARS[row["rating"].strip()]
    return _told(Kind.RATING, film, day, day, half_stars, half_stars=half_stars, scale=SCALE)


def _rating(reading: _Reading, row: Row) -> None:
    reading.export.told.append(_rated(reading.film(row), reading.day(row), row))


def _diary(reading: _Reading, row: Row) -> None:
    # the address is the entry's own here, and not the movie's
    film, day = reading.film(row, by_uri=False), reading.day(row, "watched date")
    reading.export.told.append(_told(Kind.WATCHED, film, day, day, watched_on=day))
    if row["rating"].strip():
        reading.rated_with_viewing.append(_rated(film, reading.day(row), row))


def _watched(reading: _Reading, row: Row) -> None:
    film, day = reading.film(row), reading.day(row)
    reading.marked.append(_told(Kind.WATCHED, film, day, day, watched_on=day))


def _watchlist(reading: _Reading, row: Row) -> None:
    film, day = reading.film(row), reading.day(row)
    reading.export.told.append(_told(Kind.WATCHLIST, film, day, day))


def _like(reading: _Reading, row: Row) -> None:
    film, day = reading.film(row), reading.day(row)
    reading.export.told.append(_told(Kind.REACTION, film, day, day, reaction=Reaction.LIKE))


def _profile(reading: _Reading, row: Row) -> None:
    reading.favorites += [uri for each in row["favorite films"].split(",") if (uri := each.strip())]


_READERS: dict[str, _Read] = {
    "ratings.csv": _rating,
    "diary.csv": _diary,
    "watched.csv": _watched,
    "watchlist.csv": _watchlist,
    "likes/films.csv": _like,
    "films.csv": _like,
    "profile.csv": _profile,
}
_COUNTED = {"reviews.csv": Skip.REVIEWS, "comments.csv": Skip.COMMENTS}
