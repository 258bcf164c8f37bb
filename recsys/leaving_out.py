"""Scores of a few movies for a history, and for the same history without each of some likes: exact, and all at once.

Where a like is taken away, those before it have faded one step less. LightFM's part is linear in the person, so its mean
and deviation over the catalogue follow from moments that are made once a model; EASE's part is summed over the movies
that it moves at all; live popularity depends on the number of likes alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.linear import FLAT, Floats, Linear
from recsys.scoring import Algorithm, History, Scorer, as_share, ease_reach, faded, person

Ids = NDArray[np.int64]


def scores_without(
    scorer: Scorer, history: History, movies: Ids, places: Ids, algorithm: Algorithm
) -> tuple[Floats, Floats]:
    """Return [1 + places, movies] twice: the scores for the history, then those for it without the like at each place.

    First as they would be; then with popularity counting as it does now, though it counts more with a like less.
    """
    raw = _raw(scorer, history, movies, places, algorithm)
    held = raw
    if algorithm is Algorithm.BLEND and len(places):
        n = len(history.liked)
        more = scorer.popularity_share(n - 1) - scorer.popularity_share(n)
        held = (
            raw - np.append(np.float32(0), np.full(len(places), more))[:, None] * scorer.unpopularity[movies]
        )
    return as_share(raw), as_share(held)


def _raw(scorer: Scorer, history: History, movies: Ids, places: Ids, algorithm: Algorithm) -> Floats:
    match algorithm:
        case Algorithm.HYBRID:
            return _lightfm(scorer, history, scorer.by_items, movies, places)
        case Algorithm.CONTENT_BASED:
            return _lightfm(scorer, history, scorer.by_content, movies, places)
        case Algorithm.COLLABORATIVE:
            return _ease(scorer, history, movies, places)
        case Algorithm.TRENDING:
            return np.tile(scorer.popularity[movies], (1 + len(places), 1))
        case Algorithm.BLEND:
            return _blend(scorer, history, movies, places)


def _blend(scorer: Scorer, history: History, movies: Ids, places: Ids) -> Floats:
    n = len(history.liked)
    if not n:
        return scorer.raw(history)[None, movies]
    likes = [n] + [n - 1] * len(places)
    popular = np.array([scorer.popularity_share(each) for each in likes])[:, None]
    ease = np.array([scorer.ease_share(each) for each in likes])[:, None]
    raw = popular * scorer.unpopularity[movies]
    raw += _lightfm(scorer, history, scorer.by_items, movies, places, away=scorer.away(history))
    raw += ease * _ease(scorer, history, movies, places)
    if n == 1:  # without any like, what was chosen counts in another way
        raw[1:] = scorer.raw(history.without(0))[movies]
    return raw


def _lightfm(
    scorer: Scorer, history: History, by: Linear, movies: Ids, places: Ids, away: Floats | float = 0.0
) -> Floats:
    tastes, weights = scorer.tastes(history)
    gone = places + (len(weights) - len(history.liked))
    kept = np.where(np.arange(len(weights)) == np.append(-1, gone)[:, None], np.float32(0), weights)
    people = person(tastes, kept, _faded(scorer, weights, gone), scorer.model.config) - away
    return _divided(*by.centred(people, movies))


def _ease(scorer: Scorer, history: History, movies: Ids, places: Ids) -> Floats:
    model, n = scorer.model, len(history.liked)
    beyond = n - ease_reach(model.config)
    fading = _faded(scorer, history.weights, places)
    if beyond > 0:
        # the newest like beyond the reach comes in when one within it goes
        fading[np.append(-1, places) < beyond, beyond - 1] = 0
    first = max(0, beyond - 1)
    rows = model.ease_rows[history.liked[first:]]
    width, moved = len(model.neighbors), model.neighbor_weights[rows]
    moves = np.zeros(len(rows) * width, np.float32)
    moves[model.ease_rows.take(model.neighbors[rows]) + width * np.arange(len(rows))[:, None]] = moved
    scores = fading[:, first:] @ moves.reshape(-1, width)
    mean = fading[:, first:] @ moved.sum(axis=1) / max(model.liked_movies, 1)
    square = np.vecdot(scores, scores) / max(model.liked_movies, 1)
    wanted = scores[:, model.ease_rows[movies]] - mean[:, None]
    return _divided(wanted, np.sqrt(np.maximum(square - mean * mean, 0)))


def _faded(scorer: Scorer, weights: Floats, gone: Ids) -> Floats:
    """Return [1 + gone, likes]: the weights as they count now, then as they would without the like at each place."""
    config = scorer.model.config
    place, gone = np.arange(len(weights)), np.append(-1, gone)[:, None]
    fresher = np.where(place < gone, np.float32(0.5 ** (-1 / config.half_life_likes)), np.float32(1))
    return np.where(place == gone, np.float32(0), fresher) * faded(weights, config)


def _divided(scores: NDArray[np.floating], deviation: NDArray[np.floating]) -> Floats:
    is_flat = deviation <= FLAT
    divided = scores / np.where(is_flat, 1, deviation)[:, None]
    return np.where(is_flat[:, None], 0, divided).astype(np.float32)
