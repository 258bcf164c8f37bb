"""Rows of a statement as an array, without an object a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

Conn = psycopg.Connection[tuple[Any, ...]]
Rows = NDArray[np.void]

_HEADER, _TRAILER = 19, 2


def copied(conn: Conn, statement: str, values: Mapping[str, Any], columns: Sequence[tuple[str, str]]) -> Rows:
    """Return what `copy (...) to stdout (format binary)` gives, in this machine's byte order.

    `columns` are names and numpy's types in network order; each is of one width and never null, so that the copy is an
    array as it stands.
    """
    row: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in columns:
        row += [(f"{name} width", ">i4"), (name, kind)]
    with conn.cursor() as cursor, cursor.copy(statement, values) as copy:
        whole = BytesIO()
        whole.writelines(copy)
    found = np.frombuffer(whole.getbuffer()[_HEADER:-_TRAILER], np.dtype(row))
    return found[[name for name, _ in columns]].astype(np.dtype(list(columns)).newbyteorder("="))
