"""How good each algorithm would be, from what people did with the slates that they were shown."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from events.models import UnknownModel
from events.replica import Reading
from recsys.catalogue import read_features
from recsys.cold import extend
from recsys.copying import Conn, copied
from recsys.errors import BeyondTheLog, NoModelServes, NothingExplored, NothingServed
from recsys.evaluation.logged import Logged, read_logged
from recsys.evaluation.offpolicy import Estimates, estimates
from recsys.evaluation.past import PastPopularity, histories
from recsys.lifecycle import TrainedModel, trained_models
from recsys.model import Ints, Model
from recsys.reading import Progress
from recsys.scoring import Algorithm, Scorer
from recsys.store import ModelStore

_CREATED = "copy (select database_id, date_part('epoch', created_at) from movies) to stdout (format binary)"
_CREATED_COLUMNS = (("movie", ">i4"), ("at", ">f8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FromLog:
    """Estimates for slates at positions `begin` to `end`; likes are those within so many days.

    `learnt` counts the slates that were made before the model was trained: it may know what came of them.
    """

    begin: int
    end: int
    model_id: UUID
    days: int
    slates: int
    people: int
    places: int
    clicks: int
    likes: int
    learnt: int
    lines: list[Estimates]


def evaluate_log(
    source: Reading,
    store: ModelStore,
    *,
    begin: int | None,
    end: int | None,
    model_id: UUID | None,
    days: int,
    progress: Progress,
) -> FromLog:
    """Compare the algorithms, by the model that serves or the one that is named, with what was served.

    Slates are those at these positions, by default those after all that the model was trained on. Raises NoModelServes,
    UnknownModel, ModelDamaged, NothingServed, NothingExplored, BeyondTheLog, LogBusy.
    """
    from threadpoolctl import threadpool_limits

    conn = source.conn
    chosen = _chosen(conn, model_id)
    model = _widened(conn, store.load(chosen.model_id, chosen.digest))
    safe = source.safe_position()
    if end is not None and end > safe:
        raise BeyondTheLog
    first, last = begin or chosen.up_to_position + 1, safe if end is None else end
    logged = read_logged(conn, low=first - 1, high=last, days=days)
    if not len(logged):
        raise NothingServed(first, last)
    if (logged.propensity >= 1).all():
        raise NothingExplored
    with threadpool_limits(1):
        wanted = _wanted(conn, logged, model, progress)
        lines = estimates(logged, wanted, {"clicks": logged.clicked, "likes": logged.liked})
    return FromLog(
        begin=first,
        end=last,
        model_id=chosen.model_id,
        days=days,
        slates=len(logged.slates),
        people=logged.slates.people,
        places=len(logged),
        clicks=int(logged.clicked.sum()),
        likes=int(logged.liked.sum()),
        learnt=int((logged.slates.position <= chosen.up_to_position).sum()),
        lines=lines,
    )


def _chosen(conn: Conn, model_id: UUID | None) -> TrainedModel:
    models = trained_models(conn)
    if model_id is None:
        found = next((model for model in models if model.state == "SERVING"), None)
        if found is None:
            raise NoModelServes
        return found
    named = next((model for model in models if model.model_id == model_id), None)
    if named is None:
        raise UnknownModel
    return named


def _widened(conn: Conn, model: Model) -> Model:
    (highest,) = conn.execute("select coalesce(max(database_id), 0) from movies").fetchone() or (0,)
    return model if highest < model.movies else extend(model, read_features(conn, int(highest) + 1))


def _wanted(conn: Conn, logged: Logged, model: Model, progress: Progress) -> dict[str, Ints]:
    """Return by algorithm which movie it puts at each place, made of what was known when the slate was made."""
    wanted = {each.name: np.full(len(logged), -1, np.int32) for each in Algorithm}
    movies = copied(conn, _CREATED, {}, _CREATED_COLUMNS)
    movies = movies[movies["movie"] < model.movies]
    created_at = np.full(model.movies, np.inf)
    created_at[movies["movie"]] = movies["at"]
    popularity, slates = PastPopularity(conn, model), logged.slates
    scorer = Scorer(model, popularity.at(-np.inf)[0])
    bounds = np.searchsorted(logged.slate, np.arange(len(slates) + 1))
    advance = progress("slates", len(slates))
    for number, history in enumerate(histories(conn, slates, model)):
        moment = float(slates.made_at[number])
        popular, is_new = popularity.at(moment)
        if is_new:
            scorer = Scorer(model, popular)
        shown = slice(bounds[number], bounds[number + 1])
        ranks = logged.rank[shown]
        for algorithm in Algorithm:
            best, _ = scorer.top(history, int(ranks.max()), algorithm, created_at <= moment)
            is_there = ranks <= len(best)
            wanted[algorithm.name][shown][is_there] = best[ranks[is_there] - 1]
        advance(1)
    return wanted
