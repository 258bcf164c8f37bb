"""Ratings out of the files of a MovieLens release."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from operator import itemgetter

from catalog.files import DataFile, fault
from catalog.layouts import Layout, columns
from catalog.rows import BadRow, RatingRow, Scale

_OLDEST = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp())
_DAY_S = 86_400
_ID_DIGITS = 18
_STEP: dict[Scale, int] = {"1-5": 2, "0.5-5": 1}  # in half stars; the scale begins with one step
_HALF_STARS: dict[Scale, dict[str, int]] = {
    scale: {f"{half / 2:{form}}": half for half in range(step, 11, step) for form in ("g", ".1f")}
    for scale, step in _STEP.items()
}


def read_ratings(layout: Layout, file: DataFile) -> Iterator[RatingRow | BadRow]:
    """In file order, as a stream: the plain row is taken apart at once, any other is looked at closely."""
    newest = int(time.time()) + _DAY_S
    lines, width, order = file.lines(), 4, [0, 1, 2, 3]
    if layout.header:
        _, header = next(lines, (1, b""))
        text = header.decode(layout.encoding, "replace")
        width, order = columns(file, text, layout.rating_separator, layout.rating_columns)
    pick = itemgetter(*order)
    separator, scale, name = layout.rating_separator, layout.scale, file.name
    half_stars, from_timestamp = _HALF_STARS[scale], datetime.fromtimestamp
    for number, line in lines:
        fields = line.decode("ascii", "replace").split(separator)
        if len(fields) == width:
            user, movie, stars, at = pick(fields)
            half = half_stars.get(stars)
            is_plain = at.isdecimal() and user.isdecimal() and movie.isdecimal()
            if half and is_plain and len(user) <= _ID_DIGITS and len(movie) <= _ID_DIGITS:
                seconds = int(at)
                if _OLDEST <= seconds <= newest:
                    yield RatingRow(user, movie, half, scale, from_timestamp(seconds, UTC), name, number)
                    continue
        yield _look_closely(layout, file, number, line, width, order, newest)


def _look_closely(
    layout: Layout, file: DataFile, number: int, line: bytes, width: int, order: list[int], newest: int
) -> RatingRow | BadRow:
    """A row written in an unusual way (quotes, spaces, "4.00", a fraction of a second), or what is wrong."""
    if reason := fault(line, layout.encoding):
        return file.bad(number, reason, line)
    text = line.decode(layout.encoding)
    is_quoted = layout.rating_separator == "," and '"' in text
    fields = next(csv.reader([text.replace("\r", "")])) if is_quoted else text.split(layout.rating_separator)
    if len(fields) != width:
        return file.bad(number, f"{len(fields)} columns instead of {width}", line)
    user, movie, stars, at = (fields[each].strip() for each in order)
    try:
        half = _half_stars(stars, layout.scale)
        seconds = _number(at, "time")
        if not _OLDEST <= seconds <= newest:
            raise ValueError("a time before 1990 or in the future")
        rated_at = datetime.fromtimestamp(int(seconds), UTC)
        user, movie = _id(user, "user"), _id(movie, "movie")
        return RatingRow(user, movie, half, layout.scale, rated_at, file.name, number)
    except ValueError as error:
        return file.bad(number, str(error), line)


def _half_stars(text: str, scale: Scale) -> int:
    half = _number(text, "rating") * 2
    if not _STEP[scale] <= half <= 10 or half % _STEP[scale]:
        raise ValueError(f"a rating that is not on the scale {scale}")
    return int(half)


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"a {what} that is not a number") from None


def _id(text: str, what: str) -> str:
    if not (text.isascii() and text.isdecimal() and len(text) <= _ID_DIGITS):
        raise ValueError(f"a {what} id that is not a number")
    return text
