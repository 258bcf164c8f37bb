"""The months of activity: made ahead, purged of what is personal, and old ones moved into files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from events.arrow import arrow, table

Conn = psycopg.Connection[tuple[Any, ...]]

COLUMNS = "id, occurred_at, action, session_id, user_id, movie_id, source"
_MONTHS = "select m from activity.months('activity.actions') as m where m < %s order by m"
_DAY = f"""
copy (select {COLUMNS} from activity.actions where occurred_at >= %(low)s and occurred_at < %(high)s order by id)
  to stdout (format csv)"""
_SNAPSHOT = "set transaction isolation level repeatable read, read only"


class MonthChanged(Exception):
    """The actions of this month changed while they were archived, twice; nothing was dropped. Try again."""


class FileDiffers(Exception):
    """There is a file of this month that is not what the database has. Move it away, or name another folder."""


@dataclass(frozen=True, slots=True)
class Archived:
    """A month that is in a file and no longer in the database; `sha256` is the file's, in hexadecimal."""

    month: date
    path: Path
    actions: int
    sha256: str


def keep_months(conn: Conn, *, details_days: int) -> int:
    """Make this month and the next three, and purge details that are older; return how many rows were deleted.

    Older months go as a whole, and at most 10,000 rows of the one that is left. Raises LockNotAvailable after 2 s.
    """
    conn.execute("select activity.add_months()")
    before = datetime.now(UTC) - timedelta(days=details_days)
    (gone,) = conn.execute("select activity.purge_details(%s)", (before,)).fetchone() or (0,)
    return int(gone)


def archive(
    conn: Conn, folder: Path, before: date, *, on_progress: Callable[[date, int], None] = lambda *_: None
) -> Iterator[Archived]:
    """Move each month before this day into a Parquet file with its checksum beside it, the oldest first.

    A month is dropped when its file was read back and is, row by row, what the database has. Stopped at any moment,
    it goes on where it was. `on_progress` gets the month and the days of it that are done. Raises FileDiffers,
    MonthChanged, LockNotAvailable, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for (month,) in conn.execute(_MONTHS, (before,)).fetchall():
        path = folder / f"activity-{month:%Y-%m}.parquet"
        for is_again in (False, True):
            digest, actions = _kept(conn, month, path, partial(on_progress, month), may_replace=is_again)
            done = conn.execute("select activity.drop_if_unchanged(%s, %s)", (month, digest)).fetchone()
            if done and done[0]:
                break
        else:
            raise MonthChanged
        yield Archived(month, path, actions, _sha256(path))


def _kept(
    conn: Conn, month: date, path: Path, on_day: Callable[[int], None], *, may_replace: bool
) -> tuple[str, int]:
    """See to it that the file is what one snapshot of the month is; return the month's digest, and its actions."""
    with conn.transaction():
        conn.execute(_SNAPSHOT)
        (digest,) = conn.execute("select activity.digest(%s)", (month,)).fetchone() or ("",)
        if not path.exists() or (may_replace and not _is_same(conn, month, path)):
            _write(conn, month, path, on_day)
        if not _is_same(conn, month, path):
            raise FileDiffers(f"{path} is not what the database has: move it away, or name another folder")
    _seal(path)
    return digest, int(digest.partition(" ")[0])


def _write(conn: Conn, month: date, path: Path, on_day: Callable[[int], None]) -> None:
    draft = path.with_name(f"{path.name}.partial")
    try:
        with draft.open("wb") as file:
            with arrow("parquet").ParquetWriter(file, _schema(), compression="zstd") as writer:
                for number, rows in enumerate(_days(conn, month), 1):
                    if len(rows):
                        writer.write_table(rows, row_group_size=len(rows))
                    on_day(number)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _seal(path: Path) -> None:
    """Write the checksum beside the file, in the form of `sha256sum`; from here on both outlive a power cut."""
    with path.with_name(f"{path.name}.sha256").open("w") as file:
        file.write(f"{_sha256(path)}  {path.name}\n")
        file.flush()
        os.fsync(file.fileno())
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_same(conn: Conn, month: date, path: Path) -> bool:
    group = 0
    try:
        file = arrow("parquet").ParquetFile(path)
    except arrow().ArrowInvalid:
        return False
    for rows in _days(conn, month):
        if not len(rows):
            continue
        if group == file.num_row_groups or not file.read_row_group(group).equals(rows):
            return False
        group += 1
    return bool(group == file.num_row_groups)


def _days(conn: Conn, month: date) -> Iterator[Any]:
    day, schema = month, _schema()
    while day.month == month.month:
        low = datetime(day.year, day.month, day.day, tzinfo=UTC)
        yield table(conn, _DAY, {"low": low, "high": low + timedelta(days=1)}, schema)
        day += timedelta(days=1)


def _schema() -> Any:
    pa = arrow()
    return pa.schema(
        {name: pa.string() for name in COLUMNS.split(", ")} | {"occurred_at": pa.timestamp("us", "UTC")}
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
