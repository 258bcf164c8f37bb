"""All that is kept of a person, as a zip for them alone: each table as JSON and as CSV, and their own events."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO, Any
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier

from accounts.keys import DataKey, Keys
from accounts.sealed_columns import SEALED
from database.acting import act_for
from database.connect import EXPORTER_ROLE
from privacy.tables import PersonalTable, exported, personal_tables

Conn = psycopg.Connection[tuple[Any, ...]]
Record = dict[str, Any]

BATCH = 1_000
_README = """\
This is what is kept of you.

tables/    each table with rows of yours, as JSON and as CSV. movie_title, movie_imdb_id and movie_tmdb_id are added where
           a row is about a movie. Encrypted values are here as you wrote them.
events/    what you did and what you were shown, in the order of `position`: the log that the tables are made of.

Not in here: your password, of which only a hash is kept, and what signs you in. Times are of UTC.
"""
_EVENTS = """
select e.position, e.event_id, e.type, e.schema_version, e.movie_id, m.title as movie_title, m.imdb_id as movie_imdb_id,
       m.tmdb_id as movie_tmdb_id, e.data, e.source, e.occurred_at, e.recorded_at, e.correlation_id, e.causation_id
  from events e left join movies m on m.id = e.movie_id
 where e.user_id = %(person)s order by e.position"""
_MOVIE = SQL(", m.title as movie_title, m.imdb_id as movie_imdb_id, m.tmdb_id as movie_tmdb_id")


def export(conn: Conn, keys: Keys, user_id: UUID, into: IO[bytes]) -> int:
    """Write the zip of a person, as everything was at one moment; return the number of rows in it.

    No row of anybody else is in reach of its statements. `conn` is in no transaction.
    """
    data_key = keys.fetch(conn, [user_id]).get(user_id)
    rows = 0
    with conn.transaction(), zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        conn.execute("set transaction isolation level repeatable read, read only")
        act_for(conn, user_id, role=EXPORTER_ROLE)
        archive.writestr("README.txt", _README)
        for table in personal_tables(conn):
            if columns := exported(table):
                rows += _write(
                    archive, f"tables/{table.name}", _rows(conn, table, columns, user_id, data_key)
                )
        rows += _write(archive, "events/events", _selected(conn, SQL(_EVENTS), user_id))
    return rows


def _rows(
    conn: Conn, table: PersonalTable, columns: Sequence[str], user_id: UUID, data_key: DataKey | None
) -> Iterator[Record]:
    """Yield the rows of a table, with what is sealed in the clear and the names of movies."""
    is_of_movie = "movie_id" in table.columns
    query = SQL("select {}{} from {} t{} where {} order by {}").format(
        SQL(", ").join(SQL("t.{}").format(Identifier(column)) for column in columns),
        _MOVIE if is_of_movie else SQL(""),
        table.sql,
        SQL(" left join movies m on m.id = t.movie_id" if is_of_movie else ""),
        table.shown_to_person,
        SQL(", ").join(SQL("t.{}").format(Identifier(column)) for column in columns[:2]),
    )
    for row in _selected(conn, query, user_id):
        for column in columns:
            purpose = SEALED.get((table.name, column))
            if purpose is not None:
                sealed = row.pop(column)
                row[column.removesuffix("_sealed")] = (
                    data_key.open(purpose.format(**row), sealed) if sealed is not None and data_key else None
                )
        yield row


def _selected(conn: Conn, query: SQL | Composed, user_id: UUID) -> Iterator[Record]:
    with conn.cursor("exported", row_factory=dict_row) as cursor:
        cursor.itersize = BATCH
        yield from cursor.execute(query, {"person": user_id})


def _write(archive: zipfile.ZipFile, name: str, rows: Iterator[Record]) -> int:
    """Write rows as JSON, a line a row within one array, and as CSV; nothing where there are none."""
    count, table = 0, io.StringIO()
    writer: Any = None
    first = next(rows, None)
    if first is None:
        return 0
    with archive.open(f"{name}.json", "w") as lines:
        row: Record | None = first
        while row is not None:
            lines.write(b"[\n" if count == 0 else b",\n")
            lines.write(orjson.dumps(row, default=str, option=orjson.OPT_UTC_Z))
            if writer is None:
                writer = csv.writer(table)
                writer.writerow(row)
            writer.writerow(_cell(value) for value in row.values())
            count += 1
            row = next(rows, None)
        lines.write(b"\n]\n")
    archive.writestr(f"{name}.csv", table.getvalue())
    return count


def _cell(value: Any) -> Any:
    return orjson.dumps(value, default=str).decode() if isinstance(value, dict | list) else value
