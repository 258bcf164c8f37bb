"""What the catalogue knows of movies, for the recommender."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg

from recsys.features import Features, build

Conn = psycopg.Connection[tuple[Any, ...]]

LEADS = 5
"""Parts of the cast that count."""

# what TMDb says must not be learnt from: their terms
_LEARNT = "m.told_by->>'{}' is distinct from 'tmdb'"
_VALUES = {
    "genre": "select g.name, m.database_id from movies m join movie_genres mg on mg.movie_id = m.id"
    f" join genres g on g.id = mg.genre_id where {_LEARNT.format('genres')}",
    "decade": "select (release_year / 10 * 10)::text, database_id from movies m"
    f" where release_year is not null and {_LEARNT.format('release_year')}",
    "language": "select original_language, database_id from movies m"
    f" where original_language is not null and {_LEARNT.format('original_language')}",
    "person": "select distinct p.name, m.database_id from movies m join movie_credits c on c.movie_id = m.id"
    " join people p on p.id = c.person_id"
    f" where c.job = 'DIRECTOR' and {_LEARNT.format('directors')}"
    f" or c.job = 'ACTOR' and c.rank <= {LEADS} and {_LEARNT.format('cast')}",
}
_GROUPED = "select value, array_agg(movie order by movie) from ({}) as known (value, movie) group by value order by value"


def read_features(conn: Conn, movies: int) -> Features:
    """Return the features of the movies below this `database_id`, as the catalogue knows them now.

    Genres, decades, original languages, and people: who directed it and its leads. What TMDb said is left out.
    """
    columns = {}
    for kind, values in _VALUES.items():
        found = conn.execute(_GROUPED.format(values)).fetchall()
        movie = np.concatenate([np.zeros(0, np.int64), *(np.array(ids, np.int64) for _, ids in found)])
        value = np.repeat(np.array([name for name, _ in found], np.str_), [len(ids) for _, ids in found])
        columns[kind] = (movie[movie < movies], value[movie < movies].tolist())
    return build(movies, columns)
