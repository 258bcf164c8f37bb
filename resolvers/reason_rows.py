"""Reasons as rows of JSON, which a statement gives their titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from recsys.reasons import Reason
from recsys.standing import Standing

_WORDS = {
    "genre": "Because you like {}",
    "decade": "Because you like movies of the {}s",
    "language": "Because you like movies in this language",
    "person": "Because you like movies with {}",
}
_POPULAR = {"text": "Many people like it now", "because_movie_id": None, "amount": None}


def reason_rows(standing: Standing, movie: int, why: Sequence[Reason]) -> str:
    """Return why a movie, by its column, is recommended: where nothing is of the person's own, many may like it now."""
    rows: list[Mapping[str, object]] = []
    for reason in why:
        if reason.liked is not None:
            liked = standing.movies.ids[reason.liked].decode()
            rows.append({"text": None, "because_movie_id": liked or None, "amount": round(reason.amount, 6)})
        elif reason.feature is not None:
            kind, _, value = standing.scorer.model.features[reason.feature].partition(":")
            if kind in _WORDS:
                rows.append({"text": _WORDS[kind].format(value), "because_movie_id": None, "amount": None})
    if not rows and standing.scorer.popularity[movie] > 0:
        rows.append(_POPULAR)
    return orjson.dumps(rows).decode()
