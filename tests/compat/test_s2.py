"""The design with Users, Movies, UserMovies and Watchlist: its own rows, made through GraphQL and read as it reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from database.connect import connect
from tests.app.serving import serving
from tests.app.test_refreshing import refreshing
from tests.catalog.services import TOKEN, details, running
from tests.compat.house import House, in_order, key, missing, types
from tests.postgres import Databases
from tests.waiting import until

DESIGN = {
    "Users": {
        "id": "text not null",
        "email": "text",  # promised, and sealed: see the comment of the column
        "username": "text not null",
        "passwordHash": "text not null",
        "createdAt": "timestamp(3) without time zone not null",
        "updatedAt": "timestamp(3) without time zone not null",
    },
    "Movies": {
        "id": "text not null",
        "tmdbId": "integer not null",
        "title": "text not null",
        "overview": "text",
        "posterPath": "text",
        "releaseDate": "text",
        "genres": "jsonb",
        "director": "text",
        "cast": "jsonb",
        "runtime": "integer",
        "lastUpdated": "timestamp(3) without time zone not null",
    },
    "UserMovies": {
        "id": "text not null",
        "userId": "text not null",
        "movieId": "text not null",
        "rating": 'compat_s2."Rating" not null',
        "watched": "boolean not null",
        "createdAt": "timestamp(3) without time zone not null",
        "updatedAt": "timestamp(3) without time zone not null",
    },
    "Watchlist": {
        "id": "text not null",
        "userId": "text not null",
        "movieId": "text not null",
        "addedAt": "timestamp(3) without time zone not null",
        "priority": 'compat_s2."Priority" not null',
    },
}
INFINITY_WAR = details(
    299536,
    "tt4154756",
    title="Avengers: Infinity War",
    overview="As the Avengers and their allies...",
    poster_path="/7WsyChQLEftFiDOVTGkv3hFpyyt.jpg",
    release_date="2018-04-25",
    runtime=149,
    genres=[{"id": 12, "name": "Adventure"}, {"id": 28, "name": "Action"}],
    credits={
        "cast": [{"id": 3223, "name": "Robert Downey Jr.", "character": "Tony Stark", "order": 0}],
        "crew": [{"id": 19271, "name": "Anthony Russo", "job": "Director"}],
    },
)
OTHERS = (550, 680, 949)
LIKED = """select m.title, um.rating::text from compat_s2."UserMovies" um join compat_s2."Movies" m on m.id = um."movieId"
 where um."userId" = %s and um.rating in ('LIKE', 'SUPER_LIKE')"""
TO_SEE = """select m."tmdbId", w.priority::text from compat_s2."Watchlist" w join compat_s2."Movies" m on m.id = w."movieId"
 where w."userId" = %s order by w."addedAt" desc"""
WITH_ALL = """select m.id,
   (select json_agg(um.rating) from compat_s2."UserMovies" um where um."movieId" = m.id) as "userMovies",
   (select json_agg(w.priority) from compat_s2."Watchlist" w where w."movieId" = m.id) as watchlist
  from compat_s2."Movies" m where m."tmdbId" = 299536"""
COUNTS = """select rating::text, count(id) as n from compat_s2."UserMovies" where "userId" = %s group by rating
 order by rating"""


@dataclass(frozen=True)
class Example:
    """The design's rows, as GraphQL has made them."""

    house: House
    john: str
    token: str
    email: str
    movies: dict[int, str]
    """Their ids in the views, by their ids at TMDb."""


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, Any]]:
    """TMDb with the movies of the design."""
    with running() as found:
        found.movies |= {299536: INFINITY_WAR} | {number: details(number) for number in OTHERS}
        yield {"tmdb_url": found.url, "tmdb_token": TOKEN, "tmdb_per_second": 1000.0}


@pytest.fixture(scope="module")
async def house(clones: Databases, services: dict[str, Any]) -> AsyncIterator[House]:
    """A server beside TMDb, and a worker that fetches from there."""
    with clones.clone() as conninfo:
        async with serving(conninfo, filled=False, **services) as served:
            with refreshing(conninfo, services):
                yield House(served, conninfo)


@pytest.fixture(scope="module")
async def example(house: House) -> Example:
    """John, who loved one movie after he only liked it, did not enjoy another, and wants to see two."""
    with connect(house.conninfo) as conn:
        conn.execute("insert into movies (id, title) values (gen_random_uuid(), 'Not at TMDb')")
    token, viewer = await house.sign_up(
        email="john@example.com", username="john_doe", password="nobody guesses this"
    )
    named = {number: await house.adds(token, number) for number in (299536, *OTHERS)}
    with connect(house.conninfo) as conn:
        fetched = "select count(*) = 4 from movie_copies where fetched_at is not null"
        await asyncio.to_thread(until, lambda: conn.execute(fetched).fetchone() == (True,))
    await house.do("addToWatchlist", token, named[299536], priority="HIGH")
    await house.do("markWatched", token, named[299536], reaction="LIKE")
    await house.do("reactToMovie", token, named[299536], reaction="SUPER_LIKE")
    await house.do("reactToMovie", token, named[550], reaction="DISLIKE")
    await house.do("addToWatchlist", token, named[680])
    await house.do("addToWatchlist", token, named[949], priority="LOW")
    await house.do("setWatchlistPriority", token, named[949], priority="HIGH")
    return Example(
        house,
        key(viewer["id"]),
        token,
        viewer["email"],
        {number: key(each) for number, each in named.items()},
    )


async def test_s2_has_the_tables_columns_and_types_of_the_design(house: House) -> None:
    assert in_order(house.columns("compat_s2")) == in_order(types(DESIGN))


