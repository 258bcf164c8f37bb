"""The life of a model: it is trained from the log, kept, promoted, rolled back; each of these is an event."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from database.ids import uuid7
from events.facts import Event
from events.models import Models, ModelTrained, promote_model, roll_back_model
from events.record import decide_models
from events.replica import Reading
from projections.registry import fold_inline
from recsys.catalogue import read_features
from recsys.config import Config
from recsys.errors import NothingToLearn, TrainingBusy
from recsys.model import Model
from recsys.publishing import publish_similar
from recsys.reading import Progress, read_interactions
from recsys.store import ModelStore

Conn = psycopg.Connection[tuple[Any, ...]]

NEWEST = 3
"""Models whose files are kept though they never served; those of the last two that did are, too."""

_ALONE = "select pg_try_advisory_lock(hashtextextended('recsys.train', 0))"
_TOGETHER = "select pg_advisory_unlock(hashtextextended('recsys.train', 0))"
_LIST = """
select m.model_id, m.state, m.up_to_position, m.digest, m.trained_at, m.changed_at,
       e.data->'configuration', e.data->'metrics'
  from models m join events e on e.position = m.trained_position
 order by m.trained_position desc"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """One model as it stands: `state` is TRAINED, SERVING or RETIRED since `changed_at`."""

    model_id: UUID
    state: str
    up_to_position: int
    digest: str
    trained_at: datetime
    changed_at: datetime
    configuration: dict[str, Any]
    metrics: dict[str, Any]


def train_model(
    conn: Conn,
    store: ModelStore,
    config: Config,
    *,
    at: int | None = None,
    reading: Reading | None = None,
    progress: Progress = lambda _what, _total: lambda _done: None,
) -> ModelTrained:
    """Train from the log as it stood at a position (by default now), keep the model and record it.

    The log and the catalogue are read from `reading`, which may be a replica, by default through `conn`. The same
    position, configuration and catalogue give the same digest. Raises TrainingBusy, NothingToLearn, BeyondTheLog,
    LogBusy, OSError.
    """
    from recsys.training import train

    conn.execute(
        "select from models limit 1"
    )  # a database that is not ready is found out now, not after the work
    with _alone(conn):
        started = time.monotonic()
        source = reading or Reading(conn)
        interactions, position = read_interactions(source, at=at, progress=progress)
        likes = int(interactions.liked.sum())
        if not likes:
            raise NothingToLearn
        features = read_features(source.conn, interactions.movies)
        model = train(interactions, features, config, progress=progress)
        fact = ModelTrained(
            model_id=uuid7(),
            up_to_position=position,
            digest=model.digest(),
            configuration=_plain(config),
            metrics={
                "people": interactions.people,
                "movies": interactions.movies,
                "interactions": len(interactions),
                "likes": likes,
                "features": len(features.names),
                "seconds": round(time.monotonic() - started, 3),
            },
        )
        store.keep(fact.model_id, model)
        decide_models(conn, fold_inline, lambda _: [fact])

        def tidy(models: Models) -> Sequence[Event]:
            store.drop_all_but({*sorted(models.trained)[-NEWEST:], *models.served[-2:]})
            return []

        decide_models(conn, fold_inline, tidy)
        return fact


def promote(conn: Conn, store: ModelStore, model_id: UUID) -> bool:
    """Let a model serve, after comparing its files with its digest; return whether that changed anything.

    Which movies are similar is stored anew. Raises UnknownModel, ModelDamaged.
    """
    loaded: list[Model] = []

    def decide(models: Models) -> Sequence[Event]:
        facts = promote_model(models, model_id)
        loaded.append(store.load(model_id, models.trained[model_id]))
        return facts

    is_new = bool(decide_models(conn, fold_inline, decide))
    publish_similar(conn, model_id, loaded[0])
    return is_new


def roll_back(conn: Conn, store: ModelStore) -> UUID:
    """Let the model serve that did before this one; return its id. Raises NothingToRollBack, ModelDamaged."""
    serving: list[tuple[UUID, Model]] = []

    def decide(models: Models) -> Sequence[Event]:
        facts = roll_back_model(models)
        model_id = facts[0].model_id
        serving.append((model_id, store.load(model_id, models.trained[model_id])))
        return facts

    decide_models(conn, fold_inline, decide)
    ((model_id, model),) = serving
    publish_similar(conn, model_id, model)
    return model_id


def trained_models(conn: Conn) -> list[TrainedModel]:
    """Return every model, the newest first."""
    names = tuple(TrainedModel.__dataclass_fields__)
    rows = conn.execute(_LIST).fetchall()
    return [TrainedModel(**dict(zip(names, row, strict=True))) for row in rows]


def _plain(config: Config) -> dict[str, Any]:
    """Return a configuration as the log keeps it."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(config).items()
    }


@contextmanager
def _alone(conn: Conn) -> Iterator[None]:
    (is_mine,) = conn.execute(_ALONE).fetchone() or (False,)
    if not is_mine:
        raise TrainingBusy
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute(_TOGETHER)
