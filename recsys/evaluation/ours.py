"""Our own models as the evaluation asks them, all from one training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from recsys.config import Config
from recsys.ease import most_liked, weights
from recsys.evaluation.metrics import LONGEST
from recsys.evaluation.peers import Ask, histories_of
from recsys.evaluation.protocols import Case, live_popularity
from recsys.interactions import Interactions
from recsys.model import Floats, Model
from recsys.scoring import Algorithm, History, Scorer


def live(interactions: Interactions, model: Model) -> Ask:
    """What is popular at the moment of each case."""
    return _with_live(interactions, model, lambda scorer, _: scorer.raw(History(), Algorithm.TRENDING))


def blend(interactions: Interactions, model: Model) -> Ask:
    """BLEND as it is served: the history up to the moment, and what is popular then."""
    return _with_live(interactions, model, lambda scorer, case: served(scorer, case.history))


def unvaried(interactions: Interactions, model: Model) -> Ask:
    """BLEND in the order of its scores."""
    return _with_live(interactions, model, lambda scorer, case: scorer.raw(case.history))


def nightly(interactions: Interactions, model: Model) -> Ask:
    """BLEND of histories as they were when the model was trained, and what is popular at the moment."""
    return _with_live(interactions, model, lambda scorer, case: served(scorer, case.nightly))


def served(scorer: Scorer, history: History) -> Floats:
    """Return scores that order as the list that is served does, as far as the evaluation looks."""
    best, _ = scorer.top(history, LONGEST)
    scores = np.full(scorer.model.movies, -np.inf, np.float32)
    scores[best] = -np.arange(len(best), dtype=np.float32)
    return scores


def with_prior(ask: Ask, interactions: Interactions, model: Model) -> Ask:
    """Another's scores with the popularity that BLEND has."""

    def asked(cases: Sequence[Case]) -> Floats:
        scores = ask(cases)
        popularity = live_popularity(interactions, [case.at for case in cases], model.config.half_life_days)
        for row, case in enumerate(cases):
            scorer = Scorer(model, popularity[row])
            scores[row] = (
                scorer.standardised(scores[row])
                + scorer.popularity_share(len(case.history.liked)) * scorer.popularity
            )
        return scores

    return asked


def inductive(model: Model) -> Ask:
    """LightFM of the history, its order ignored."""
    scorer = Scorer(orderless(model), model.likes)
    return lambda cases: np.stack([scorer.raw(case.history, Algorithm.HYBRID) for case in cases])


def ease(train: Interactions, config: Config) -> Ask:
    """EASE of the history, its order ignored, with all its weights."""
    liked = train.where(train.liked)
    known = most_liked(liked, config)
    of_ease = weights(liked, known, config)

    def ask(cases: Sequence[Case]) -> Floats:
        scores = np.zeros((len(cases), train.movies), np.float32)
        scores[:, known] = histories_of(cases, train.movies)[:, known] @ of_ease
        return scores

    return ask


def ease_and_lightfm(model: Model, of_ease: Ask) -> Ask:
    """Both with the weights that they have in BLEND; the order of the history is ignored."""
    scorer = Scorer(orderless(model), model.likes)

    def ask(cases: Sequence[Case]) -> Floats:
        scores = of_ease(cases)
        for row, case in enumerate(cases):
            weight = scorer.ease_share(len(case.history.liked))
            scores[row] = weight * scorer.standardised(scores[row]) + scorer.raw(
                case.history, Algorithm.HYBRID
            )
        return scores

    return ask


def orderless(model: Model) -> Model:
    """Return the model with histories that do not fade."""
    return replace(model, config=replace(model.config, half_life_likes=1e9))


def _with_live(interactions: Interactions, model: Model, score: Callable[[Scorer, Case], Floats]) -> Ask:
    def ask(cases: Sequence[Case]) -> Floats:
        popularity = live_popularity(interactions, [case.at for case in cases], model.config.half_life_days)
        return np.stack(
            [score(Scorer(model, popular), case) for popular, case in zip(popularity, cases, strict=True)]
        )

    return ask
