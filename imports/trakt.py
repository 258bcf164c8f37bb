"""Trakt's export: JSON files, each a list, in a zip or one by one. What an entry is shows by its fields.

History has each viewing; `watched-movies` has the last one of each movie, and counts for movies that the history lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any

import orjson

from imports.told import BadExport, Export, Film, Kind, Service, Skip, Told, film_of, key_of

SCALE = "1-10"
VALUES_MOST = 600_000
"""Objects and lists of one file: each takes memory, however short it is written."""
_FORGOTTEN = date(1970, 1, 1)
"""The day of a viewing of which the person did not know when it was."""
_DATES = ("rated_at", "watched_at", "last_watched_at", "listed_at", "collected_at")

_Entry = dict[str, Any]


def recognises(files: Mapping[str, bytes]) -> bool:
    """Whether these files are of this service."""
    return any(data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{") for data in files.values())


def read(files: Mapping[str, bytes], latest: date) -> Export:
    """Return what the files say; days after `latest` are none. Raises BadExport."""
    export = Export(Service.TRAKT)
    last: list[Told] = []
    for name, data in files.items():
        for entry in _entries(name, data):
            try:
                _take(export, last, PurePosixPath(name).stem.lower(), entry, latest)
            except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
                export.skipped[Skip.UNREADABLE] += 1
    in_history = {one.film for one in export.told if one.kind is Kind.WATCHED}
    export.told += [one for one in last if one.film not in in_history]
    return export


def _entries(name: str, data: bytes) -> list[_Entry]:
    if data.count(b"{") + data.count(b"[") > VALUES_MOST:
        raise BadExport(f"{PurePosixPath(name).name} has more entries than an export has.")
    try:
        found = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise BadExport(f"{PurePosixPath(name).name} is no JSON. Upload it as you got it.") from error
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _take(export: Export, last: list[Told], name: str, entry: _Entry, latest: date) -> None:
    said = next((field for field in _DATES if field in entry), None)
    if "comment" in entry:
        export.skipped[Skip.COMMENTS] += 1
    elif "item_count" in entry:
        export.skipped[Skip.LISTS] += 1
    elif said == "collected_at":
        export.skipped[Skip.COLLECTION] += 1
    elif said is not None and "movie" not in entry:
        export.skipped[Skip.SHOWS] += 1
    elif said == "rated_at":
        export.told.append(_rating(entry, latest))
    elif said == "listed_at":
        _take_listed(export, name, entry, latest)
    elif said is not None:
        at = _moment(entry[said], latest)
        if at.date() == _FORGOTTEN:
            export.skipped[Skip.UNDATED] += 1
        else:
            (last if said == "last_watched_at" else export.told).append(_watched(entry, at))


def _rating(entry: _Entry, latest: date) -> Told:
    film, at, half_stars = _film(entry), _moment(entry["rated_at"], latest), entry["rating"]
    if type(half_stars) is not int or not 1 <= half_stars <= 10:
        raise ValueError("no rating")
    key = key_of(Service.TRAKT, Kind.RATING, _ref(film), at.date(), half_stars)
    return Told(kind=Kind.RATING, film=film, at=at, key=key, half_stars=half_stars, scale=SCALE)


def _take_listed(export: Export, name: str, entry: _Entry, latest: date) -> None:
    """A file of a list has its name; one that was uploaded under another name is taken for the watchlist."""
    if name.endswith(("favorites", "recommendations")):
        kind = Kind.FAVORITE
    elif name.startswith("lists-") and "watchlist" not in name:
        export.skipped[Skip.LISTS] += 1
        return
    else:
        kind = Kind.WATCHLIST
    film, at = _film(entry), _moment(entry["listed_at"], latest)
    key = key_of(Service.TRAKT, kind, _ref(film), at.date())
    export.told.append(Told(kind=kind, film=film, at=at, key=key))


def _watched(entry: _Entry, at: datetime) -> Told:
    film = _film(entry)
    key = key_of(Service.TRAKT, Kind.WATCHED, _ref(film), at.date())
    return Told(kind=Kind.WATCHED, film=film, at=at, key=key, watched_on=at.date())


def _film(entry: _Entry) -> Film:
    movie = entry["movie"]
    ids = movie.get("ids") or {}
    return film_of(movie["title"], movie.get("year"), ids.get("imdb"), ids.get("tmdb"))


def _ref(film: Film) -> str:
    return film.imdb_id or (f"tmdb {film.tmdb_id}" if film.tmdb_id else f"{film.title} ({film.year})")


def _moment(text: str, latest: date) -> datetime:
    given = datetime.fromisoformat(text)
    at = given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    if at.date() > latest:
        raise ValueError("not of the past")
    return at
