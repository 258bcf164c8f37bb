"""Events written by plain SQL, where a test needs them in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from events.facts import Event
from events.viewing import MovieViewed

Conn = psycopg.Connection[tuple[Any, ...]]

_INSERT = """
insert into events (event_id, type, schema_version, user_id, movie_id, data, occurred_at, correlation_id)
values (%(id)s, %(type)s, %(version)s, %(user)s, %(movie)s, %(data)s, %(at)s, %(id)s) returning position"""


def write(conn: Conn, *facts: Event, at: datetime | None = None) -> list[int]:
    """Append facts, in the transaction that is open if there is one; return their positions."""
    return [
        write_raw(
            conn, fact.type, fact.data(), user=fact.user_id, movie=fact.movie_id, version=fact.version, at=at
        )
        for fact in facts
    ]


def write_raw(
    conn: Conn,
    name: str,
    data: dict[str, Any],
    *,
    user: UUID | None,
    movie: UUID | None,
    version: int = 1,
    at: datetime | None = None,
) -> int:
    """Append what need not be a fact that this program knows; return its position."""
    row = conn.execute(
        _INSERT,
        {
            "id": uuid4(),
            "type": name,
            "version": version,
            "user": user,
            "movie": movie,
            "data": Jsonb(data),
            "at": at or datetime.now(UTC),
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def views(count: int) -> Iterable[MovieViewed]:
    """As many facts that are of no further interest."""
    return [MovieViewed(user_id=uuid4(), movie_id=uuid4()) for _ in range(count)]


def positions(conn: Conn) -> list[int]:
    """What is in the log."""
    return [row[0] for row in conn.execute("select position from events order by position").fetchall()]
