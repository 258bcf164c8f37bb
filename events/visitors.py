"""What is known of people who have not signed in: how often they opened movies, and who they turned out to be."""

from __future__ import annotations

from uuid import UUID

from events.facts import Event, event


@event("movie_viewed_by_visitors")
class MovieViewedByVisitors(Event):
    """Visitors opened the page of a movie, so many times since the last such fact."""

    user_id = None
    movie_id: UUID
    views: int


@event("session_identified")
class SessionIdentified(Event):
    """A visitor signed in: what the session did before was done by this person. Said once of a session."""

    user_id: UUID
    movie_id = None
    session_id: UUID
