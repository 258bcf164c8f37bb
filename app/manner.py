"""What the headers of a POST say of how it is to be answered: read once, as long as those of a connection stay the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from app.auth import given_id
from app.negotiation import GRAPHQL_JSON, JSON, accepted_of, is_json

Header = tuple[bytes, bytes]
"""A name in lower case, and a value."""

_OWN = frozenset({"authorization", "content-length"})
_STREAMED = ("text/event-stream", "multipart/")


def apart(headers: Iterable[Header]) -> tuple[list[Header], str | None, int]:
    """Return the headers but for those of the one request, who asks, and the length of the body: -1 where none is told."""
    authorization: str | None = None
    length: bytes | None = None
    others = []
    for header in headers:
        if header[0] == b"authorization" and authorization is None:
            authorization = header[1].decode("latin-1")
        elif header[0] == b"content-length" and length is None:
            length = header[1]
        else:
            others.append(header)
    is_length = length is not None and length.isdigit() and len(length) < 10
    return others, authorization, int(length or -1) if is_length else -1


@dataclass(frozen=True, slots=True)
class Manner:
    """All headers but those of the one request, which are who asks and the length; and what they come to."""

    headers: dict[str, str]
    may_stream: bool
    accepted: str | None
    """The JSON type of the answer; None where there is more to the request than to that of a plain client."""
    request_id: str | None
    """As the client calls it."""

    @classmethod
    def of(cls, given: Sequence[Header]) -> Manner | None:
        """Read the headers that were given beside those of the one request; None where one is there twice."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in given}
        if len(headers) != len(given) or not _OWN.isdisjoint(headers):
            return None
        accept = headers.get("accept", "")
        accepted = accepted_of(accept)
        is_plain = (
            accepted in (JSON, GRAPHQL_JSON)
            and is_json(headers.get("content-type", ""))
            and headers.get("content-encoding", "identity").lower() == "identity"
        )
        return cls(
            headers,
            may_stream=any(kind in accept.lower() for kind in _STREAMED),
            accepted=accepted if is_plain else None,
            request_id=given_id(headers),
        )

    def is_plain(self, is_named: Callable[[str], bool], origins: Collection[str]) -> bool:
        """Whether nothing but JSON is asked for, by a name of ours, and by a page of these sites where there are any."""
        return (
            not self.may_stream
            and is_named(self.headers.get("host", ""))
            and (not origins or "origin" not in self.headers or self.headers["origin"] in origins)
        )
