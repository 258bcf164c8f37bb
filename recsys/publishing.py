"""Which movies are like which, stored for all of them when a model begins to serve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray

from recsys.model import Floats, Ints, Model

Conn = psycopg.Connection[tuple[Any, ...]]

MOST = 20
"""Similar movies that are stored of each."""
_CHUNK = 128
"""Movies compared with all others at once: of 50,000 that takes 26 MB."""

_STAGE = """
create temp table if not exists similar_staged (movie integer, rank smallint, similar_to integer, score real)
on commit delete rows"""
_MOVIES = "select database_id from movies where merged_into is null order by 1"
_COPY = "copy similar_staged (movie, rank, similar_to, score) from stdin"
_ALONE = "select pg_advisory_xact_lock(hashtextextended('recsys.similar', 0))"
_SERVES = "select exists (select from models where model_id = %s and state = 'SERVING')"
_REPLACE = """
insert into similar_movies (movie_id, rank, similar_id, score)
select m.id, s.rank, other.id, s.score
  from similar_staged s join movies m on m.database_id = s.movie join movies other on other.database_id = s.similar_to"""


def publish_similar(conn: Conn, model_id: UUID, model: Model) -> int:
    """Replace the similar movies of all by those of a model, unless another serves; return how many rows there are now.

    Readers see the old ones until the new ones are there. `conn` is in no transaction.
    """
    known = np.array([row[0] for row in conn.execute(_MOVIES)], np.int64)
    known = known[known < model.movies]
    with conn.transaction():
        conn.execute(_STAGE)
        with conn.cursor() as cursor, cursor.copy(_COPY) as copy:
            for movies, others, scores in _compared(model, known):
                for movie, row, shares in zip(movies.tolist(), others.tolist(), scores.tolist(), strict=True):
                    for rank, (other, score) in enumerate(zip(row, shares, strict=True), 1):
                        copy.write_row((movie, rank, other, score))
        conn.execute(_ALONE)
        (serves,) = conn.execute(_SERVES, (model_id,)).fetchone() or (False,)
        if not serves:
            return 0
        conn.execute("delete from similar_movies")
        return conn.execute(_REPLACE).rowcount


def _compared(model: Model, known: NDArray[np.int64]) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Yield movies, the columns of those that are most like each, and how much: (1 + cosine) / 2, as `similar` has it."""
    vectors = model.item_vectors[known]
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-6))
    most = min(MOST, len(known) - 1)
    for low in range(0, len(known) if most > 0 else 0, _CHUNK):
        part = vectors[low : low + _CHUNK]
        cosine = part @ vectors.T
        cosine[np.arange(len(part)), low + np.arange(len(part))] = -np.inf
        best = np.argpartition(-cosine, most - 1, axis=1)[:, :most]
        found = np.take_along_axis(cosine, best, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        best, found = np.take_along_axis(best, order, axis=1), np.take_along_axis(found, order, axis=1)
        yield (
            known[low : low + _CHUNK].astype(np.int32),
            known[best].astype(np.int32),
            (1 + np.clip(found, -1, 1)) / 2,
        )
