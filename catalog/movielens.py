"""Every MovieLens release, from a folder or a zip: Harper & Konstan 2015, doi:10.1145/2827872.

Read are `u.item`/`u.data` (100K), `movies.dat`/`ratings.dat` (1M, 10M), `movies.csv`/`ratings.csv` with
`links.csv` (latest-small, 20M and newer) and RecBole's atomic files `ml-*.item`/`ml-*.inter`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from catalog.files import DataFile, Folder, folders
from catalog.layouts import CSV, DAT_1M, DAT_10M, RECBOLE, TAB_100K, Layout
from catalog.movie_files import read_movies
from catalog.rating_files import read_ratings
from catalog.rows import BadRow, MovieRow, RatingRow, Scale, UnreadableRelease

__all__ = ["BadRow", "MovieRow", "RatingRow", "Release", "Scale", "UnreadableRelease", "open_release"]

_EXPECTED = (
    "u.item and u.data (100K); movies.dat and ratings.dat (1M, 10M); movies.csv and ratings.csv, with "
    "links.csv if there is one (latest-small, 20M and newer); or ml-*.item and ml-*.inter (RecBole)"
)
_SIZE = re.compile(r"ml-([0-9]+[km]|latest(?:-small)?)(?![a-z])")


@dataclass(frozen=True)
class Release:
    """One MovieLens data set; `name` is the namespace of its ids, the same wherever the files lie."""

    name: str
    layout: Layout
    movies_file: DataFile
    ratings_file: DataFile
    links_file: DataFile | None = None

    @cached_property
    def movie_count_hint(self) -> int:
        """Lines of the movies file: no fewer than there are movies."""
        return max(self.movies_file.count_lines() - self.layout.header, 0)

    @cached_property
    def rating_count_hint(self) -> int:
        """Lines of the ratings file, counted by reading through it once."""
        return max(self.ratings_file.count_lines() - self.layout.header, 0)

    def movies(self) -> Iterator[MovieRow | BadRow]:
        """In file order; broken rows of the links come before the first movie."""
        return read_movies(self.layout, self.movies_file, self.links_file)

    def ratings(self) -> Iterator[RatingRow | BadRow]:
        """In file order, which is no order of time."""
        return read_ratings(self.layout, self.ratings_file)


def open_release(path: Path) -> Release:
    """Finds the release in a folder, a zip (a wheel is one), or beside one of its files.

    Raises UnreadableRelease when there is none, more than one, or the zip is broken.
    """
    found = [release for folder in folders(path) if (release := _release_in(folder))]
    if not found:
        raise UnreadableRelease(f"{path} holds no MovieLens release. Expected side by side: {_EXPECTED}.")
    if len(found) > 1:
        names = ", ".join(release.name for release in found)
        raise UnreadableRelease(f"{path} holds several releases ({names}): name one of them.")
    return found[0]


def _release_in(folder: Folder) -> Release | None:
    files = folder.files
    for layout in (TAB_100K, DAT_1M, CSV):
        if layout.movies in files and layout.ratings in files:
            name, exact = _name_and_layout(layout, folder)
            movies, ratings = files[layout.movies], files[layout.ratings]
            return Release(f"movielens-{name}", exact, movies, ratings, files.get("links.csv"))
    return _recbole_release(folder)


def _recbole_release(folder: Folder) -> Release | None:
    for name, movies in folder.files.items():
        size = _size(name)
        ratings = folder.files.get(name.removesuffix(".item") + ".inter")
        if size and ratings and name.endswith(".item"):
            layout = replace(RECBOLE, scale="1-5") if size in ("100k", "1m") else RECBOLE
            return Release(f"movielens-{size}", layout, movies, ratings)
    return None


def _name_and_layout(layout: Layout, folder: Folder) -> tuple[str, Layout]:
    """The name is told by README, folder or file names, and at last by the first ratings themselves."""
    files, said = folder.files, _size(folder.name)
    if layout is TAB_100K:
        return "100k", layout
    if layout is DAT_1M:
        if said not in ("1m", "10m"):
            said = "1m" if "users.dat" in files or not _is_utf8(files["movies.dat"]) else "10m"
        return said, DAT_1M if said == "1m" else DAT_10M
    readme = files.get("readme.txt")
    told = _size(readme.head().decode("latin-1")) if readme else None
    return told or said or "csv-" + hashlib.sha256(files[layout.ratings].head()).hexdigest()[:8], layout


def _size(text: str) -> str | None:
    """ "25m" of "ml-25m", in a name or in a README."""
    found = _SIZE.search(text.lower())
    return found[1] if found else None


def _is_utf8(file: DataFile) -> bool:
    head = file.head()
    try:
        head[: head.rfind(b"\n") + 1].decode()
    except UnicodeDecodeError:
        return False
    return True
