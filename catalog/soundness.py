"""What the catalogue cannot hold: a row with such a value is passed over, whichever source it is of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from catalog.rows import Credit, MovieRow, VotedRating

LARGEST = 2**31 - 1
_LONGEST_RUNTIME = 2**15 - 1
_TITLE_MOST = 500  # an index row holds no more than 2,700 bytes
_ID_MOST = 200
_GENRE_MOST = 50
_LIST_MOST = 1_000
_IMDB_ID = re.compile(r"tt[0-9]{7,18}", re.ASCII)
_IMDB_PERSON = re.compile(r"nm[0-9]{7,18}", re.ASCII)


def fault_of(row: MovieRow) -> str | None:
    """Return what is wrong with a row's values, if anything."""
    return next(_faults(row), None)


def is_person(imdb_id: str) -> bool:
    """Whether an id is like nm0000158."""
    return _IMDB_PERSON.fullmatch(imdb_id) is not None


def is_vote(rating: VotedRating) -> bool:
    """Whether a rating is on its scale, and of so many people as there may be."""
    return 0 <= rating.value <= rating.scale < 10_000 and 0 <= rating.votes <= LARGEST


def _faults(row: MovieRow) -> Iterator[str]:
    if any(text and "\0" in text for text in _texts(row)):
        yield "a NUL character"
    if not 0 < len(row.external_id) <= _ID_MOST:
        yield f"an id that is empty or longer than {_ID_MOST} characters"
    if row.imdb_id is not None and not _IMDB_ID.fullmatch(row.imdb_id):
        yield "an IMDb id that is not like tt0111161"
    if not _is_key(row.tmdb_id):
        yield "a TMDb id that is not from 1 to 2147483647"
    if max(len(row.title), len(row.original_title or "")) > _TITLE_MOST:
        yield f"a title that is longer than {_TITLE_MOST} characters"
    if not 1 <= (row.runtime_minutes or 1) <= _LONGEST_RUNTIME:
        yield "a runtime that is no number of minutes"
    if any(len(genre) > _GENRE_MOST or not any(map(str.isalnum, genre)) for genre in row.genres):
        yield f"a genre without letters or longer than {_GENRE_MOST} characters"
    if not all(map(is_vote, row.ratings)):
        yield "a rating that is not on its scale"
    if max(map(len, (row.genres, row.cast, row.directors))) > _LIST_MOST:
        yield f"a list of more than {_LIST_MOST:,}"
    if not all(map(_is_known, (*row.cast, *row.directors))):
        yield "a person's id that cannot be one"


def _is_known(credit: Credit) -> bool:
    return _is_key(credit.tmdb_id) and (credit.imdb_id is None or is_person(credit.imdb_id))


def _is_key(key: Any) -> bool:
    return key is None or (type(key) is int and 0 < key <= LARGEST)


def _texts(row: MovieRow) -> Iterator[str | None]:
    yield from (row.external_id, row.title, row.original_title, row.overview, row.tagline, row.trailer_url)
    yield from (row.awards, row.original_language, row.poster_path, row.backdrop_path)
    yield from (*row.genres, *row.languages, *row.countries)
    for credit in (*row.cast, *row.directors):
        yield from (credit.name, credit.character)
    for each in row.translations:
        yield from (each.title, each.overview, each.tagline, each.trailer_url)
