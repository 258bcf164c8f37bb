"""How each MovieLens release is written."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import Literal

from catalog.files import DataFile
from catalog.rows import Scale, UnreadableRelease


@dataclass(frozen=True, slots=True)
class Layout:
    """File names, columns and marks; where there is no header the columns are all there are, in order.

    `movie_columns` begins with id, title and genres; where `genres` is "flags", each from the sixth on is a genre.
    """

    movies: str
    ratings: str
    movie_separator: str
    rating_separator: str
    encoding: str
    scale: Scale
    genres: Literal["flags", "|", " "]
    movie_columns: tuple[str, ...]
    rating_columns: tuple[str, str, str, str] = ("userId", "movieId", "rating", "timestamp")
    header: bool = False


_GENRES = (
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)

TAB_100K = Layout(
    movies="u.item",
    ratings="u.data",
    movie_separator="|",
    rating_separator="\t",
    encoding="latin-1",
    scale="1-5",
    genres="flags",
    movie_columns=("movieId", "title", "released", "video", "url", *_GENRES),
)
DAT_1M = Layout(
    movies="movies.dat",
    ratings="ratings.dat",
    movie_separator="::",
    rating_separator="::",
    encoding="latin-1",
    scale="1-5",
    genres="|",
    movie_columns=("movieId", "title", "genres"),
)
DAT_10M = replace(DAT_1M, encoding="utf-8", scale="0.5-5")
CSV = Layout(
    movies="movies.csv",
    ratings="ratings.csv",
    movie_separator=",",
    rating_separator=",",
    encoding="utf-8",
    scale="0.5-5",
    genres="|",
    movie_columns=("movieId", "title", "genres"),
    header=True,
)
RECBOLE = Layout(
    movies="*.item",
    ratings="*.inter",
    movie_separator="\t",
    rating_separator="\t",
    encoding="utf-8",
    scale="0.5-5",
    genres=" ",
    movie_columns=("item_id", "movie_title", "class", "release_year"),
    rating_columns=("user_id", "item_id", "rating", "timestamp"),
    header=True,
)


def columns(file: DataFile, header: str, separator: str, wanted: tuple[str, ...]) -> tuple[int, list[int]]:
    """How many columns the header names, and where the wanted ones stand; UnreadableRelease if one lacks."""
    names = next(csv.reader([header])) if separator == "," else header.split(separator)
    names = [name.partition(":")[0].strip() for name in names]
    # RecBole calls the genres of the 1M release by another name.
    names = ["class" if name == "genre" else name for name in names]
    if missing := [name for name in wanted if name not in names]:
        raise UnreadableRelease(
            f"The first line of {file.name} does not name the column {', '.join(missing)}."
        )
    return len(names), [names.index(name) for name in wanted]
