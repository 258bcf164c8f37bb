"""Movies out of any CSV or Parquet file: a mapping says which column has which field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from math import isnan
from pathlib import Path
from typing import Any

import orjson

from catalog.files import DataFile, csv_records
from catalog.locales import LOCALE
from catalog.rows import BadRow, Credit, MovieRow, Translation, UnreadableRelease, VotedRating, printable
from catalog.titles import plausible_year

TEXTS = ("title", "original_title", "overview", "tagline", "trailer_url", "poster_path", "backdrop_path")
FIELDS = (
    *("id", "imdb_id", "tmdb_id", *TEXTS, "year", "release_date", "runtime_minutes", "adult"),
    *("original_language", "languages", "countries", "popularity", "genres", "directors", "cast"),
    *("rating", "votes"),
)
"""What a column may be; `title_fr`, `overview_fr-CA`, … are translations."""
_TRANSLATED = ("title", "overview", "tagline", "trailer_url")
_MOST = 500
_BATCH = 1_000

Mapped = Mapping[str, str]
"""The column of each field; fields that a column is named after need not be in it."""


def read_table(path: Path, source: str, mapping: Mapped) -> Iterator[MovieRow | BadRow]:
    """Movies of a file, in its order. Raises UnreadableRelease for a mapping that does not fit the file."""
    lines = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    columns = next(lines)
    assert isinstance(columns, list)
    fields = _fields(path, columns, mapping)
    for line in lines:
        if isinstance(line, BadRow):
            yield line
            continue
        assert isinstance(line, tuple)
        number, values = line
        try:
            yield _movie(dict(zip(fields, values, strict=False)), source, path.name, number)
        except ValueError as error:
            yield BadRow(path.name, number, str(error), printable(str(values)))


def count_rows(path: Path) -> int:
    """Rows of a file, no fewer than there are movies."""
    if path.suffix == ".parquet":
        return int(_open_parquet(path).metadata.num_rows)
    return max(_file(path).count_lines() - 1, 0)


def _fields(path: Path, columns: list[str], mapping: Mapped) -> list[str]:
    """The field of each column, empty for columns that are left out."""
    if unknown := [field for field in mapping if not _is_field(field)]:
        raise UnreadableRelease(f"There is no field {', '.join(unknown)}; there are: {', '.join(FIELDS)}.")
    if missing := [column for column in mapping.values() if column not in columns]:
        raise UnreadableRelease(f"{path.name} has no column {', '.join(missing)}.")
    by_column = {column: field for field, column in mapping.items()}
    fields = [
        by_column.get(column, column if _is_field(column) and column not in mapping else "")
        for column in columns
    ]
    if not {"id", "imdb_id", "tmdb_id"} & set(fields):
        raise UnreadableRelease("Say which column has ids of the movies: --map imdb_id=tconst, for example.")
    if "title" not in fields:
        raise UnreadableRelease("Say which column has their titles: --map title=primaryTitle, for example.")
    return fields


def _is_field(name: str) -> bool:
    field, mark, locale = name.rpartition("_")
    return name in FIELDS or bool(mark and field in _TRANSLATED and LOCALE.match(locale))


def _movie(values: dict[str, Any], source: str, file: str, line: int) -> MovieRow:
    """Raises ValueError with the reason why the values are no movie."""
    told = {field: value for field, value in values.items() if field and not _is_nothing(value)}
    imdb_id, tmdb_id = told.get("imdb_id"), told.get("tmdb_id")
    key = told.get("id", imdb_id if imdb_id is not None else tmdb_id)
    if key is None:
        raise ValueError("no id")
    released = _day(told.get("release_date"))
    rating, votes = told.get("rating"), int(_number(told.get("votes"), "number of votes") or 0)
    if rating is not None and not 0 <= (_number(rating, "rating") or 0) <= 10:
        raise ValueError("a rating that is not from 0 to 10")
    texts = {field: _text(told[field], field) for field in TEXTS if field in told}
    if not texts.get("title"):
        raise ValueError("no title")
    year = _number(told.get("year"), "year")
    return MovieRow(
        **texts,  # type: ignore[arg-type]
        external_id=str(key),
        imdb_id=None if imdb_id is None else str(imdb_id),
        tmdb_id=_key(tmdb_id, "TMDb id"),
        year=plausible_year(f"{year:.0f}") if year is not None else released.year if released else None,
        release_date=released,
        runtime_minutes=int(_number(told.get("runtime_minutes"), "runtime") or 0) or None,
        adult=True if str(told.get("adult")).lower() in ("1", "true", "t", "yes") else None,
        original_language=str(told["original_language"]).lower() if "original_language" in told else None,
        languages=tuple(each.lower() for each in _names(told.get("languages"))),
        countries=tuple(each.upper() for each in _names(told.get("countries"))),
        popularity=_number(told.get("popularity"), "popularity"),
        genres=tuple(_names(told.get("genres"))),
        directors=tuple(_credits(told.get("directors"))),
        cast=tuple(_credits(told.get("cast"))),
        ratings=(VotedRating(source, float(rating), 10, votes),) if rating is not None else (),
        translations=tuple(_translations(told)),
        file=file,
        line=line,
    )


def _is_nothing(value: Any) -> bool:
    """Whether a cell is empty: data frames write NaN for it, IMDb \\N."""
    return value is None or value in ("", "\\N") or (isinstance(value, float) and isnan(value))


def _translations(told: Mapping[str, Any]) -> Iterator[Translation]:
    found: dict[str, dict[str, str]] = {}
    for name, value in told.items():
        field, _, locale = name.rpartition("_")
        if field in _TRANSLATED and name not in FIELDS:
            found.setdefault(locale, {})[field] = _text(value, name)
    for locale, texts in found.items():
        yield Translation(locale, **texts)


def _credits(value: Any) -> Iterator[Credit]:
    for each in _items(value):
        if name := _name(each):
            told = each if isinstance(each, Mapping) else {}
            character = told.get("character")
            yield Credit(
                name,
                None if character is None else str(character),
                tmdb_id=_key(told.get("id"), "person's id"),
            )


def _names(value: Any) -> list[str]:
    """Names of a list, of objects with a name, or of a text with commas or bars."""
    return [name for each in _items(value) if (name := _name(each))]


def _name(item: Any) -> str:
    """The name of an item of a list, empty where it has none."""
    name = item.get("name") if isinstance(item, Mapping) else item
    return name.strip() if isinstance(name, str) else ""


def _key(value: Any, what: str) -> int | None:
    """A number by which another service knows something; 0 is none."""
    return int(_number(value, what) or 0) or None


def _items(value: Any) -> list[Any]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise ValueError("a list that is not JSON") from None
    if isinstance(value, str):
        return [part.strip() for part in value.replace("|", ",").split(",") if part.strip()]
    return list(value) if value is not None else []


def _text(value: Any, field: str) -> str:
    if isinstance(value, bytes):
        raise ValueError(f"a {field} that is bytes and no text")
    text = str(value).strip()
    if "\0" in text or (field.startswith(("title", "original")) and len(text) > _MOST):
        raise ValueError(f"a {field} that is longer than {_MOST} characters, or holds NUL")
    return text


def _number(value: Any, what: str) -> float | None:
    try:
        number = None if value is None else float(value)
    except (TypeError, ValueError):
        raise ValueError(f"a {what} that is not a number") from None
    if number is not None and not 0 <= number < 2**31:
        raise ValueError(f"a {what} that is below 0 or too large")
    return number


def _day(value: Any) -> date | None:
    if value is None or isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise ValueError("a release date that is not like 1995-12-15") from None


_Line = list[str] | tuple[int, list[Any]] | BadRow


def _file(path: Path) -> DataFile:
    return DataFile(path.name, path, path.stat().st_size)


def _csv(path: Path) -> Iterator[_Line]:
    records = csv_records(_file(path), "utf-8")
    head = next(records, None)
    if not isinstance(head, tuple):
        raise UnreadableRelease(f"{path.name} does not begin with the names of its columns.")
    yield [name.strip() for name in head[2]]
    for record in records:
        if isinstance(record, BadRow):
            yield record
        elif len(record[2]) != len(head[2]):
            reason = f"{len(record[2])} columns instead of {len(head[2])}"
            yield BadRow(path.name, record[0], reason, printable(",".join(record[2])))
        else:
            yield record[0], record[2]


def _parquet(path: Path) -> Iterator[_Line]:
    opened = _open_parquet(path)
    yield list(opened.schema_arrow.names)
    number = 0
    with _readable(path):
        for batch in opened.iter_batches(_BATCH):
            for row in batch.to_pylist():
                number += 1
                yield number, list(row.values())


def _open_parquet(path: Path) -> Any:
    from pyarrow import parquet as pq

    with _readable(path):
        return pq.ParquetFile(path)  # type: ignore[no-untyped-call]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.lib.ArrowException, OSError) as error:
        raise UnreadableRelease(
            f"{path.name} is no Parquet file that can be read; fetch it again."
        ) from error
