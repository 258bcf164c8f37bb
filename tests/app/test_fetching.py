"""Movies from TMDb and OMDb, from what the services answer to what the catalogue then has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.fetching import Fetching
from app.importing_remote import mint
from app.remotes import remotes
from catalog.copies import targets
from catalog.remote import Away, Denied
from catalog.rows import BadRow
from tests.catalog.services import KEY, RATED, TOKEN, Services, details, running
from tests.world import settings

Conn = psycopg.Connection[Any]
Fetch = Callable[..., Fetching]


@pytest.fixture
def services() -> Iterator[Services]:
    with running() as found:
        yield found


@pytest.fixture
def fetch(services: Services, connection: Conn) -> Iterator[Fetch]:
    """Fetches movies, by default those of 550, and returns what did it."""
    given = settings(
        tmdb_url=services.url, tmdb_token=TOKEN, omdb_url=services.url, omdb_key=KEY, tmdb_per_second=1000.0
    )
    with remotes(given, None) as found:

        def run(*movies: UUID, omdb: bool = False, **more: Any) -> Fetching:
            fetching = Fetching(found.tmdb, found.omdb if omdb else None, days=30, **more)
            fetching.fetch(connection, movies or mint(connection, [550], []))
            return fetching

        yield run


def one(conn: Conn, query: str) -> Any:
    (row,) = conn.execute(query).fetchall()
    return row


def test_k20_k28_a_stub_becomes_a_movie_with_all_that_is_said_of_it(connection: Conn, fetch: Fetch) -> None:
    (stub,) = mint(connection, [550], [])
    assert fetch(stub).outcome.updated == 1
    assert one(
        connection,
        "select id, tmdb_id, imdb_id, title, tagline, release_date, runtime_minutes, director, languages, countries,"
        " poster_path, trailer_url, rating, vote_count from movies",
    ) == (
        *(stub, 550, "tt0137523", "Fight Club", "Soap.", date(1999, 10, 15), 139, "David Fincher", ["en"], ["US"]),
        *("/poster550.jpg", "https://www.youtube.com/watch?v=BdJKm16Co6M", pytest.approx(8.4), 26280),
    )
