"""Places in a list that people order: there is always room for another between two.

A rank is a fraction, written as the hexadecimal digits behind its point without zeros at the end; so ranks are in the
order of their characters.
"""

from __future__ import annotations

from collections.abc import Sequence

_WIDTH = 12
"""Digits of a rank before anything was put between two that follow each other."""
_STEP = 1 << 20
LONG = 200
"""Digits of a rank that show that the list wants to be spread: about 750 times in a row at the same place."""


def rank_between(low: str | None, high: str | None) -> str:
    """Return a rank between two; None stands for the beginning, or the end, of the list."""
    if low is not None and high is None:
        return _written(int(low[:_WIDTH].ljust(_WIDTH, "0"), 16) + _STEP, low, high)
    if low is None and high is not None:
        return _written(int(high[:_WIDTH].ljust(_WIDTH, "0"), 16) - _STEP, low, high)
    return _middle(low, high)


def spread(count: int) -> Sequence[str]:
    """Return as many ranks, evenly spread."""
    first = 16**_WIDTH // 2 - count // 2 * _STEP
    return [_digits(first + n * _STEP, _WIDTH) for n in range(count)]


def _written(number: int, low: str | None, high: str | None) -> str:
    """Return the rank of a number of the first digits, unless the list has come to its end there."""
    return _digits(number, _WIDTH) if 0 < number < 16**_WIDTH else _middle(low, high)


def _middle(low: str | None, high: str | None) -> str:
    width = max(_WIDTH, len(low or ""), len(high or "")) + 1
    least = int((low or "").ljust(width, "0"), 16)
    most = int(high.ljust(width, "0"), 16) if high else 16**width
    return _digits((least + most) // 2, width)


def _digits(number: int, width: int) -> str:
    return format(number, f"0{width}x").rstrip("0")
