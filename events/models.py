"""Models of the recommender: which were trained, and which one serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from events.facts import Event, Values, event


@event("model_trained")
class ModelTrained(Event):
    """A model was made of the log up to a position; `digest` is the SHA-256 of its arrays, in hexadecimal."""

    user_id = None
    movie_id = None
    model_id: UUID
    up_to_position: int
    digest: str
    configuration: Values
    metrics: Values


@event("model_promoted")
class ModelPromoted(Event):
    """A model serves from now on; `previous` is the one that did until then."""

    user_id = None
    movie_id = None
    model_id: UUID
    previous: UUID | None


@event("model_rolled_back")
class ModelRolledBack(Event):
    """The model that served before serves again; `previous` is the one that was withdrawn."""

    user_id = None
    movie_id = None
    model_id: UUID
    previous: UUID


MODEL_EVENTS: tuple[type[Event], ...] = (ModelTrained, ModelPromoted, ModelRolledBack)


class UnknownModel(Exception):
    """There is no such model. `projectionist recsys models` lists those that there are."""


class NothingToRollBack(Exception):
    """No model served before this one. `projectionist recsys promote` puts another in its place."""


@dataclass(frozen=True, slots=True)
class Models:
    """The digest of every model that was trained, and those that served, the one that does now last."""

    trained: Mapping[UUID, str] = field(default_factory=dict)
    served: tuple[UUID, ...] = ()

    @property
    def serving(self) -> UUID | None:
        """The model that serves now."""
        return self.served[-1] if self.served else None

    def when(self, facts: Iterable[Event]) -> Models:
        """Return the state after these facts, oldest first."""
        models = self
        for fact in facts:
            models = evolve_models(models, fact)
        return models


def evolve_models(models: Models, fact: Event) -> Models:
    """Return the state after one fact; one that is about no model changes nothing."""
    match fact:
        case ModelTrained():
            return replace(models, trained={**models.trained, fact.model_id: fact.digest})
        case ModelPromoted():
            return replace(models, served=(*models.served, fact.model_id))
        case ModelRolledBack():
            return replace(models, served=models.served[:-1])
        case _:
            return models


def promote_model(models: Models, model_id: UUID) -> list[Event]:
    """Let a model serve; one that does already is promoted once. Raises UnknownModel."""
    if model_id not in models.trained:
        raise UnknownModel
    if model_id == models.serving:
        return []
    return [ModelPromoted(model_id=model_id, previous=models.serving)]


def roll_back_model(models: Models) -> list[ModelRolledBack]:
    """Let the model serve again that did before the one that does. Raises NothingToRollBack."""
    match models.served:
        case [*_, before, now]:
            return [ModelRolledBack(model_id=before, previous=now)]
        case _:
            raise NothingToRollBack
