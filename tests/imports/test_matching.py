"""Which movie an export means."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest

from imports.matching import CANDIDATES, match
from imports.told import Film

Conn = psycopg.Connection[tuple[Any, ...]]

MOVIES: tuple[tuple[str, str | None, int | None, str | None, int | None], ...] = (
    ("Heat", None, 1995, "tt0113277", 949),
    ("Heat", None, 1986, "tt0091184", None),
    ("The Thing", None, 1982, "tt0084787", 1091),
    ("The Thing", None, 2011, "tt0905372", 60935),
    ("Amélie", "Le Fabuleux Destin d'Amélie Poulain", 2001, None, None),
    ("Tom & Jerry", None, 2021, None, None),
    ("WALL·E", None, 2008, None, None),
    ("Чужой", None, 1979, None, None),
    ("Twins", None, 1988, None, 1),
    ("Twins", None, 1988, None, 2),
    ("Solaris", None, 1971, None, None),
    ("Solaris", None, 1972, None, None),
    ("...", None, 2000, None, None),
    ("!!!", None, 2000, None, None),
    ("Stub", None, None, "tt7654321", None),
    *(("Many", None, 1990, None, 100 + n) for n in range(CANDIDATES + 1)),
)


def key(number: int) -> UUID:
    return uuid5(UUID(int=20), str(number))


@pytest.fixture
def conn(connection: Conn) -> Conn:
    for number, movie in enumerate(MOVIES):
        connection.execute(
            "insert into movies (id, title, original_title, release_year, imdb_id, tmdb_id) values (%s, %s, %s, %s, %s, %s)",
            (key(number), *movie),
        )
    return connection


CASES: dict[str, tuple[Film, list[int]]] = {
    "imdb id": (Film("another title", 1900, "tt0113277"), [0]),
    "imdb id goes before tmdb id": (Film("x", None, "tt0113277", 1091), [0]),
    "tmdb id": (Film("another title", 1900, None, 949), [0]),
    "tmdb id of another imdb id": (Film("x", 1995, "tt9999999", 949), []),
    "imdb id that is not here": (Film("Heat", 1995, "tt9999999"), []),
    "imdb id of a movie without ids": (Film("Amélie", 2001, "tt0211915", 194), [4]),
    "title and year": (Film("Heat", 1995), [0]),
    "a year later": (Film("Heat", 1996), [0]),
    "a year before": (Film("Heat", 1985), [1]),
    "two years later": (Film("Heat", 1997), []),
    "the very year goes first": (Film("Solaris", 1972), [11]),
    "between two years": (Film("Solaris", 1973), [11]),
    "a title without a year that is one movie's": (Film("WALL-E"), [6]),
    "a title without a year that is several movies'": (Film("The Thing"), [2, 3]),
    "case and spaces": (Film("the  THING", 1982), [2]),
    "accents": (Film("Amelie", 2001), [4]),
    "original title": (Film("Le fabuleux destin d’Amelie Poulain", 2001), [4]),
    "and": (Film("Tom and Jerry", 2021), [5]),
    "punctuation": (Film("WALL•E", 2008), [6]),
    "other scripts": (Film("Чужой", 1979), [7]),
    "same title and year": (Film("Twins", 1988), [8, 9]),
    "nothing but punctuation": (Film("...", 2000), [12]),
    "no such movie": (Film("Nowhere", 2000), []),
    "movie without a year": (Film("Stub", 2000), []),
    "a part of a title": (Film("Thing", 1982), []),
}


@pytest.mark.parametrize("case", CASES)
def test_k20_a_movie_is_matched_as_a_person_would(conn: Conn, case: str) -> None:
    film, expected = CASES[case]
    (found,) = match(conn, [film])
    assert found.movie_id == (key(expected[0]) if len(expected) == 1 else None)
    assert set(found.candidates) == ({key(number) for number in expected} if len(expected) > 1 else set())


def test_many_are_matched_at_once_in_their_order(conn: Conn) -> None:
    films = [film for film, _ in CASES.values()]
    assert match(conn, films) == [match(conn, [film])[0] for film in films]


def test_so_many_candidates_are_named_at_most(conn: Conn) -> None:
    (found,) = match(conn, [Film("Many", 1990)])
    assert len(found.candidates) == CANDIDATES


def test_titles_are_found_by_an_index(conn: Conn) -> None:
    conn.execute("set enable_seqscan = off")
    plan = conn.execute("explain select id from movies where title_key(title) = title_key('Heat')").fetchall()
    assert "movies_title_key_idx" in str(plan)
