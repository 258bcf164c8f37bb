"""Media types: what a client accepts, and what it sends."""

from __future__ import annotations

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"
"""Only where it says `subscriptionSpec=1.0`: the form that Apollo's clients know for subscriptions."""
HTML = "text/html"


def accepted_of(accept: str, *more: str | None) -> str | None:
    """Return the media type that the client likes best of ours; None when it takes none of them."""
    if not accept.strip():
        return JSON
    best: tuple[float, int, str | None] = (0.0, 0, None)
    for index, part in enumerate(accept.lower().split(",")):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        kind = JSON if kind in ("*/*", "application/*") else kind
        if kind == MULTIPART and not {"subscriptionspec=1.0", 'subscriptionspec="1.0"'} & set(parameters):
            continue
        if kind in (JSON, GRAPHQL_JSON, EVENT_STREAM, MULTIPART, *more) and (weight, -index) > best[:2]:
            best = (weight, -index, kind)
    return best[2]


def is_json(content_type: str) -> bool:
    """Whether a body of this type is JSON in UTF-8."""
    kind, *parameters = (piece.strip() for piece in content_type.lower().split(";"))
    charsets = {p.removeprefix("charset=").strip('"') for p in parameters if p.startswith("charset=")}
    return kind == JSON and charsets <= {"utf-8", "utf8"}


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
