"""Exports as the services write them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

FILM = "Date,Name,Year,Letterboxd URI"
LETTERBOXD = {
    "ratings.csv": f"{FILM},Rating",
    "watched.csv": FILM,
    "diary.csv": f"{FILM},Rating,Rewatch,Tags,Watched Date",
    "watchlist.csv": FILM,
    "likes/films.csv": FILM,
    "reviews.csv": f"{FILM},Rating,Rewatch,Review,Tags,Watched Date",
    "comments.csv": "Date,Content,Comment",
    "profile.csv": "Date Joined,Username,Given Name,Family Name,Email Address,Location,Website,Bio,Pronoun,Favorite Films",
    "deleted/diary.csv": f"{FILM},Rating,Rewatch,Tags,Watched Date",
    "orphaned/reviews.csv": f"{FILM},Rating,Rewatch,Review,Tags,Watched Date",
}
"""The header of each file of a Letterboxd export."""
IMDB_RATINGS = (
    "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,"
    "Num Votes,Release Date,Directors"
)
IMDB_LIST = (
    "Position,Const,Created,Modified,Description,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,"
    "Genres,Num Votes,Release Date,Directors,Your Rating,Date Rated"
)

Rows = Iterable[Sequence[object]]


def table(header: str, rows: Rows, *, bom: bool = False, end: str = "\n") -> bytes:
    """A CSV file, quoted where it must be."""
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(rows)
    return (b"\xef\xbb\xbf" if bom else b"") + f"{header}{end}{text.getvalue()}".encode()


def packed(files: Mapping[str, bytes], *, folder: str = "") -> bytes:
    """A zip of files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(folder + name, data)
    return made.getvalue()


def letterboxd(**files: Rows) -> bytes:
    """A Letterboxd zip; `likes__films` is the file likes/films.csv. Files that are not given have no rows."""
    given = {name.replace("__", "/") + ".csv": rows for name, rows in files.items()}
    assert set(given) <= set(LETTERBOXD)
    return packed({name: table(header, given.get(name, ())) for name, header in LETTERBOXD.items()})


def film(day: str, name: str, year: object, uri: str) -> tuple[object, ...]:
    """The columns that every list of Letterboxd's begins with."""
    return day, name, year, f"https://boxd.it/{uri}"


def imdb_rating(
    const: str, points: object, day: str, title: str, year: object, kind: str = "Movie"
) -> tuple[object, ...]:
    """A row of IMDb's ratings."""
    url = f"https://www.imdb.com/title/{const}/"
    return (
        const,
        points,
        day,
        title,
        title,
        url,
        kind,
        8.7,
        136,
        year,
        "Action, Sci-Fi",
        2000000,
        day,
        "Somebody, Else",
    )


def imdb_listed(
    position: int, const: str, created: str, title: str, year: object, points: object = "", rated: str = ""
) -> tuple[object, ...]:
    """A row of IMDb's watchlist."""
    url = f"https://www.imdb.com/title/{const}/"
    about = ("Movie", 7.5, 101, year, "Drama", 1000, f"{year}-01-01", "Somebody")
    return (position, const, created, created, "", title, title, url, *about, points, rated)


def trakt_movie(
    title: str, year: int | None, imdb: str | None = None, tmdb: int | None = None
) -> dict[str, Any]:
    """A movie as Trakt names it."""
    ids = {"trakt": 1, "slug": title.lower().replace(" ", "-"), "imdb": imdb, "tmdb": tmdb}
    return {"title": title, "year": year, "ids": ids}


def trakt_json(entries: Sequence[Mapping[str, Any]]) -> bytes:
    """A file of Trakt's."""
    return orjson.dumps(list(entries), option=orjson.OPT_INDENT_2)


def trakt(**files: Sequence[Mapping[str, Any]]) -> bytes:
    """A Trakt zip; `ratings_movies` is the file ratings-movies.json."""
    return packed({f"{name.replace('_', '-')}.json": trakt_json(rows) for name, rows in files.items()})
