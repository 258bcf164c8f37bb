"""IMDb's exports: a CSV file of ratings, or of the watchlist (or another list) with the ratings beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from imports.tables import Row, header_of, rows_of
from imports.told import Export, Kind, Service, Skip, Told, day_of, film_of, key_of, noon

SCALE = "1-10"
_HALF_STARS = {str(points): points for points in range(1, 11)}
_BEFORE = "cp1252"
"""How files were encoded until UTF-8 came."""
_SHOWS = ("tvseries", "tvminiseries", "tvepisode", "videogame", "musicvideo", "podcast")


def recognises(files: Mapping[str, bytes]) -> bool:
    """Whether these files are of this service."""
    return any({"const", "title type"} <= set(header_of(data)) for data in files.values())


def read(files: Mapping[str, bytes], latest: date) -> Export:
    """Return what the files say; days after `latest` are none. Raises BadExport."""
    export = Export(Service.IMDB)
    for name, data in files.items():
        if "const" not in header_of(data):
            continue
        for row in rows_of(name, data, else_encoded=_BEFORE):
            try:
                if row is None:
                    raise ValueError("too many or too few values")
                _take(export, row, latest)
            except (KeyError, ValueError):
                export.skipped[Skip.UNREADABLE] += 1
    return export


def _take(export: Export, row: Row, latest: date) -> None:
    if row["title type"].replace(" ", "").lower().startswith(_SHOWS):
        export.skipped[Skip.SHOWS] += 1
        return
    film = film_of(row["title"] or row.get("original title"), row["year"], row["const"])
    if film.imdb_id is None:
        raise ValueError("no id")
    if given := row.get("your rating", "").strip():
        day, half_stars = day_of(row["date rated"], latest), _HALF_STARS[given]
        key = key_of(Service.IMDB, Kind.RATING, film.imdb_id, day, half_stars)
        export.told.append(
            Told(kind=Kind.RATING, film=film, at=noon(day), key=key, half_stars=half_stars, scale=SCALE)
        )
    else:
        day = day_of(row["created"], latest)
        key = key_of(Service.IMDB, Kind.WATCHLIST, film.imdb_id, day)
        export.told.append(Told(kind=Kind.WATCHLIST, film=film, at=noon(day), key=key))
