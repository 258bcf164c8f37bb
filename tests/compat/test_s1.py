"""The design with auth_user and users_favoritemovie: its own rows, made through GraphQL and read as it reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.app.serving import Json
from tests.compat.house import House, in_order, missing, types

DESIGN = {
    "auth_user": {
        "id": "integer not null",
        "password": "character varying(128) not null",
        "last_login": "timestamp without time zone",
        "is_superuser": "boolean not null",
        "username": "character varying(150) not null",
        "email": "character varying(254)",  # promised, and sealed: see the comment of the column
        "date_joined": "timestamp without time zone not null",
    },
    "users_favoritemovie": {
        "id": "integer not null",
        "user_id": "integer not null",
        "movie_id": "integer not null",
        "created_at": "timestamp without time zone not null",
    },
}
SIGN_IN = """mutation($i: SignInInput!) { signIn(input: $i) { errors { code } session { accessToken } } }"""
RECENT = "select movie_id from compat_s1.users_favoritemovie where user_id = %s order by created_at desc"


@dataclass(frozen=True)
class Example:
    """The design's rows, as GraphQL has made them."""

    house: House
    viewer: Json
    token: str
    movies: dict[int, str]
    """Global ids by ids at TMDb."""


@pytest.fixture(scope="module")
async def example(house: House) -> Example:
    """A buff who holds two movies dear, which nobody has copied from TMDb, one that has no id there, and one no more."""
    with psycopg.connect(house.conninfo) as conn:
        conn.execute(
            "insert into movies (id, title, imdb_id) values (gen_random_uuid(), 'Not at TMDb', 'tt0000001')"
        )
    token, viewer = await house.sign_up(
        email="user@example.com", username="moviebuff", password="nobody guesses this"
    )
    movies = {0: (await house.movie(imdbId="tt0000001"))["id"]}
    for number in (550, 680, 949):
        movies[number] = await house.adds(token, number)
    for movie in movies.values():
        await house.do("favoriteMovie", token, movie)
    await house.do("unfavoriteMovie", token, movies[949])
    return Example(house, viewer, token, movies)


async def test_s1_has_the_tables_columns_and_types_of_the_design(house: House) -> None:
    assert in_order(house.columns("compat_s1")) == in_order(types(DESIGN))


async def test_s1_a_user_is_read_back(example: Example) -> None:
    house = example.house
    given = {"login": "user@example.com", "password": "nobody guesses this"}
    assert (await house.data(SIGN_IN, i=given))["signIn"]["errors"] == []
    (row,) = house.rows("select * from compat_s1.auth_user")
    assert row.pop("password").startswith("$bcrypt-sha256$")
    joined, seen = (row.pop(name).replace(tzinfo=UTC) for name in ("date_joined", "last_login"))
    assert joined < seen
    assert abs(seen - datetime.now(UTC)) < timedelta(minutes=10)
    assert row == {
        "id": example.viewer["databaseId"],
        "is_superuser": False,
        "username": "moviebuff",
        "email": None,
    }
    assert example.viewer["email"] == "user@example.com"


async def test_s1_admins_are_superusers_and_a_missing_password_matches_nothing(example: Example) -> None:
    with psycopg.connect(example.house.conninfo) as conn:
        conn.execute("update users set roles = '{person,admin}', password_hash = null")
        (row,) = conn.execute("select is_superuser, password from compat_s1.auth_user").fetchall()
        conn.rollback()
    assert row == (True, "!")


async def test_s1_k44_favourites_are_read_back_the_most_recent_first(example: Example) -> None:
    house, user_id = example.house, example.viewer["databaseId"]
    assert house.rows(RECENT, user_id) == [{"movie_id": 680}, {"movie_id": 550}]
    rows = house.rows("select * from compat_s1.users_favoritemovie order by id")
    assert [row["user_id"] for row in rows] == [user_id] * 2
    assert rows[0]["created_at"] < rows[1]["created_at"]
    await house.do("favoriteMovie", example.token, example.movies[550])  # said twice, it is one
    assert house.rows("select * from compat_s1.users_favoritemovie order by id") == rows


async def test_s1_what_is_never_null_in_the_design_is_not(example: Example) -> None:
    found = example.house.all_of("compat_s1")
    assert {name: len(rows) for name, rows in found.items()} == {"auth_user": 1, "users_favoritemovie": 2}
    assert missing(DESIGN, found) == set()


async def test_s1_a_rebuild_leaves_the_views_right(example: Example) -> None:
    house, user_id = example.house, example.viewer["databaseId"]
    before = house.all_of("compat_s1")
    house.rebuild("favorites")
    assert house.all_of("compat_s1") == before
    await house.do("favoriteMovie", example.token, example.movies[949])  # seen in the new table
    assert house.rows(RECENT, user_id)[0] == {"movie_id": 949}
    await house.do("unfavoriteMovie", example.token, example.movies[949])
    assert house.all_of("compat_s1") == before
