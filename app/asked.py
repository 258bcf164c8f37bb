"""What a request asks for, whatever brought it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson


class Malformed(Exception):
    """What came is no request of GraphQL; the message says what it has to be."""


@dataclass(slots=True)
class Asked:
    """One operation: its document, or what the document is known by."""

    query: str | None
    name: str | None
    variables: Mapping[str, Any]
    id: str | None = None
    persisted: Mapping[str, Any] | None = None


def json_of(text: bytes | str, what: str, most_depth: int) -> Any:
    """Return what JSON text says; its integers fit a double (308 digits). Raises Malformed about `what`."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Malformed(f"{what} is not JSON in UTF-8.") from None
    if _brackets(text) > most_depth and _deeper_than(value, most_depth):
        raise Malformed(f"{what} is nested deeper than {most_depth}.")
    return value


def asked_of(given: Any) -> Asked:
    """Return what the parameters of a request ask for. Raises Malformed."""
    if not isinstance(given, dict):
        raise Malformed("A request is a JSON object with `query`.")
    name = _text_or_none(given, "operationName")
    variables, extensions = object_or_none(given, "variables"), object_or_none(given, "extensions")
    persisted = object_or_none(extensions, "persistedQuery") if extensions else None
    query = given.get("query")
    if not query:
        known_by = _text_or_none(given, "documentId") or _text_or_none(given, "id")
        if known_by or persisted:
            return Asked(None, name, variables or {}, known_by, persisted)
    if not isinstance(query, str):
        raise Malformed("`query` must be a text: the GraphQL document.")
    return Asked(query, name, variables or {}, persisted=persisted)


def object_or_none(given: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Return a member that is an object, or null, or not there. Raises Malformed."""
    value = given.get(name)
    if value is not None and not isinstance(value, dict):
        raise Malformed(f"`{name}` must be an object or null.")
    return value


def _text_or_none(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"`{name}` must be a text or null.")
    return value or None


def _brackets(text: bytes | str) -> int:
    """Return how many brackets open, those in texts among them: JSON is nested no deeper."""
    if isinstance(text, str):
        return text.count("{") + text.count("[")
    return text.count(b"{") + text.count(b"[")


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (
                outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ()
            )
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
