"""What messages recommend, as the log is told of it: the slate of a message has the message's id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from events.slates import Algorithm, RecommendationsServed, serve_places


@dataclass(frozen=True, slots=True)
class Place:
    """A movie, its rank among what was recommended, its score, and with which probability it came to stand there."""

    rank: int
    movie_id: UUID
    score: float
    propensity: float


@dataclass(frozen=True, slots=True)
class Slate:
    """Places that a message shows, in the order of ranks; some ranks may be left out."""

    model_id: UUID | None
    places: Sequence[Place]

    def first(self) -> Slate:
        """Return what of it a message shows that has room for one movie."""
        return Slate(self.model_id, self.places[:1])

    def kept(self) -> dict[str, Any] | None:
        """Return it as JSON; None for one without places."""
        places = [[each.rank, str(each.movie_id), each.score, each.propensity] for each in self.places]
        return {"model_id": self.model_id and str(self.model_id), "places": places} if places else None


def served(user_id: UUID, notification_id: UUID, kept: dict[str, Any]) -> list[RecommendationsServed]:
    """Return what is recorded when a message with this slate, as `kept` gave it, went out: one fact a run of ranks."""
    return serve_places(
        user_id=user_id,
        slate_id=notification_id,
        algorithm=Algorithm.BLEND,
        model_id=UUID(kept["model_id"]) if kept["model_id"] else None,
        places=[(rank, UUID(movie), score, chance) for rank, movie, score, chance in kept["places"]],
    )
