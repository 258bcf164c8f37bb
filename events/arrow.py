"""From PostgreSQL's COPY to Arrow, without one Python object a row."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from io import BytesIO
from typing import Any, BinaryIO

import psycopg

Conn = psycopg.Connection[tuple[Any, ...]]


def arrow(part: str = "") -> Any:
    """Return pyarrow, or a part of it: by name, for it carries types, and exports none of them."""
    return import_module(f"pyarrow.{part}" if part else "pyarrow")


def copied(conn: Conn, statement: str, values: Mapping[str, Any], file: BinaryIO) -> int:
    """Write what a COPY says to a file; return how many rows it was."""
    with conn.cursor() as cursor:
        with cursor.copy(statement, values) as copy:
            file.writelines(copy)
        return cursor.rowcount


def table(conn: Conn, statement: str, values: Mapping[str, Any], schema: Any) -> Any:
    """Return the rows of a COPY of CSV without a header as an Arrow table."""
    csv, lines = arrow("csv"), BytesIO()
    if not copied(conn, statement, values, lines):
        return schema.empty_table()
    lines.seek(0)
    # null is what COPY leaves empty; an empty text is quoted
    convert = csv.ConvertOptions(
        column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    read = csv.ReadOptions(column_names=schema.names)
    return csv.read_csv(lines, read_options=read, convert_options=convert)
