"""Scalars beside GraphQL's own; dates and times leave the database as text already and are handed on as they are."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

Position = NewType("Position", int)
"""A place in the log: up to 2^53, so that JavaScript holds it."""
Data = NewType("Data", object)
"""Any JSON."""


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _moment(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        # the library's words would quote the value
        raise ValueError("A moment is written 2024-03-01T20:15:00+00:00.") from None


def _day(value: Any) -> date:
    try:
        day = date.fromisoformat(value)
        if day.isoformat() != value:  # it reads 20240301 and 2024-W09-5, too
            raise ValueError
        return day
    except (TypeError, ValueError):
        raise ValueError("A day is written 2024-03-01.") from None


def _position(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError("A position is a whole number from 0 to 2^53.")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    Position: strawberry.scalar(
        name="Position",
        description="A place in the event log, a whole number up to 2^53.",
        serialize=_position,
        parse_value=_position,
    ),
    Data: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment, ISO 8601 with its offset from UTC.",
        serialize=_text,
        parse_value=_moment,
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day, ISO 8601: `YYYY-MM-DD`.",
        serialize=_text,
        parse_value=_day,
    ),
}
