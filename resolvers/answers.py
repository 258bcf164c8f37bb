"""What clients get: JSON text with errors that have a code, and nothing of our insides or of their own values."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError
from psycopg import OperationalError
from psycopg.errors import (
    ForeignKeyViolation,
    IdleInTransactionSessionTimeout,
    LockNotAvailable,
    QueryCanceled,
)
from psycopg_pool import PoolTimeout, TooManyRequests

from accounts.attempts import TooManyAttempts
from database.backlog import Overloaded
from database.errors import DatabaseUnavailable, StatementFailed
from events.errors import Conflict
from resolvers.errors import BadInput, Busy, Overload, Refused, TooManyTries, TooSlow, Unavailable
from resolvers.selection import Path

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Answer:
    """A response: JSON of `data` (None when there is none, for the request itself was wrong) and errors.

    `max_age_s` is how long caches may keep it for everybody.
    """

    data: bytes | None
    errors: list[dict[str, Any]]
    extensions: bytes = b""
    """JSON of the response's `extensions`, empty when there are none."""
    max_age_s: int = 0

    def body(self) -> bytes:
        """Return the whole response as JSON."""
        extensions = b',"extensions":' + self.extensions if self.extensions else b""
        if not self.errors:
            return b'{"data":' + (self.data or b"null") + extensions + b"}"
        errors = orjson.dumps(self.errors)
        if self.data is None:
            return b'{"errors":' + errors + extensions + b"}"
        return b'{"errors":' + errors + b',"data":' + self.data + extensions + b"}"

    def shorten(self, errors: int, characters: int) -> None:
        """Keep no more than so many errors, each with a message of no more than so many characters."""
        self.errors = [{**error, "message": error["message"][:characters]} for error in self.errors[:errors]]


def refusal_of(failure: BaseException, request_id: str) -> Refused:
    """Return what a client may know of a failure; all else goes to the log, under the request's id."""
    match failure:
        case Refused():
            return failure
        case QueryCanceled() | LockNotAvailable():
            return TooSlow()
        # the last one: the network was silent for so long in the middle of it
        case (
            DatabaseUnavailable()
            | PoolTimeout()
            | TooManyRequests()
            | OperationalError()
            | IdleInTransactionSessionTimeout()
        ):
            return Unavailable()
        case Overloaded():
            return Overload(failure.retry_after_s)
        case TooManyAttempts():
            return TooManyTries(failure.retry_after_s)
        case Conflict():
            return Busy()
        # the account was erased in the middle of it: asked again, that is the answer
        case ForeignKeyViolation() if str(failure.diag.constraint_name).endswith("_user_id_fkey"):
            return Busy()
        case StatementFailed(sqlstate=("57014" | "55P03")):
            return TooSlow()
        case StatementFailed(sqlstate=state) if state.startswith(("08", "57P", "53", "25P03")):
            return Unavailable()
    log.error("unexpected failure", exc_info=failure, extra={"request_id": request_id})
    return Unexpected(request_id)


class Unexpected(Refused):
    """Unexpected error."""

    code = "INTERNAL_ERROR"

    def __init__(self, request_id: str) -> None:
        super().__init__(f"Unexpected error. Request {request_id}.")


def error_of(refusal: Refused, path: Path | tuple[str | int, ...]) -> dict[str, Any]:
    """Return a refusal as an entry of `errors`."""
    error: dict[str, Any] = {"message": refusal.message, "extensions": {"code": refusal.code}}
    if refusal.retry_after_s is not None:
        error["extensions"]["retryAfter"] = refusal.retry_after_s
    if path:
        error["path"] = list(path)
    return error


def placed(
    errors: Sequence[dict[str, Any]], data: bytes, root: Path, taken_along: Set[Path]
) -> list[dict[str, Any]]:
    """Return errors with a path once for each place of `data` that the path leads to, with the indices of lists.

    `root` is where in the response `data` itself is. Fields of `taken_along` are in no object that is left.
    """
    read = orjson.loads(data)
    return [
        {**error, "path": [*root, *place]}
        for error in errors
        for place in _places(read, tuple(error["path"][len(root) :]), tuple(error["path"]) in taken_along)
    ]


def _places(value: Any, path: Path, is_taken: bool) -> Iterator[tuple[str | int, ...]]:
    if not path:
        yield ()
    elif value is None and is_taken:
        yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from ((index, *place) for place in _places(item, path, is_taken))
    elif isinstance(value, dict) and path[0] in value:
        yield from ((path[0], *place) for place in _places(value[path[0]], path[1:], is_taken))


def invalid(error: GraphQLError, code: str) -> dict[str, Any]:
    """Return an error of a document or of its variables as clients get it: without their own values."""
    shown: dict[str, Any] = {"message": _without_values(error.message)}
    if error.locations:
        shown["locations"] = [location.formatted for location in error.locations]
    if error.path:
        shown["path"] = error.path
    shown["extensions"] = {"code": (error.extensions or {}).get("code", code)}
    return shown


def failed(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """Return an error of the GraphQL library's executor as clients get it: with a code, without internals."""
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        return invalid(error, BadInput.code)
    return error_of(refusal_of(original, request_id), tuple(error.path or ()))


_VALUES = (
    (re.compile(r"(cannot represent .*?value): .*", re.DOTALL), r"\1."),
    (re.compile(r"\? Found: .*", re.DOTALL), "?"),
    (re.compile(r"[,;] found: .*", re.DOTALL), "."),
    (re.compile(r"Value '.*' does not exist", re.DOTALL), "This value does not exist"),
    (re.compile(r"\b(Name|String|BlockString|Int|Float) [\"'].*[\"']", re.DOTALL), r"\1"),
)


def _without_values(message: str) -> str:
    """The library quotes what a client sent where it expected something else; a password must not come back."""
    for quoted, instead in _VALUES:
        message = quoted.sub(instead, message)
    return message
