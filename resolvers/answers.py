"""What clients get: JSON text with errors that have a code, and nothing of our insides or of their own values."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError
from psycopg import OperationalError
from psycopg_pool import PoolTimeout, TooManyRequests

from database.pipeline import DatabaseUnavailable, StatementFailed
from events.errors import Conflict
from resolvers.errors import Busy, Refused, TooSlow, Unavailable
from resolvers.selection import Path

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Answer:
    """A response: JSON of `data` (None when there is none, for the request itself was wrong) and errors."""

    data: bytes | None
    errors: list[dict[str, Any]]

    def body(self) -> bytes:
        """Return the whole response as JSON."""
        if not self.errors:
            return b'{"data":' + (self.data or b"null") + b"}"
        errors = orjson.dumps(self.errors)
        if self.data is None:
            return b'{"errors":' + errors + b"}"
        return b'{"errors":' + errors + b',"data":' + self.data + b"}"


def refusal_of(failure: BaseException, request_id: str) -> Refused:
    """Return what a client may know of a failure; all else goes to the log, under the request's id."""
    match failure:
        case Refused():
            return failure
        case DatabaseUnavailable() | PoolTimeout() | TooManyRequests() | OperationalError():
            return Unavailable()
        case Conflict():
            return Busy()
        case StatementFailed(sqlstate=("57014" | "55P03")):
            return TooSlow()
        case StatementFailed(sqlstate=state) if state.startswith(("08", "57P", "53")):
            return Unavailable()
    log.error("unexpected failure", exc_info=failure, extra={"request_id": request_id})
    return Unexpected(request_id)


class Unexpected(Refused):
    """Unexpected error."""

    code = "INTERNAL_ERROR"

    def __init__(self, request_id: str) -> None:
        super().__init__(f"Unexpected error. Request {request_id}.")


def error_of(refusal: Refused, path: Path) -> dict[str, Any]:
    """Return a refusal as an entry of `errors`."""
    error: dict[str, Any] = {"message": refusal.message, "extensions": {"code": refusal.code}}
    if path:
        error["path"] = list(path)
    return error


def formatted(
    error: GraphQLError, code: str, *, redact: bool = False, request_id: str = ""
) -> dict[str, Any]:
    """Return an error of the GraphQL library as clients get it: with a code, without internals or their own values."""
    original = error.original_error
    if original is not None and not isinstance(original, GraphQLError):
        return error_of(refusal_of(original, request_id), tuple(map(str, error.path or ())))
    shown: dict[str, Any] = {"message": _without_value(error.message) if redact else error.message[:400]}
    if error.locations:
        shown["locations"] = [location.formatted for location in error.locations]
    if error.path:
        shown["path"] = error.path
    shown["extensions"] = {"code": (error.extensions or {}).get("code", code)}
    return shown


def _without_value(message: str) -> str:
    """A coercion error quotes the client's value; a password must not come back in one."""
    head, got, tail = message.partition(" got invalid value ")
    if not got:
        return message[:400]
    _, _, reason = tail.rpartition("; ")
    return f"{head} got an invalid value; {reason}"[:400]
