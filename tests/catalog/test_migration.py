"""A catalogue from before people were people: what it had is there afterwards, and before again on the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from alembic import command

from app.database import _config, _connection

BEFORE = """
insert into movies (id, title, release_year, director) values
  ('00000000-0000-0000-0000-000000000001', 'Café Society', 2016, 'Woody Allen'),
  ('00000000-0000-0000-0000-000000000002', 'Annie Hall', 1977, 'Woody Allen'),
  ('00000000-0000-0000-0000-000000000003', 'Not made yet', null, null);
insert into movie_cast values
  ('00000000-0000-0000-0000-000000000002', 1, 'Woody Allen', 'Alvy Singer'),
  ('00000000-0000-0000-0000-000000000002', 2, 'Diane Keaton', null);
"""
CAST = "select right(movie_id::text, 1), rank, name, character from movie_cast order by 1, 2"
FOUND = "select title from movies where search @@ {} order by 1"


@pytest.fixture
def moved(empty_database: str) -> Callable[..., psycopg.Connection[tuple[Any, ...]]]:
    """Brings the database to a revision, and gives a connection to it."""

    def to(revision: str, *, back: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
        with _connection(empty_database) as connection:
            config = _config()
            config.attributes["connection"] = connection
            (command.downgrade if back else command.upgrade)(config, revision)
            connection.commit()
        return psycopg.connect(empty_database, autocommit=True)

    return to


def test_directors_and_cast_become_people_and_come_back(
    moved: Callable[..., psycopg.Connection[tuple[Any, ...]]],
) -> None:
    with moved("0006") as conn:
        conn.execute(BEFORE)
        cast = conn.execute(CAST).fetchall()
    with moved("0008") as conn:
        assert conn.execute("select name from people order by 1").fetchall() == [
            ("Diane Keaton",),
            ("Woody Allen",),
        ]
        credits_ = (
            "select right(movie_id::text, 1), job, rank, name, character from movie_credits order by 1, 2, 3"
        )
        assert conn.execute(credits_).fetchall() == [
            ("1", "DIRECTOR", 1, "Woody Allen", None),
            ("2", "ACTOR", 1, "Woody Allen", "Alvy Singer"),
            ("2", "ACTOR", 2, "Diane Keaton", None),
            ("2", "DIRECTOR", 1, "Woody Allen", None),
        ]
        assert conn.execute(CAST).fetchall() == cast  # for servers that are still about
        for words in (["cafe"], ["socety"], ["ANNIE", "hal"]):
            assert len(conn.execute(FOUND.format("search_query(%s)"), (words,)).fetchall()) == 1
    with moved("0006", back=True) as conn:
        assert conn.execute(CAST).fetchall() == cast
        assert conn.execute("select director from movies order by title").fetchall() == [
            ("Woody Allen",),
            ("Woody Allen",),
            (None,),
        ]
        assert conn.execute(FOUND.format("to_tsquery('simple', 'café:*')")).fetchall() == [("Café Society",)]
    with moved("0008") as conn:
        assert conn.execute("select count(*) from people").fetchone() == (2,)


def test_titles_from_before_are_found_by_their_words_and_as_before_on_the_way_back(
    moved: Callable[..., psycopg.Connection[tuple[Any, ...]]],
) -> None:
    with moved("0034") as conn:
        conn.execute("insert into movies (id, title) values (gen_random_uuid(), 'WALL·E und die Straße')")
    for revision, found in (("0035", 1), ("0034", 0), ("0035", 1)):
        with moved(revision, back=revision == "0034") as conn:
            for words, count in ((["wall", "strasse"], found), (["wall", "straße"], 1), (["stasse"], found)):
                rows = conn.execute(FOUND.format("search_query(%s)"), (words,)).fetchall()
                assert len(rows) == count, (revision, words)
