"""Movies out of the files of a MovieLens release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from catalog.files import DataFile, csv_records, fault
from catalog.layouts import CSV, Layout, columns
from catalog.rows import BadRow, MovieRow
from catalog.titles import plausible_year, split_title

_NO_GENRE = frozenset({"", "unknown", "(no genres listed)"})
_MISSING = "unkonwn"  # what RecBole writes for "unknown"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TITLE_LIMIT = 500  # an index row holds no more than 2,700 bytes
_GENRE_LIMIT = 50
_LINK_COLUMNS = ("movieId", "imdbId", "tmdbId")

_Record = tuple[int, bytes, list[str]]
_Links = dict[str, tuple[str | None, int | None]]


def read_movies(layout: Layout, file: DataFile, links_file: DataFile | None) -> Iterator[MovieRow | BadRow]:
    """In file order, with IMDb and TMDb ids from the links; broken rows of the links come first."""
    links: _Links = {}
    if links_file:
        yield from _read_links(links_file, links)
    for record in _records(layout, file, layout.movie_columns):
        if isinstance(record, BadRow):
            yield record
            continue
        number, raw, fields = record
        try:
            row = _movie(layout, fields)
        except ValueError as error:
            yield file.bad(number, str(error), raw)
            continue
        imdb_id, tmdb_id = links.get(row.external_id, (None, None))
        yield replace(row, imdb_id=imdb_id, tmdb_id=tmdb_id, file=file.name, line=number)


def _records(layout: Layout, file: DataFile, wanted: tuple[str, ...]) -> Iterator[_Record | BadRow]:
    """Each record's wanted columns in the order they were asked for."""
    records = csv_records(file, layout.encoding) if layout is CSV else _split_lines(layout, file)
    width, order = len(wanted), list(range(len(wanted)))
    if layout.header:
        head = next(records, None)
        header = head[1].decode(layout.encoding, "replace") if isinstance(head, tuple) else ""
        width, order = columns(file, header, layout.movie_separator, wanted)
    for record in records:
        if isinstance(record, BadRow):
            yield record
        elif len(record[2]) != width:
            yield file.bad(record[0], f"{len(record[2])} columns instead of {width}", record[1])
        else:
            yield record[0], record[1], [record[2][each] for each in order]


def _split_lines(layout: Layout, file: DataFile) -> Iterator[_Record | BadRow]:
    for number, line in file.lines():
        if reason := fault(line, layout.encoding):
            yield file.bad(number, reason, line)
        else:
            yield number, line, line.decode(layout.encoding).split(layout.movie_separator)


def _movie(layout: Layout, fields: list[str]) -> MovieRow:
    """Raises ValueError with the reason why the fields are no movie."""
    names = dict(zip(layout.movie_columns, fields, strict=True))
    external_id, text = fields[0].strip(), fields[1].strip()
    if not _is_number(external_id):
        raise ValueError("a movie id that is not a number")
    title = split_title("unknown" if text == _MISSING else text)
    if not 0 < len(title.title) <= _TITLE_LIMIT or len(title.original or "") > _TITLE_LIMIT:
        raise ValueError(f"a title that is empty or longer than {_TITLE_LIMIT} characters")
    return MovieRow(
        external_id=external_id,
        title=title.title,
        original_title=title.original,
        year=plausible_year(names.get("release_year", "")) or title.year,
        genres=_genres(layout, fields),
        release_date=_release_date(names.get("released", "")),
    )


def _genres(layout: Layout, fields: list[str]) -> tuple[str, ...]:
    if layout.genres == "flags":
        flags = list(zip(layout.movie_columns[5:], fields[5:], strict=True))
        if any(flag not in ("0", "1") for _, flag in flags):
            raise ValueError("a genre that is neither 0 nor 1")
        words = [name for name, flag in flags if flag == "1"]
    else:
        words = [word.strip() for word in fields[2].split(layout.genres)]
    genres = tuple(dict.fromkeys(word for word in words if word not in _NO_GENRE))
    if any(len(genre) > _GENRE_LIMIT or not any(map(str.isalnum, genre)) for genre in genres):
        raise ValueError(f"a genre without letters or longer than {_GENRE_LIMIT} characters")
    return genres


def _release_date(text: str) -> date | None:
    """ "01-Jan-1995", whatever the machine's language."""
    if not text:
        return None
    try:
        day, month, year = text.split("-")
        return date(int(year), _MONTHS.index(month) + 1, int(day))
    except ValueError:
        raise ValueError("a release date that is not like 01-Jan-1995") from None


def _read_links(file: DataFile, links: _Links) -> Iterator[BadRow]:
    """Fills `links` by movie id; an empty id is none."""
    for record in _records(CSV, file, _LINK_COLUMNS):
        if isinstance(record, BadRow):
            yield record
            continue
        number, raw, (movie_id, imdb, tmdb) = record
        if all(_is_number(each) or not each for each in (imdb, tmdb)) and int(tmdb or 0) < 2**31:
            links[movie_id.strip()] = (f"tt{imdb.zfill(7)}" if imdb else None, int(tmdb or 0) or None)
        else:
            yield file.bad(number, "an IMDb or TMDb id that is not a number", raw)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18
