"""The design with users, movies and interactions: its own rows, made through GraphQL and read as it reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from app.importing_catalogue import import_movies
from app.merging import finish_merges, record_merge
from catalog.uniting import merge
from database.connect import connect
from tests.app.serving import Json
from tests.compat.house import House, in_order, key, missing, types

_INTERACTIONS = {
    "id": "integer not null",
    "user_id": "integer not null",
    "movie_id": "integer not null",
    "interaction_type": "character varying not null",
    "timestamp": "timestamp without time zone not null",
}
DESIGN = {
    "users": {
        "id": "integer not null",
        "email": "character varying",
        "hashed_password": "character varying not null",
        "created_at": "timestamp without time zone not null",
        "is_active": "boolean not null",
    },
    "movies": {
        "id": "integer not null",
        "tconst": "character varying",
        "primaryTitle": "character varying not null",
        "startYear": "integer",
        "genres": "character varying",
    },
    "interactions": _INTERACTIONS,
    "interactions_as_integers": {**_INTERACTIONS, "interaction_type": "integer not null"},
}
MOVIES = """tconst,primaryTitle,startYear,genres
tt15398776,Oppenheimer,2023,"Biography,Drama,History"
tt0113277,Heat,1995,"Action,Crime,Drama"
tt0000009,Nobody Knows,,
"""
MAPPING = {"imdb_id": "tconst", "title": "primaryTitle", "year": "startYear", "genres": "genres"}
LEAVE = "mutation($i: DeactivateAccountInput!) { deactivateAccount(input: $i) { errors { code } } }"
ERASE = "mutation($i: EraseAccountInput!) { eraseAccount(input: $i) { errors { code } } }"
PASSWORD = "nobody guesses this"
TYPES = "select movie_id, interaction_type from compat_s0.{} where user_id = %s order by timestamp"


@dataclass(frozen=True)
class Example:
    """The design's rows, as GraphQL has made them."""

    house: House
    viewer: Json
    token: str
    oppenheimer: Json
    heat: Json


def written(path: Path) -> Path:
    path.write_text(MOVIES)
    return path


