"""What kinds of movies a person says they like, whatever movies they like."""

from __future__ import annotations

from uuid import UUID

from events.facts import Event, event


@event("favorite_genres_chosen")
class FavoriteGenresChosen(Event):
    """A person chose their favourite genres, the dearest first, in place of all before; none takes them back."""

    user_id: UUID
    movie_id = None
    genre_ids: tuple[UUID, ...]
