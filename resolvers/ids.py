"""Global ids, cursors, and the text forms of what clients send."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson

from resolvers.errors import BadCursor, BadId, BadInput, BadPageSize
from resolvers.mapping import Convert

PAGE_DEFAULT = 20
PAGE_MOST = 100

_INTEGER = re.compile(r"-?[0-9]{1,18}\Z", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?\+00\Z", re.ASCII)


def global_id(kind: str, key: object) -> str:
    """Return the id by which a client may ask for this object again; opaque to it."""
    return f"{kind}:{key}"


def split_id(value: Any) -> tuple[str, str]:
    """Return the type and key of a global id. Raises BadId."""
    kind, mark, key = str(value).partition(":")
    if not mark or not kind.isalpha() or not key or len(key) > 64:
        raise BadId
    return kind, key


def uuid_of(kind: str) -> Convert:
    """Return the converter from a global id of this type to its uuid; it raises BadId."""

    def convert(value: Any) -> str:
        given, key = split_id(value)
        if given != kind:
            raise BadId(f"This is the id of a {given}, not of a {kind}.")
        if not _UUID.match(key):
            raise BadId
        return key.lower()

    return convert


def bare_uuid(value: Any) -> str:
    """Return a uuid that has no type. Raises BadId."""
    if not _UUID.match(str(value)):
        raise BadId
    return str(value).lower()


def node_key(kind: str, form: str) -> Convert:
    """Return the converter from a global id to the key of this type, None for an id of another; it raises BadId.

    `form` is the key's SQL type.
    """

    def convert(value: Any) -> str | None:
        given, key = split_id(value)
        if given != kind:
            return None
        if not _FORMS[form](key):
            raise BadId
        return key

    return convert


def position_of(value: Any) -> str:
    """Return the position in a global id of an event. Raises BadId."""
    kind, key = split_id(value)
    if kind != "Event" or not _INTEGER.match(key) or int(key) < 1:
        raise BadId
    return key


def text(value: Any) -> str:
    """Return a string as it is. Raises BadInput for what PostgreSQL cannot hold."""
    given = str(value)
    if "\x00" in given or any("\ud800" <= c <= "\udfff" for c in given):
        raise BadInput("A text must not hold NUL or lone surrogates.")
    return given


def integer(value: Any) -> str:
    """Return a whole number's digits."""
    return str(int(value))


def array(convert: Convert) -> Convert:
    """Return the converter of a list whose items another one converts."""

    def converted(values: Any) -> str:
        return "{" + ",".join(map(_item, map(convert, values))) + "}"

    return converted


_LOCALE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z0-9]{2,4}))?\Z", re.ASCII | re.IGNORECASE)
WORD_MOST = 100
"""Characters of a word that are searched for; PostgreSQL refuses words that are very long."""


def words(value: Any) -> str:
    """Return what spaces part in a search phrase as an array of PostgreSQL's; ten of it at most."""
    return "{" + ",".join(_item(word[:WORD_MOST]) for word in text(value).split()[:10]) + "}"


def enum_name(value: Any) -> str:
    """Return the name of an enum's value, as tables hold it."""
    return str(value.name)


def lower_name(value: Any) -> str:
    """Return the name of an enum's value in lower case."""
    return enum_name(value).lower()


def locale_name(value: Any) -> str:
    """Return a locale as tables hold it: `fr-CA`. Raises BadInput."""
    found = _LOCALE.match(str(value))
    if not found:
        raise BadInput("A locale is a language, or a language and a region: `fr`, `fr-CA`.")
    language, region = found.groups()
    return f"{language.lower()}-{region.upper()}" if region else language.lower()


def truth(value: Any) -> str:
    """Return a boolean as PostgreSQL writes it."""
    return "true" if value else "false"


def imdb_id(value: Any) -> str:
    """Return an IMDb id, whether or not it was given with its `tt`."""
    given = text(value).strip().lower().removeprefix("tt")
    return f"tt{given.zfill(7)}"


_SLUGGED = re.compile(r"(?:.*-)?([0-9]{1,9})\Z", re.ASCII | re.DOTALL)


def slugged(value: Any) -> str:
    """Return the number that a slug ends with, whatever stands before it; that of no movie where it has none."""
    found = _SLUGGED.match(text(value))
    return found[1] if found else "0"


def _item(text: str | None) -> str:
    return "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def page_size(value: Any) -> str:
    """Return how many items are asked for. Raises BadPageSize."""
    if value is None:
        return str(PAGE_DEFAULT)
    if not 0 <= value <= PAGE_MOST:
        raise BadPageSize
    return str(value)


_FORMS: dict[str, Callable[[str], object]] = {
    "bigint": _INTEGER.match,
    "uuid": _UUID.match,
    "date": lambda value: _DAY.match(value) and date.fromisoformat(value),
    "timestamptz": lambda value: _INSTANT.match(value) and datetime.fromisoformat(value),
    "text": lambda value: text(value) is not None,
}
"""Whether a text is a value of an SQL type, in the form in which we wrote it."""


@lru_cache(maxsize=256)
def cursor_component(order: str, types: tuple[str, ...]) -> tuple[Convert, ...]:
    """Return the converters from a cursor of this order to the components of its key; they raise BadCursor."""

    def part(index: int) -> Convert:
        return lambda value: _cursor(str(value), order, types)[index]

    return tuple(part(index) for index in range(len(types)))


@lru_cache(maxsize=1024)
def _cursor(value: str, order: str, types: tuple[str, ...]) -> tuple[str, ...]:
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(value.encode("ascii") + b"=="))
    except (ValueError, binascii.Error):
        raise BadCursor from None
    if not isinstance(parts, list) or len(parts) != len(types) + 1 or parts[0] != order:
        raise BadCursor
    for component, kind in zip(parts[1:], types, strict=True):
        try:
            if not isinstance(component, str) or not _FORMS[kind](component):
                raise BadCursor
        except (ValueError, BadInput):
            raise BadCursor from None
    return tuple(parts[1:])
