"""Design S4: two languages, statuses and chats, read from its own tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from resolvers.ids import split_id
from tests.catalog.services import RATED, details
from tests.compat.reading import Lived, living
from tests.postgres import Databases, move_to

INTEGER, STRING, DATETIME = "integer", "character varying", "timestamp without time zone"
DESIGN = {
    "users": {
        "id": INTEGER,
        "first_name": STRING,
        "last_name": STRING,
        "email": STRING,
        "password_hash": STRING,
        "joined": DATETIME,
    },
    "movies": {
        "id": INTEGER,
        "tmdb_id": INTEGER,
        "imdb_id": STRING,
        "title_en": STRING,
        "title_fr": STRING,
        "overview_en": "text",
        "overview_fr": "text",
        "poster_url": STRING,
        "trailer_en": STRING,
        "trailer_fr": STRING,
        "imdb_rating": "double precision",
        "vote_count": INTEGER,
        "genres": "character varying[]",
        "genre_ids": "integer[]",
        "release_year": INTEGER,
        "original_language": STRING,
        "cached_on": DATETIME,
        "imdb_updated_on": DATETIME,
    },
    "user_movies": {
        "id": INTEGER,
        "user_id": INTEGER,
        "movie_id": INTEGER,
        "status": "movie_status",
        "updated_at": DATETIME,
    },
    "chat_sessions": {
        "id": STRING,
        "user_id": INTEGER,
        "conversation": "json",
        "created_on": DATETIME,
    },
}
IN_ORDER = {table: [[*column] for column in columns.items()] for table, columns in DESIGN.items()}
NOT_NULL = {
    "users": "id first_name last_name password_hash joined",
    "movies": "id tmdb_id genres genre_ids cached_on imdb_updated_on",
    "user_movies": "id user_id movie_id updated_at",
    "chat_sessions": "id user_id conversation created_on",
}
CHAT = "{ viewer { chatSessions(first: 1) { nodes { id conversation } } } }"


@pytest.fixture(scope="module")
async def lived(clones: Databases) -> AsyncIterator[Lived]:
    """What the design's examples say: a movie of Thriller and Sci-Fi, each status, a chat."""
    with clones.clone() as conninfo:
        async with living("compat_s4", conninfo) as lived:
            genres = [{"id": 53, "name": "Thriller"}, {"id": 878, "name": "Sci-Fi"}]
            lived.services.movies[603] = details(603, "tt0133093", genres=genres, release_date="1999-03-30")
            lived.services.rated["tt0133093"] = {**RATED, "imdbID": "tt0133093"}
            for number in (604, 605, 606):
                lived.services.movies[number] = details(number, f"tt0000{number}")
                lived.services.rated[f"tt0000{number}"] = {**RATED, "imdbID": f"tt0000{number}"}
            marie = await lived.joins("marie", firstName="Marie", lastName="Curie")
            for number in (603, 604, 605, 606):
                await lived.adds(marie, number)
            await marie.does("markWatched", movieId=lived.movies[603])
            await marie.does("addToWatchlist", movieId=lived.movies[604])
            await marie.does("dismissMovie", movieId=lived.movies[605], idempotencyKey="605")
            await marie.does("recordView", movieId=lived.movies[606])
            chat = await marie.does("startChat", "session { id }")
            await marie.does("sendChatMessage", sessionId=chat["session"]["id"], text="Movie 603")
            await lived.joins("silent")
            yield lived


async def test_s4_tables_columns_and_types_are_the_designs(lived: Lived) -> None:
    assert lived.columns() == IN_ORDER
    assert lived.nulls(NOT_NULL) == []
    labels = "select enum_range(null::movie_status)::text"
    assert lived.rows(labels) == [("{seen,later,not_interested}",)]


async def test_s4_people_are_read_back(lived: Lived) -> None:
    people = lived.rows(
        "select id, first_name, last_name, email, password_hash like '$bcrypt-sha256$%' from users order by id"
    )
    assert people == [(1, "Marie", "Curie", None, True), (2, "", "", None, True)]
    own = await lived.people["marie"].ask("{ viewer { databaseId } }")
    assert own == {"viewer": {"databaseId": 1}}


