"""What a request may be refused with: each has a code that clients may rely on."""

from __future__ import annotations

import inspect
from typing import ClassVar


class Refused(Exception):
    """The request is refused; the class's docstring is what the client reads."""

    code: ClassVar[str]
    retry_after_s: int | None = None
    """When it makes sense to try again, where that is known."""

    def __init__(self, message: str | None = None) -> None:
        self.message = message or inspect.cleandoc(type(self).__doc__ or self.code)
        super().__init__(self.message)


class BadInput(Refused):
    """A value is not of the form that its field asks for."""

    code = "BAD_USER_INPUT"


class BadCursor(BadInput):
    """This cursor was not made by this list in this order. Start again without it."""

    code = "BAD_CURSOR"


class BadId(BadInput):
    """This is not an id of this server. Use an id that a query returned."""

    code = "BAD_ID"


class BadPageSize(BadInput):
    """Ask for 0 to 100 items with either `first` or `last`, not both."""

    code = "BAD_PAGE_SIZE"


class UnreadableExport(Refused):
    """This file is no export that can be imported."""

    code = "UNREADABLE_EXPORT"


class Unauthenticated(Refused):
    """Sign in first: send `Authorization: Bearer <accessToken>`."""

    code = "UNAUTHENTICATED"


class Forbidden(Refused):
    """Your account does not have the role that this needs."""

    code = "FORBIDDEN"


class NotFound(Refused):
    """There is no such thing."""

    code = "NOT_FOUND"


class Busy(Refused):
    """Other writers changed the same thing at the same moment, three times in a row. Nothing was recorded; try again."""

    code = "CONFLICT"


class Unavailable(Refused):
    """The database is away at the moment. Try again in a few seconds."""

    code = "SERVICE_UNAVAILABLE"


class RefusedForNow(Refused):
    """Try again later."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class Overload(RefusedForNow):
    """The server has more to do than it can at the moment: this was not begun. Try again after `retryAfter` seconds."""

    code = "OVERLOADED"


class TooManyTries(RefusedForNow):
    """There were too many tries, so this one was not looked at. Try again after `retryAfter` seconds."""

    code = "TOO_MANY_ATTEMPTS"


class RateLimited(RefusedForNow):
    """Your requests of the last minute cost more than your budget. Try again after `retryAfter` seconds."""

    code = "RATE_LIMITED"


class TooSlow(Refused):
    """The request took too long and was stopped. Ask for less at once."""

    code = "TIMEOUT"


class TooComplex(Refused):
    """The document asks for more at once than the server takes. Send several."""

    code = "DOCUMENT_TOO_COMPLEX"


class TooCostly(Refused):
    """The operation costs more than one operation may. Ask for smaller pages, or send several."""

    code = "COST_EXCEEDED"


class ValueTooLarge(BadInput):
    """A value is larger than the server takes."""

    code = "VALUE_TOO_LARGE"


class IntrospectionDisabled(Refused):
    """The schema cannot be asked for here; `__typename` can."""

    code = "INTROSPECTION_DISABLED"


class BadOperation(Refused):
    """The document has no such operation."""

    code = "BAD_OPERATION"
