"""What happens to a person as a whole."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from events.errors import Rejected
from events.facts import Event, event


@event("user_erased")
class UserErased(Event):
    """A person was erased: every fold of a person's state drops them."""

    user_id: UUID
    movie_id = None


class AccountErased(Rejected):
    """This account was erased, so nothing can be written for it any more."""

    code: ClassVar[str] = "ACCOUNT_ERASED"
