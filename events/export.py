"""The log as a file for analysts: through COPY, up to the safe position, never one Python object an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import psycopg

from events.arrow import arrow, copied, table
from events.log import COLUMNS
from events.replica import Reading

Conn = psycopg.Connection[tuple[Any, ...]]

WINDOW = 100_000
"""Positions of one COPY, and at most so many rows of one row group of a Parquet file."""

_EVENTS = " from events where position > %(low)s and position <= %(high)s order by position"
_CSV = f"copy (select {COLUMNS}{{secret}}{_EVENTS}) to stdout (format csv)"
# Signs that JSON text never holds: COPY then quotes and escapes nothing.
_JSONL = f"""
copy (select to_json(e) from (select {COLUMNS}{{secret}}{_EVENTS}) e)
  to stdout (format csv, quote e'\\x01', delimiter e'\\x02')"""
_ENCRYPTED = ", encode(secret, 'hex') as secret"


class Format(StrEnum):
    """How the file is written: a JSON object a line, CSV with a header, or Parquet (ids and `data` are text)."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file holds: every event of the positions (low, high]; the next export begins at `high`."""

    low: int
    high: int
    events: int


def export(
    source: Reading,
    path: Path,
    form: Format,
    *,
    low: int = 0,
    high: int | None = None,
    with_secret: bool = False,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    window: int = WINDOW,
) -> Exported:
    """Write the settled events of (low, high] in their order to a file, which appears when it is complete.

    Nothing is written beyond the safe position. `with_secret` adds the encrypted texts, in hexadecimal. `on_progress`
    gets how many positions are done, and of how many. Raises LogBusy, OSError.
    """
    safe = source.safe_position()
    end = max(low, safe if high is None else min(high, safe))
    draft = path.with_name(f"{path.name}.partial")
    events, at = 0, low
    try:
        with draft.open("wb") as file, _writer(form, file, with_secret) as write:
            while at < end:
                part = {"low": at, "high": min(at + window, end)}
                events += write(source.conn, part)
                at = part["high"]
                on_progress(at - low, end - low)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return Exported(low, end, events)


Write = Callable[[Conn, dict[str, int]], int]


@contextmanager
def _writer(form: Format, file: BinaryIO, with_secret: bool) -> Iterator[Write]:
    """Give what writes a window and says how many events were in it."""
    secret = _ENCRYPTED if with_secret else ""
    if form is Format.PARQUET:
        with _parquet_writer(file, _CSV.format(secret=secret), _names(with_secret)) as write:
            yield write
        return
    if form is Format.CSV:
        file.write((",".join(_names(with_secret)) + "\n").encode())
    copy = (_CSV if form is Format.CSV else _JSONL).format(secret=secret)
    yield lambda conn, window: copied(conn, copy, window, file)


@contextmanager
def _parquet_writer(file: BinaryIO, copy: str, names: list[str]) -> Iterator[Write]:
    pa, parquet = arrow(), arrow("parquet")
    time, word = pa.timestamp("us", "UTC"), pa.dictionary(pa.int32(), pa.string())
    known = {"position": pa.int64(), "schema_version": pa.int16(), "occurred_at": time, "recorded_at": time}
    schema = pa.schema({name: pa.string() for name in names} | known | {"type": word, "source": word})
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:

        def write(conn: Conn, window: dict[str, int]) -> int:
            events = table(conn, copy, window, schema)
            if len(events):
                writer.write_table(events)
            return len(events)

        yield write


def _names(with_secret: bool) -> list[str]:
    return [*COLUMNS.split(", "), *(["secret"] if with_secret else [])]
