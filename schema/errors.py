"""Every code that a payload's `errors` may carry, in one place."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry

CODES = {
    "ACCOUNT_DEACTIVATED": "The account is deactivated; an operator can activate it again.",
    "ALREADY_RATED": "The movie is rated or reacted to, so it cannot be on the watchlist.",
    "CANNOT_UNDO": "The action cannot be taken back (any more).",
    "EMAIL_TAKEN": "There is an account with this e-mail address.",
    "IDEMPOTENCY_KEY_REUSED": "The idempotency key was used for a different request.",
    "IMPORT_UNDONE": "The import was undone; upload the file again.",
    "INVALID_CREDENTIALS": "No account has this login and this password.",
    "INVALID_EMAIL": "This is not an e-mail address.",
    "INVALID_REFRESH_TOKEN": "The session is over; sign in again.",
    "INVALID_STARS": "Stars go from 0.5 to 5 in half steps.",
    "INVALID_USERNAME": "This cannot be a username.",
    "INVALID_WATCHED_ON": "The day is in the future, or before the first film.",
    "MISSING_VALUE": "A value, or null to clear it, has to be given.",
    "NOT_IMPORTED": "The import is not confirmed, so there is nothing to undo.",
    "NOT_ON_WATCHLIST": "The movie is not on the watchlist.",
    "PASSWORD_TOO_LONG": "The password is too long.",
    "PASSWORD_TOO_SHORT": "The password is too short.",
    "TOO_BUSY": "Too many people sign in at this moment; try again.",
    "UNKNOWN_EVENT": "There is no such action of the viewer's.",
    "UNKNOWN_GENRE": "There is no such genre.",
    "UNKNOWN_IMPORT": "There is no such import of the viewer's, or its preview has expired.",
    "UNKNOWN_MOVIE": "There is no such movie.",
    "UNKNOWN_PROJECTION": "There is no such projection.",
    "USERNAME_TAKEN": "Somebody has this username.",
    "WEAK_PASSWORD": "The password is one that everybody tries first, or says whose it is.",
}

_Code: Any = Enum(  # type: ignore[misc]
    "ErrorCode", {code: strawberry.enum_value(code, description=text) for code, text in CODES.items()}
)
ErrorCode: Any = strawberry.enum(
    _Code,
    description="Why a rule refused a mutation. New codes may be added; treat one that you do not know as a refusal.",
)
