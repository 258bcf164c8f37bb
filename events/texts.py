"""What people write. The log holds the id of a text and never the text: that is a row of `texts`, which can be removed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from database.ids import uuid7
from events.errors import Rejected

TEXT_MOST = 5_000
"""Characters of a description, a note or a review."""
TITLE_MOST = 200
"""Characters of a title."""


class TextKind(StrEnum):
    """What a text is."""

    TITLE = "TITLE"
    DESCRIPTION = "DESCRIPTION"
    NOTE = "NOTE"
    REVIEW = "REVIEW"
    LINK = "LINK"
    """The part of a link that nobody can guess."""


class TextTooLong(Rejected):
    """This text is too long: a title has 200 characters at most, any other text 5,000."""

    code: ClassVar[str] = "TEXT_TOO_LONG"


class TextMissing(Rejected):
    """Write something: an empty text cannot be kept."""

    code: ClassVar[str] = "TEXT_MISSING"


@dataclass(frozen=True, slots=True)
class Text:
    """A text on its way into `texts`, in the transaction of the facts that name it; its words stay out of logs."""

    id: UUID
    user_id: UUID
    kind: TextKind
    body: str = field(repr=False)


def written(user_id: UUID, kind: TextKind, body: str, *, path: str) -> Text:
    """Return a text without the white space around it. Raises TextTooLong, TextMissing, which name the input `path`."""
    body = body.strip()
    if not body:
        raise TextMissing(path=(path,))
    if len(body) > (TITLE_MOST if kind is TextKind.TITLE else TEXT_MOST):
        raise TextTooLong(path=(path,))
    return Text(uuid7(), user_id, kind, body)
