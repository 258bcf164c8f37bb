"""What the newest event of its kinds said, by maximum: nothing is sorted, and events may come in any order.

A small code shares a number with the position of its event. The greatest such number is the newest event's, whatever
window it came in, and both are read off it.
"""

from __future__ import annotations

from collections.abc import Sequence

from events.facts import Event

BITS = 8
"""Of a code: what is above them is the position."""


def types(*facts: type[Event]) -> str:
    """Return the SQL list of their names, as `in (…)` takes it."""
    return ", ".join(f"'{fact.type}'" for fact in facts)


def newest(code: str, facts: Sequence[type[Event]]) -> str:
    """Return the aggregate over `batch` that keeps the newest such event's position and its code, from 0 to 255.

    An event whose code is null does not count.
    """
    return f"max(position << {BITS} | {code}) filter (where type in ({types(*facts)}))"


def code_of(kept: str) -> str:
    """Return the code of a `newest`; null where it is 0, or where there was no such event."""
    return f"nullif({kept} & {2**BITS - 1}, 0)"


def position_of(kept: str) -> str:
    """Return the position of a `newest`; 0 where there was no such event."""
    return f"coalesce({kept} >> {BITS}, 0)"


def index(values: Sequence[str], text: str) -> str:
    """Return the place of a text in a list of values, from 1; null for null."""
    return f"array_position({_array(values)}, {text})"


def value(values: Sequence[str], place: str) -> str:
    """Return the text at a place, from 1, of a list of values; null for null."""
    return f"({_array(values)})[{place}]"


def _array(values: Sequence[str]) -> str:
    return "array[" + ", ".join(f"'{value}'" for value in values) + "]"


def dated(facts: Sequence[type[Event]], *more: str) -> str:
    """Return the aggregate over `batch` that keeps of the newest such event the position, the time and more numbers.

    All are doubles, the time in seconds: exact to the microsecond, and of positions up to 2⁵³. The greater of two is
    that of the newer event.
    """
    kept = ", ".join(("position", "date_part('epoch', occurred_at)", *more))
    return f"max(array[{kept}]) filter (where type in ({types(*facts)}))"


LAST = "max(array[position, date_part('epoch', occurred_at)])"
"""The newest event's position and its time in seconds, which a double holds to the microsecond."""
