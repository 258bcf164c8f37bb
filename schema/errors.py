"""Every code that a payload's `errors` may carry, in one place."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry

CODES = {
    "ACCOUNT_DEACTIVATED": "An operator deactivated the account, and can activate it again.",
    "ACCOUNT_ERASED": "The account was erased; nothing can be written for it.",
    "ALREADY_RATED": "The movie is rated or reacted to, so it cannot be on the watchlist.",
    "CANNOT_BLOCK_YOURSELF": "Nobody blocks themself.",
    "CANNOT_FOLLOW_YOURSELF": "Nobody follows themself.",
    "CANNOT_REFRESH": "Nothing is fetched for this movie.",
    "CANNOT_UNDO": "The action cannot be taken back (any more).",
    "CHAT_BUSY": "The assistant still writes its last answer of this chat.",
    "CHAT_FULL": "The viewer has sent as many messages in this chat as there can be.",
    "EMAIL_TAKEN": "There is an account with this e-mail address.",
    "IDEMPOTENCY_KEY_REUSED": "The idempotency key was used for a different request.",
    "IMPORT_UNDONE": "The import was undone; upload the file again.",
    "INVALID_AVATAR_URL": "This is not the https address of a picture.",
    "INVALID_BIO": "The text is empty or too long.",
    "INVALID_COUNTRY": "This is not a country of ISO 3166-1.",
    "INVALID_CREDENTIALS": "No account has this login and this password.",
    "INVALID_DATE_OF_BIRTH": "The day is in the future, or too long ago.",
    "INVALID_DEVICE_TOKEN": "This is not the token of a device.",
    "INVALID_DIGEST_DAY": "A day of the week is 1 to 7.",
    "INVALID_DIGEST_TIME": "A time of day is written 09:00.",
    "INVALID_EMAIL": "This is not an e-mail address.",
    "INVALID_LANGUAGE": "This is not a language tag, or there are too many.",
    "INVALID_MAIL_TOKEN": "The link of the e-mail does not work (any more).",
    "INVALID_NAME": "The name is empty or too long.",
    "INVALID_PHONE": "This is not a phone number with its country's.",
    "INVALID_REFRESH_TOKEN": "The session is over; sign in again.",
    "INVALID_STARS": "Stars go from 0.5 to 5 in half steps.",
    "INVALID_TIME_ZONE": "This is not a time zone of the IANA database.",
    "INVALID_UNTIL": "The end is not in the future.",
    "INVALID_USERNAME": "This cannot be a username.",
    "INVALID_WATCHED_ON": "The day is in the future, or before the first film.",
    "LIST_FULL": "The list has as many movies as there can be.",
    "MAIL_NOT_CONFIGURED": "The server does not send this e-mail.",
    "MESSAGE_TOO_LONG": "The message is too long.",
    "MISSING_VALUE": "A value, or null to clear it, has to be given.",
    "MOVIE_MERGED": "The action was about a movie that became another one: change there what was said of it.",
    "NOT_IMPORTED": "The import is not confirmed, so there is nothing to undo.",
    "NOT_INVITED": "Nobody has invited the viewer to this list.",
    "NOT_IN_LIST": "The movie is not on the list.",
    "NOT_LIST_OWNER": "Only the person whose list it is can do this.",
    "NOT_ON_WATCHLIST": "The movie is not on the watchlist.",
    "NOT_RECOMMENDED": "The movie was not in this list of the viewer's recommendations.",
    "NOT_REQUESTED": "The person does not ask to follow the viewer.",
    "NO_REVIEW": "The viewer has no review of this movie.",
    "NO_VIEWING": "There is no such viewing in the diary.",
    "ON_WATCHLIST": "The movie is on the watchlist, and rating it does not take it off.",
    "PASSWORD_TOO_LONG": "The password is too long.",
    "PASSWORD_TOO_SHORT": "The password is too short.",
    "PERSON_BLOCKED": "The viewer has blocked this person.",
    "TEXT_MISSING": "The text is empty.",
    "TEXT_TOO_LONG": "The text is too long.",
    "TOO_BUSY": "Too many people sign in at this moment; try again.",
    "TOO_MANY_CHAT_SESSIONS": "The viewer has as many chats as there can be.",
    "TOO_MANY_COLLABORATORS": "As many people are invited to the list as there can be.",
    "TOO_MANY_LISTS": "The viewer has as many lists as there can be.",
    "TOO_MANY_MESSAGES": "The viewer has sent many messages within a minute.",
    "UNKNOWN_CHAT_SESSION": "There is no such chat of the viewer's.",
    "UNKNOWN_DEVICE": "There is no such device of the viewer's.",
    "UNKNOWN_EVENT": "There is no such action of the viewer's.",
    "UNKNOWN_GENRE": "There is no such genre.",
    "UNKNOWN_IMPORT": "There is no such import of the viewer's, or its preview has expired.",
    "UNKNOWN_LIST": "There is no such list that the viewer may change.",
    "UNKNOWN_MOVIE": "There is no such movie.",
    "UNKNOWN_PERSON": "There is no such person, or none that shows themself.",
    "UNKNOWN_PROJECTION": "There is no such projection.",
    "USERNAME_TAKEN": "Somebody has this username.",
    "WEAK_PASSWORD": "The password is one that everybody tries first, or says whose it is.",
    "WRONG_PASSWORD": "The password is not the account's.",
}

_Code: Any = Enum(  # type: ignore[misc]
    "ErrorCode", {code: strawberry.enum_value(code, description=text) for code, text in CODES.items()}
)
ErrorCode: Any = strawberry.enum(
    _Code,
    description="Why a rule refused a mutation. New codes may be added; treat one that you do not know as a refusal.",
)
