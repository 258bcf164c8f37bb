"""What every setting has in common: how its variable is read."""

from __future__ import annotations

from typing import Annotated

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BeforeValidator


def none_if_empty(value: object) -> object:
    """Return None for an empty variable."""
    return None if value == "" else value


def listed(value: object) -> object:
    """Return the words of a variable."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _conninfo(value: str | None) -> str | None:
    if value is not None:
        try:
            conninfo_to_dict(value)
        except psycopg.ProgrammingError:
            # the reason quotes the value, which may hold a password
            raise ValueError(
                "is neither postgresql://user:password@host/database nor key=value pairs"
            ) from None
    return value


Conninfo = Annotated[str | None, BeforeValidator(none_if_empty), AfterValidator(_conninfo)]
"""Where a PostgreSQL is."""
