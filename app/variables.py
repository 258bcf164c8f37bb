"""What every setting has in common: how its variable is read."""

from __future__ import annotations


def none_if_empty(value: object) -> object:
    """Return None for an empty variable."""
    return None if value == "" else value


def listed(value: object) -> object:
    """Return the words of a variable."""
    return value.replace(",", " ").split() if isinstance(value, str) else value
