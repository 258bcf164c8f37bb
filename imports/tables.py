"""The rows of a CSV file as services write them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO

from imports.told import BadExport

Row = Mapping[str, str]


def header_of(data: bytes) -> list[str]:
    """Return the names of the columns in lower case; none where this is no text."""
    first = data[:4096].removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    try:
        return [name.strip().lower() for name in next(csv.reader([first.strip()]), [])]
    except csv.Error:
        return []


def rows_of(name: str, data: bytes, *, else_encoded: str | None = None) -> Iterator[Row | None]:
    """Yield each row by the names of its columns, None for one that has more or fewer. Raises BadExport.

    UTF-8 with or without a byte order mark, or what a service wrote before; any line ends. Quoted values may have commas,
    quotes and line ends.
    """
    try:
        text = _decoded(data, else_encoded)
        reader = csv.reader(StringIO(text, newline=""), strict=True)
        names = [each.strip().lower() for each in next(reader, [])]
        for values in reader:
            if values:
                yield dict(zip(names, values, strict=True)) if len(values) == len(names) else None
    except UnicodeDecodeError as error:
        raise BadExport(f"{name} is not UTF-8. Upload it as you got it.") from error
    except csv.Error as error:
        raise BadExport(f"{name} is broken. Upload it as you got it, or export it again.") from error


def _decoded(data: bytes, else_encoded: str | None) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if else_encoded is None:
            raise
    return data.decode(else_encoded)