async def test_s2_a_user_is_read_back(example: Example) -> None:
    (row,) = example.house.rows('select * from compat_s2."Users"')
    assert row["id"] == example.john
    assert row["username"] == "john_doe"
    assert row["passwordHash"].startswith("$bcrypt-sha256$")
    assert row["email"] is None
    assert example.email == "john@example.com"
    assert row["createdAt"] <= row["updatedAt"]
    assert abs(row["createdAt"].replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=10)


async def test_s2_a_movie_is_read_back(example: Example) -> None:
    (row,) = example.house.rows('select * from compat_s2."Movies" where "tmdbId" = 299536')
    fetched = row.pop("lastUpdated").replace(tzinfo=UTC)
    assert abs(fetched - datetime.now(UTC)) < timedelta(minutes=10)
    assert row == {
        "id": example.movies[299536],
        "tmdbId": 299536,
        "title": "Avengers: Infinity War",
        "overview": "As the Avengers and their allies...",
        "posterPath": "/7WsyChQLEftFiDOVTGkv3hFpyyt.jpg",
        "releaseDate": "2018-04-25",
        "genres": [{"id": 12, "name": "Adventure"}, {"id": 28, "name": "Action"}],
        "director": "Anthony Russo",
        "cast": [{"id": 3223, "name": "Robert Downey Jr.", "character": "Tony Stark"}],
        "runtime": 149,
    }


async def test_s2_a_rating_keeps_its_row_when_it_changes(example: Example) -> None:
    query = 'select * from compat_s2."UserMovies" where "movieId" = %s'
    (row,) = example.house.rows(query, example.movies[299536])
    assert row["createdAt"] < row["updatedAt"]
    assert (row["userId"], row["rating"], row["watched"]) == (example.john, "SUPER_LIKE", True)
    assert UUID(row["id"])
    await example.house.do(
        "reactToMovie", example.token, (await example.house.movie(tmdbId=299536))["id"], reaction="LIKE"
    )
    (changed,) = example.house.rows(query, example.movies[299536])
    assert (changed["id"], changed["createdAt"]) == (row["id"], row["createdAt"])
    assert changed["updatedAt"] > row["updatedAt"]
    await example.house.do(
        "reactToMovie", example.token, (await example.house.movie(tmdbId=299536))["id"], reaction="SUPER_LIKE"
    )


async def test_s2_stars_alone_are_no_rating_and_a_new_rating_is_a_new_row(example: Example) -> None:
    query = 'select "createdAt", "updatedAt" from compat_s2."UserMovies" where "movieId" = %s'
    movie = (await example.house.movie(tmdbId=550))["id"]
    await example.house.do("reactToMovie", example.token, movie, reaction=None)
    await example.house.do("rateMovie", example.token, movie, stars=1.5)
    assert example.house.rows(query, example.movies[550]) == []
    await example.house.do("reactToMovie", example.token, movie, reaction="DISLIKE")
    (row,) = example.house.rows(query, example.movies[550])
    assert row["createdAt"] == row["updatedAt"]
    await example.house.do("rateMovie", example.token, movie, stars=2)
    assert example.house.rows(query, example.movies[550]) == [row]


async def test_s2_nothing_is_both_rated_and_on_the_watchlist(example: Example) -> None:
    found = example.house.rows("""
    select w."movieId" from compat_s2."Watchlist" w join compat_s2."UserMovies" um using ("userId", "movieId")""")
    assert found == []


async def test_s2_k53_the_common_queries(example: Example) -> None:
    rows, john = example.house.rows, example.john
    assert rows(LIKED, john) == [{"title": "Avengers: Infinity War", "rating": "SUPER_LIKE"}]
    assert rows(TO_SEE, john) == [
        {"tmdbId": 949, "priority": "HIGH"},
        {"tmdbId": 680, "priority": "MEDIUM"},
    ]
    assert rows(WITH_ALL) == [{"id": example.movies[299536], "userMovies": ["SUPER_LIKE"], "watchlist": None}]
    assert rows(COUNTS, john) == [{"rating": "DISLIKE", "n": 1}, {"rating": "SUPER_LIKE", "n": 1}]


async def test_s2_what_is_never_null_in_the_design_is_not(example: Example) -> None:
    found = example.house.all_of("compat_s2")
    assert {name: len(rows) for name, rows in found.items()} == {
        "Users": 1,
        "Movies": 4,
        "UserMovies": 2,
        "Watchlist": 2,
    }
    assert missing(DESIGN, found) == set()


@pytest.mark.parametrize("table", ["ratings", "watchlist"])
async def test_s2_a_rebuild_leaves_the_views_right(example: Example, table: str) -> None:
    house, movie = example.house, (await example.house.movie(tmdbId=680))["id"]
    before = house.all_of("compat_s2")
    house.rebuild(table)
    assert house.all_of("compat_s2") == before
    await house.do("reactToMovie", example.token, movie, reaction="OK")  # seen in the new table
    rated = house.rows('select rating from compat_s2."UserMovies" where "movieId" = %s', example.movies[680])
    wanted = house.rows('select id from compat_s2."Watchlist" where "movieId" = %s', example.movies[680])
    assert (rated, wanted) == ([{"rating": "OK"}], [])
    await house.do("reactToMovie", example.token, movie, reaction=None)
    await house.do("addToWatchlist", example.token, movie)


async def test_s2_k105_a_persons_rows_are_found_by_an_index(example: Example) -> None:
    """The planner sees through the functions: nothing of others is read."""
    with psycopg.connect(example.house.conninfo) as conn:
        conn.execute("set enable_seqscan = off")
        (plan,) = conn.execute(
            'explain (format json) select rating from compat_s2."UserMovies" where "userId" = %s',
            (example.john,),
        ).fetchall()
    assert "Function Scan" not in str(plan)
