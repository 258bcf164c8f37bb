"""Data sets for evaluation: ratings as interactions, movies as features."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catalog.movielens import open_release
from catalog.rows import MovieRow, RatingRow
from recsys import features
from recsys.features import Features
from recsys.interactions import Interactions
from recsys.weights import weigh


@dataclass(frozen=True)
class DataSet:
    """One release, its rows in the order of time; of a pair that was rated twice the newest rating is kept."""

    name: str
    interactions: Interactions
    features: Features


def read(path: Path) -> DataSet:
    """Read a MovieLens release from a folder or a zip. Raises UnreadableRelease.

    Features are genres and decades. Broken rows are passed over, as are ratings of movies that the release lacks.
    """
    release = open_release(path)
    movies = [row for row in release.movies() if isinstance(row, MovieRow)]
    column = {row.external_id: index for index, row in enumerate(movies)}
    ratings = {
        (row.user_external_id, row.movie_external_id): row
        for row in sorted(
            (row for row in release.ratings() if isinstance(row, RatingRow)), key=lambda row: row.rated_at
        )
        if row.movie_external_id in column
    }
    rows = sorted(ratings.values(), key=lambda row: row.rated_at)
    person: dict[str, int] = {}
    for row in rows:
        person.setdefault(row.user_external_id, len(person))
    stars = np.array([row.half_stars for row in rows])
    nothing = np.zeros(len(rows))
    interactions = Interactions(
        person=np.array([person[row.user_external_id] for row in rows], np.int32),
        movie=np.array([column[row.movie_external_id] for row in rows], np.int32),
        weight=weigh(
            reaction=nothing * np.nan,
            half_stars=stars,
            favorite=nothing,
            watched=nothing,
            listed=nothing,
            dismissed=nothing,
            viewed=nothing,
        ),
        at=np.array([row.rated_at.timestamp() for row in rows]),
        people=len(person),
        movies=len(movies),
    )
    genres = [(index, genre) for index, row in enumerate(movies) for genre in row.genres]
    described = features.build(
        len(movies),
        {
            "genre": ([index for index, _ in genres], [genre for _, genre in genres]),
            "decade": features.decades([row.year for row in movies]),
        },
    )
    return DataSet(release.name, interactions, described)
