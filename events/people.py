"""What happens to a person as a whole."""

from __future__ import annotations

from uuid import UUID

from events.facts import Event, event


@event("user_erased")
class UserErased(Event):
    """A person was erased: every fold of a person's state drops them."""

    user_id: UUID
    movie_id = None