async def test_s4_movies_are_read_back_in_two_languages(lived: Lived) -> None:
    youtube = "https://www.youtube.com/watch?v="
    (row,) = lived.rows(
        "select imdb_id, title_en, title_fr, overview_en, overview_fr, poster_url, trailer_en, trailer_fr,"
        " imdb_rating, vote_count, genres, genre_ids, release_year, original_language from movies where tmdb_id = 603"
    )
    assert row == (
        "tt0133093",
        "Movie 603",
        None,
        "A man who cannot sleep meets a man who sells soap.",
        "Un homme qui ne dort pas.",
        "https://image.tmdb.org/t/p/w500/poster550.jpg",
        f"{youtube}BdJKm16Co6M",
        f"{youtube}dfeUzm6KF4g",
        8.8,
        2466372,
        ["Thriller", "Sci-Fi"],
        [53, 878],
        1999,
        "en",
    )
    assert lived.rows("select from movies where cached_on > now() at time zone 'UTC'") == []


STATUSES = """
select m.tmdb_id, um.status::text from user_movies um join movies m on m.id = um.movie_id join users u on u.id = um.user_id
 where u.first_name = 'Marie' order by m.tmdb_id"""


async def test_s4_k47_statuses_are_read_back_and_stay_when_the_table_is_rebuilt(lived: Lived) -> None:
    said = [(603, "seen"), (604, "later"), (605, "not_interested")]
    assert lived.rows(STATUSES) == said
    assert lived.rows("select user_id, movie_id from user_movies group by 1, 2 having count(*) > 1") == []
    assert lived.rows("select id from user_movies group by 1 having count(*) > 1") == []
    lived.rebuild("viewing_states")
    assert lived.rows(STATUSES) == said
    marie = lived.people["marie"]
    again = {"movieId": lived.movies[605], "idempotencyKey": "605"}
    said_before = await marie.does("dismissMovie", "event { id }", **again)
    await marie.does("undo", eventId=said_before["event"]["id"])
    await marie.does("dismissMovie", movieId=lived.movies[606])
    assert lived.rows(STATUSES) == [*said[:2], (605, None), (606, "not_interested")]


async def test_s4_k85_chats_are_read_back_with_who_spoke_and_no_word_of_it(lived: Lived) -> None:
    (chat,) = (await lived.people["marie"].ask(CHAT))["viewer"]["chatSessions"]["nodes"]
    assert [turn["role"] for turn in chat["conversation"]] == ["user", "assistant"]
    assert all(turn["content"] for turn in chat["conversation"])
    ((key, conversation),) = lived.rows(
        "select c.id, c.conversation from chat_sessions c join users u on u.id = c.user_id where u.id = 1"
    )
    assert key == str(split_id(chat["id"])[1])
    assert conversation == [{**turn, "content": None} for turn in chat["conversation"]]


@pytest.mark.parametrize("table", DESIGN)
async def test_s4_nobody_may_read_who_was_not_let_and_nobody_may_write(lived: Lived, table: str) -> None:
    with psycopg.connect(lived.conninfo, autocommit=True) as conn:
        conn.execute("set role projectionist_app")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(f"select from compat_s4.{table}".encode())
        conn.execute("reset role")
        with pytest.raises((psycopg.errors.ObjectNotInPrerequisiteState, psycopg.errors.FeatureNotSupported)):
            conn.execute(f"delete from compat_s4.{table}".encode())


async def test_s4_whom_the_owner_lets_reads_the_views_alone_and_after_a_rebuild_too(lived: Lived) -> None:
    with lived.reader() as reader:
        for _ in range(2):
            for table in DESIGN:
                assert reader.execute(f"select count(*) > 0 from {table}".encode()).fetchone() == (True,)
            lived.rebuild("viewing_states")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select from public.users")


async def test_s4_the_planner_sees_through_the_function(lived: Lived) -> None:
    plan = lived.rows("explain select from user_movies where user_id = 1")
    assert "Function Scan" not in str(plan)


async def test_s4_views_go_and_come_with_their_migration(lived: Lived) -> None:
    before: dict[str, Any] = {
        table: lived.rows(f"select {table}::text from {table} order by 1") for table in DESIGN
    }
    move_to(lived.conninfo, "0017")
    assert lived.rows(f"select to_regnamespace('{lived.design}')") == [(None,)]
    move_to(lived.conninfo, "head")
    assert lived.columns() == IN_ORDER
    assert before == {table: lived.rows(f"select {table}::text from {table} order by 1") for table in DESIGN}
