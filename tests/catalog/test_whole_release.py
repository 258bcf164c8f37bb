"""Reads and loads a whole release: a small one made here, or the published one PROJECTIONIST_MOVIELENS leads to."""

import os
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from catalog.movielens import BadRow, MovieRow, RatingRow, Release, open_release
from catalog.movies import load_movies, movie_ids
from tests.catalog.releases import CSV_FORM, GENRES, save

PUBLISHED = {
    "movielens-100k": (1_682, 100_000),
    "movielens-1m": (3_883, 1_000_209),
    "movielens-10m": (10_681, 10_000_054),
    "movielens-latest-small": (9_742, 100_836),
    "movielens-20m": (27_278, 20_000_263),
    "movielens-25m": (62_423, 25_000_095),
    "movielens-32m": (87_585, 32_000_204),
}
Sized = tuple[Release, tuple[int, int]]


@pytest.fixture
def sized(tmp_path: Path) -> Sized:
    """A release, and how many movies and ratings it holds."""
    if published := os.environ.get("PROJECTIONIST_MOVIELENS"):
        release = open_release(Path(published))
        return release, PUBLISHED[release.name]
    movies = [
        MovieRow(str(n), f"film {n}", 1900 + n % 100, (GENRES[n % 18],), None, f"tt{n:07}", n)
        for n in range(1, 401)
    ]
    ratings = [
        RatingRow(str(n % 50), str(n % 400 + 1), n % 10 + 1, "0.5-5", datetime.fromtimestamp(10**9 + n, UTC))
        for n in range(5_000)
    ]
    path = save(tmp_path, CSV_FORM.name, CSV_FORM.packed(movies, ratings), zipped=True)
    return open_release(path), (400, 5_000)


def test_every_row_is_read(sized: Sized) -> None:
    release, (movies, ratings) = sized
    assert sum(isinstance(row, MovieRow) for row in release.movies()) == movies
    assert sum(isinstance(row, RatingRow) for row in release.ratings()) == ratings
    assert not any(isinstance(row, BadRow) for row in release.movies())
    assert (release.movie_count_hint, release.rating_count_hint) == (movies, ratings)


def test_every_movie_is_loaded_once(connection: psycopg.Connection, sized: Sized) -> None:
    release, (movies, _) = sized
    first = load_movies(connection, release.name, release.movies(), lambda _: None)
    again = load_movies(connection, release.name, release.movies(), lambda _: None)
    assert (first.created, again.created, again.updated, again.unchanged) == (movies, 0, 0, movies)
    known = movie_ids(connection, release.name)
    assert len(known) == movies
    assert {row.movie_external_id for row in release.ratings() if isinstance(row, RatingRow)} <= known.keys()
