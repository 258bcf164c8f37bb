"""Media types: what a client accepts, and what it sends."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"
SUBSCRIPTION = 'multipart/mixed; subscriptionSpec="1.0"'
"""The form that Apollo's clients know for subscriptions."""
DEFER = "multipart/mixed; deferSpec=20220824"
INCREMENTAL = "multipart/mixed; incrementalSpec=v0.2"
"""The two forms that they know for queries that are answered in parts, the older and the newer."""
HTML = "text/html"

_MULTIPART = "multipart/mixed"
_FORMS = {
    "subscriptionspec=1.0": SUBSCRIPTION,
    "deferspec=20220824": DEFER,
    "incrementalspec=v0.2": INCREMENTAL,
}
_USUAL = 256
"""Characters of a header that is remembered; clients send the same few."""
_T = TypeVar("_T")


def remembered(read: Callable[[str], _T]) -> Callable[[str], _T]:
    """Return the function with its last results kept, those of headers of a usual length."""
    kept = lru_cache(maxsize=256)(read)
    return lambda header: kept(header) if len(header) <= _USUAL else read(header)


def accepted_of(accept: str, *, is_page: bool = False) -> str | None:
    """Return the media type that the client likes best of ours; None when it takes none of them.

    HTML is one of ours where a page is asked for.
    """
    return _page_accepted(accept) if is_page else _accepted(accept)


def json_accepted_of(accept: str) -> str:
    """Return the type of JSON that the client likes best, for what it does not get in the form that it asked for."""
    return _json_accepted(accept) or JSON


def _best(accept: str, kinds: frozenset[str]) -> str | None:
    if not accept.strip():
        return JSON
    best: tuple[float, int, str | None] = (0.0, 0, None)
    for index, part in enumerate(accept.lower().split(",")):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        kind = JSON if kind in ("*/*", "application/*") else kind
        if kind == _MULTIPART:
            kind = next((_FORMS[p] for q in parameters if (p := q.replace('"', "")) in _FORMS), kind)
        if kind in kinds and (weight, -index) > best[:2]:
            best = (weight, -index, kind)
    return best[2]


_JSONS = frozenset({JSON, GRAPHQL_JSON})
_KINDS = _JSONS | {EVENT_STREAM, *_FORMS.values()}
_json_accepted = remembered(lambda accept: _best(accept, _JSONS))
_accepted = remembered(lambda accept: _best(accept, _KINDS))
_page_accepted = remembered(lambda accept: _best(accept, _KINDS | {HTML}))


@remembered
def is_json(content_type: str) -> bool:
    """Whether a body of this type is JSON in UTF-8."""
    kind, *parameters = (piece.strip() for piece in content_type.lower().split(";"))
    charsets = {p.removeprefix("charset=").strip('"') for p in parameters if p.startswith("charset=")}
    return kind == JSON and charsets <= {"utf-8", "utf8"}


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