@pytest.fixture(scope="module")
async def example(house: House, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Somebody who likes one movie and dislikes another."""
    table = written(tmp_path_factory.mktemp("s0") / "movies.csv")
    import_movies(house.conninfo, table, source="s0", mapping=MAPPING)
    token, viewer = await house.sign_up(email="user@example.com", password=PASSWORD)
    oppenheimer = await house.movie(imdbId="tt15398776")
    heat = await house.movie(imdbId="tt0113277")
    await house.do("reactToMovie", token, oppenheimer["id"], reaction="LIKE")
    await house.do("reactToMovie", token, heat["id"], reaction="DISLIKE")
    return Example(house, viewer, token, oppenheimer, heat)


async def test_s0_has_the_tables_columns_and_types_of_the_design(house: House) -> None:
    assert in_order(house.columns("compat_s0")) == in_order(types(DESIGN))


async def test_s0_a_user_is_read_back(example: Example) -> None:
    (row,) = example.house.rows("select * from compat_s0.users")
    assert row.pop("hashed_password").startswith("$bcrypt-sha256$")
    assert abs(row.pop("created_at").replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=10)
    assert row == {"id": example.viewer["databaseId"], "email": None, "is_active": True}
    assert example.viewer["email"] == "user@example.com"


async def test_s0_who_left_is_not_active(house: House) -> None:
    token, viewer = await house.sign_up(email="leaver@example.com", password=PASSWORD)
    active = "select is_active from compat_s0.users where id = %s"
    assert house.rows(active, viewer["databaseId"]) == [{"is_active": True}]
    data = await house.data(LEAVE, token=token, i={"password": PASSWORD})
    assert data["deactivateAccount"]["errors"] == []
    assert house.rows(active, viewer["databaseId"]) == [{"is_active": False}]


async def test_s0_k24_a_movie_is_read_back_with_its_genres_as_one_text(example: Example) -> None:
    rows = example.house.rows("select * from compat_s0.movies where tconst = 'tt15398776'")
    assert rows == [
        {
            "id": example.oppenheimer["databaseId"],
            "tconst": "tt15398776",
            "primaryTitle": "Oppenheimer",
            "startYear": 2023,
            "genres": "Biography,Drama,History",
        }
    ]


async def test_s0_k40_k41_interactions_are_a_log_book_in_both_codings(example: Example) -> None:
    house, token, user_id = example.house, example.token, example.viewer["databaseId"]
    first, second = example.oppenheimer, example.heat

    def said(view: str) -> list[tuple[int, object]]:
        rows = house.rows(TYPES.format(view), user_id)
        return [(row["movie_id"], row["interaction_type"]) for row in rows]

    like, dislike = (first["databaseId"], "like"), (second["databaseId"], "dislike")
    assert said("interactions") == [like, dislike]
    await house.do("reactToMovie", token, first["id"], reaction="SUPER_LIKE")
    await house.do("reactToMovie", token, second["id"], reaction=None)  # what was said stays in the book
    await house.do("reactToMovie", token, second["id"], reaction="OK")  # which the design has no word for
    assert said("interactions") == [like, dislike, (first["databaseId"], "superlike")]
    assert [number for _, number in said("interactions_as_integers")] == [1, -1, 2]
    ids = house.rows("select id from compat_s0.interactions order by timestamp")
    assert [row["id"] for row in ids] == sorted({row["id"] for row in ids})


async def test_s0_users_meet_movies_through_interactions(example: Example) -> None:
    rows = example.house.rows("""
    select u.id, m.tconst from compat_s0.users u join compat_s0.interactions i on i.user_id = u.id
      join compat_s0.movies m on m.id = i.movie_id where i.interaction_type = 'dislike'""")
    assert rows == [{"id": example.viewer["databaseId"], "tconst": "tt0113277"}]


async def test_s0_who_is_erased_is_in_no_view(example: Example) -> None:
    """The events stay in the log, and name nobody there is."""
    house = example.house
    before = house.all_of("compat_s0")
    token, viewer = await house.sign_up(email="gone@example.com", password=PASSWORD)
    await house.do("reactToMovie", token, example.heat["id"], reaction="LIKE")
    assert len(house.rows(TYPES.format("interactions"), viewer["databaseId"])) == 1
    data = await house.data(ERASE, token=token, i={"password": PASSWORD})
    assert data["eraseAccount"]["errors"] == []
    assert house.all_of("compat_s0") == before


async def test_s0_what_is_never_null_in_the_design_is_not(example: Example) -> None:
    found = example.house.all_of("compat_s0")
    assert min(len(rows) for rows in found.values()) > 0
    assert missing(DESIGN, found) == set()


async def test_s0_k20_a_movie_that_became_another_is_no_row_and_its_likes_are_the_others(
    example: Example,
) -> None:
    house = example.house
    token, viewer = await house.sign_up(email="both@example.com", password=PASSWORD)
    for tmdb_id in (15398776, 113277):
        house.mint(tmdb_id)
    double, other = await house.movie(tmdbId=15398776), await house.movie(tmdbId=113277)
    await house.do("reactToMovie", token, double["id"], reaction="LIKE")
    await house.do("reactToMovie", token, other["id"], reaction="DISLIKE")
    await house.do("reactToMovie", token, example.heat["id"], reaction="SUPER_LIKE")  # the later word
    with connect(house.conninfo) as conn:
        for gone, kept in ((double, example.oppenheimer), (other, example.heat)):
            merge(conn, UUID(key(gone["id"])), UUID(key(kept["id"])), record_merge)
        finish_merges(conn)
    said = [tuple(row.values()) for row in house.rows(TYPES.format("interactions"), viewer["databaseId"])]
    assert said == [(example.oppenheimer["databaseId"], "like"), (example.heat["databaseId"], "superlike")]
    gone_ids = [double["databaseId"], other["databaseId"]]
    assert house.rows("select from compat_s0.movies where id = any (%s)", gone_ids) == []
    lost = "select from compat_s0.interactions where movie_id not in (select id from compat_s0.movies)"
    assert house.rows(lost) == []


async def test_s0_the_book_outlives_a_rebuild_and_is_found_by_person(example: Example) -> None:
    """Nothing of it is read from a table that a rebuild replaces, and the planner sees through the function."""
    before = example.house.all_of("compat_s0")
    example.house.rebuild("ratings")
    assert example.house.all_of("compat_s0") == before
    with psycopg.connect(example.house.conninfo) as conn:
        (plan,) = conn.execute("explain (format json) select * from compat_s0.interactions").fetchall()
    assert "Function Scan" not in str(plan)
