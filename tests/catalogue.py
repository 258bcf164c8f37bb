"""A small catalogue, some people, and what they did: the same in every test, to the id and the minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import psycopg

from accounts.emails import EMAIL
from accounts.keys import HOUSE
from accounts.profiles import PHONE
from assistant.messages import purpose
from events.favorites import favorite_movie, unfavorite_movie
from events.pair import Pair, PairEvent, Priority, Reaction
from events.ratings import rate_movie
from events.reactions import react_to_movie
from events.viewing import dismiss_movie, mark_watched, view_movie
from events.watchlist import add_to_watchlist, remove_from_watchlist, set_priority
from projections.follow import catch_up
from projections.registry import fold_window, projections
from tests.accounts.masters import new_keys
from tests.events.writing import write
from tests.strategies import Says

Conn = psycopg.Connection[tuple[Any, ...]]

PEOPLE = ("alice", "bob", "carol", "ann", "olga", "adam")
ROLES = {"ann": ("analyst",), "olga": ("operator",), "adam": ("admin",)}
GENRES = ("Action", "Animation", "Comedy", "Drama", "Film-Noir", "Horror", "Sci-Fi", "Thriller")


@dataclass(frozen=True)
class Film:
    """A movie of the catalogue; a stub has a title only."""

    key: str
    title: str
    year: int | None = None
    genres: Sequence[str] = ()
    tmdb_id: int | None = None
    imdb_id: str | None = None
    is_stub: bool = False


FILMS = (
    Film("alien", "Alien", 1979, ("Horror", "Sci-Fi"), 348, "tt0078748"),
    Film("thing", "The Thing", 1982, ("Horror", "Sci-Fi", "Thriller"), 1091, "tt0084787"),
    Film("thing-again", "The Thing", 2011, ("Horror", "Sci-Fi"), 60935, "tt0905372"),
    Film("heat", "Heat", 1995, ("Action", "Drama", "Thriller"), 949, "tt0113277"),
    Film("toy-story", "Toy Story", 1995, ("Animation", "Comedy"), 862, "tt0114709"),
    Film("fargo", "Fargo", 1996, ("Comedy", "Drama", "Thriller"), 275, "tt0116282"),
    Film("third-man", "The Third Man", 1949, ("Film-Noir", "Thriller"), 1092, "tt0041959"),
    Film("quotes", 'A "quoted" title, a back\\slash', 1949, ("Drama",)),
    Film("amelie", "Le Fabuleux Destin d'Amélie Poulain 🎈", 2001, ("Comedy",), 194, "tt0211915"),
    Film("lines", "Two\nlines\tand a tab", 2001, ("Drama",)),
    Film("unborn", "Not made yet", None, ()),
    Film("stub", "tt9999999", None, (), None, "tt9999999", is_stub=True),
)
"""With ties of title, year and popularity, and with characters that JSON and SQL must escape."""

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)
"""When the last of the people did something."""
TODAY = NOON.date()


def movie(key: str) -> UUID:
    """The id of a movie of the catalogue, or of none."""
    return uuid5(UUID(int=10), key)


def genre(name: str) -> UUID:
    """The id of a genre of the catalogue, or of none."""
    return uuid5(UUID(int=11), name)


def person(name: str) -> UUID:
    """The id of one of the people, or of nobody."""
    return uuid5(UUID(int=12), name)


def slate(name: str) -> UUID:
    """The id of what was recommended to one of the people."""
    return uuid5(UUID(int=13), name)


def viewing(number: int) -> UUID:
    """The id of one of the viewings."""
    return uuid5(UUID(int=14), str(number))


def chat() -> UUID:
    """The id of a chat of alice's."""
    return UUID(int=15)


def fill(conn: Conn) -> None:
    """Write the catalogue, the people and what they did into a database whose read tables stand, unless it has them."""
    if conn.execute("select from movies where id = %s", (movie("alien"),)).fetchone() is not None:
        return
    _add_movies(conn)
    _add_people(conn)
    _add_chat(conn)
    _add_deeds(conn)
    _add_recommendations(conn)
    for projection in projections().values():
        if projection.inline:
            conn.execute(fold_window(projection, "select * from events"))
    catch_up(conn)


def _add_movies(conn: Conn) -> None:
    for name in GENRES:
        conn.execute(
            "insert into genres (id, name, slug) values (%s, %s, %s)", (genre(name), name, name.lower())
        )
    for number, film in enumerate(FILMS):
        conn.execute(
            "insert into movies (id, title, release_year, tmdb_id, imdb_id) values (%s, %s, %s, %s, %s)",
            (movie(film.key), film.title, film.year, film.tmdb_id, film.imdb_id),
        )
        if film.year and not film.is_stub:
            conn.execute(
                "update movies set original_title = title, overview = %s, tagline = %s, release_date = %s,"
                " runtime_minutes = %s, director = %s, original_language = 'en', poster_path = %s where id = %s",
                (
                    f"What {film.title} is about.",
                    "In space.",
                    date(film.year, 1 + number, 7),
                    90 + number,
                    f"Director {number % 3}",
                    f"/{film.key}.jpg",
                    movie(film.key),
                ),
            )
            for rank, role in enumerate(("The hero", None, "The cat")[: number % 4], 1):
                _credit(conn, film, "ACTOR", rank, f"Actor {rank}", role)
            _credit(conn, film, "DIRECTOR", 1, f"Director {number % 3}")
        for rank, name in enumerate(film.genres):
            conn.execute(
                "insert into movie_genres (movie_id, genre_id, rank) values (%s, %s, %s)",
                (movie(film.key), genre(name), rank),
            )
    _add_facts(conn)
    for rank, film in enumerate(FILMS[1:8], 1):
        conn.execute(
            "insert into similar_movies (movie_id, rank, similar_id, score) values (%s, %s, %s, %s)",
            (movie("alien"), rank, movie(film.key), 1 - rank / 10),
        )
    conn.execute(
        "insert into similar_movies (movie_id, rank, similar_id, score) values (%s, 1, %s, 0.5)",
        (movie("thing"), movie("alien")),
    )


_TEXTS = (
    ("amelie", "en", "tmdb", "Amélie", "A waitress helps others.", None, "https://example.org/amelie"),
    ("amelie", "de", "imdb", "Die fabelhafte Welt der Amélie", None, None, None),
    ("amelie", "de-AT", "tmdb", None, "Eine Kellnerin in Wien.", None, None),
    ("amelie", "fr-CA", "tmdb", "Amélie de Montmartre", None, "Elle va changer votre vie", None),
    ("alien", "de", "tmdb", "Alien, das unheimliche Wesen", "Im Weltall hört dich niemand.", None, None),
    ("alien", "ko", "tmdb", "에이리언", None, None, None),
    ("alien", "de", "zzz", "A second opinion", None, "Schrei", None),
)


def _add_facts(conn: Conn) -> None:
    for key, *text in _TEXTS:
        conn.execute(
            "insert into movie_translations (movie_id, locale, source, title, overview, tagline, trailer_url)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            (movie(key), *text),
        )
    conn.execute(
        "update movies set original_language = 'fr', languages = '{fr,de}', countries = '{FR,DE}',"
        " backdrop_path = '/wide.jpg', trailer_url = 'https://example.org/fr' where id = %s",
        (movie("amelie"),),
    )
    conn.execute("update movies set adult = true where id = %s", (movie("lines"),))
    for key, rating, votes, popularity in (
        ("alien", 8.5, 900, 71.25),
        ("heat", 8.3, 700, 80.5),
        ("thing", 8.3, 12, 0.5),
    ):
        conn.execute(
            "insert into movie_external_ratings (movie_id, source, value, scale, votes, observed_at)"
            " values (%s, 'imdb', %s, 10, %s, %s), (%s, 'critics', 87.5, 100, 0, %s)",
            (movie(key), rating, votes, NOON, movie(key), NOON),
        )
        conn.execute(
            "update movies set rating = %s, vote_count = %s, popularity = %s where id = %s",
            (rating, votes, popularity, movie(key)),
        )
    for country, certification in (("US", "R"), ("DE", "16"), ("GB", "X")):
        conn.execute(
            "insert into movie_certifications values (%s, %s, %s)", (movie("alien"), country, certification)
        )
    conn.execute("update genres set tmdb_id = 878 where name = 'Sci-Fi'")


def _credit(conn: Conn, film: Film, job: str, rank: int, name: str, character: str | None = None) -> None:
    key = uuid5(UUID(int=14), name)
    conn.execute("insert into people (id, name) values (%s, %s) on conflict do nothing", (key, name))
    conn.execute(
        "insert into movie_credits (movie_id, job, rank, person_id, name, character)"
        " values (%s, %s, %s, %s, %s, %s)",
        (movie(film.key), job, rank, key, name, character),
    )


def _add_people(conn: Conn) -> None:
    keys = new_keys().fetch(conn, [HOUSE, *map(person, PEOPLE)], make=True)
    for name in PEOPLE:
        email = f"{name}@example.org"
        conn.execute(
            "insert into users (id, email_sealed, email_digest, username, username_key, roles, created_at)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            (
                person(name),
                keys[person(name)].seal(EMAIL, email),
                keys[HOUSE].digest(EMAIL, email),
                name,
                name,
                ["person", *ROLES.get(name, ())],
                NOON - timedelta(days=365),
            ),
        )

    conn.execute(
        "update users set privacy = 'PUBLIC', premium_since = created_at where id = %s", (person("ann"),)
    )
    conn.execute(
        "insert into profiles (user_id, first_name, bio, languages, phone_sealed) values (%s, 'Ann', 'Films.', '{sv}', %s)",
        (person("ann"), keys[person("ann")].seal(PHONE, "+46812345678")),
    )


def _add_chat(conn: Conn) -> None:
    alice = person("alice")
    key = new_keys().fetch(conn, [alice])[alice]
    conn.execute(
        "insert into chat_sessions (id, user_id, may_ask_model, started_at) values (%s, %s, false, %s)",
        (chat(), alice, NOON),
    )
    said: tuple[tuple[str, str, list[str]], ...] = (
        ("USER", "A thriller?", []),
        ("TOOL", "{}", ["heat"]),
        ("ASSISTANT", "Heat, Fargo.", ["heat", "fargo"]),
    )
    for number, (role, words, films) in enumerate(said, 1):
        message_id = UUID(int=150 + number)
        conn.execute(
            "insert into chat_messages (id, session_id, user_id, number, role, text_sealed, movie_ids, answerer,"
            " created_at, changed_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                message_id,
                chat(),
                alice,
                number,
                role,
                key.seal(purpose(message_id), words),
                [movie(film) for film in films],
                "ASSISTANT" if role == "ASSISTANT" else None,
                NOON,
                NOON,
            ),
        )


_DAY = timedelta(days=1)
_DEEDS: Sequence[tuple[timedelta, str, str, Says, tuple[Any, ...]]] = (
    *((n * _DAY, "carol", "alien", view_movie, ()) for n in range(45, 0, -6)),
    (20 * _DAY, "carol", "heat", rate_movie, (7,)),
    (20 * _DAY, "carol", "fargo", rate_movie, (8,)),
    (5 * _DAY, "bob", "alien", react_to_movie, (Reaction.LIKE,)),
    (5 * _DAY, "bob", "alien", rate_movie, (10,)),
    (5 * _DAY, "bob", "thing", add_to_watchlist, (Priority.HIGH,)),
    (5 * _DAY, "bob", "heat", favorite_movie, ()),
    (4 * _DAY, "alice", "alien", view_movie, ()),
    (4 * _DAY, "alice", "alien", rate_movie, (9,)),
    (4 * _DAY, "alice", "alien", react_to_movie, (Reaction.SUPER_LIKE,)),
    (4 * _DAY, "alice", "alien", favorite_movie, ()),
    (3 * _DAY, "alice", "thing", mark_watched, (date(2024, 3, 1), TODAY, viewing(1), Reaction.OK, 6)),
    (3 * _DAY, "alice", "thing", mark_watched, (date(2024, 3, 7), TODAY, viewing(2))),
    (3 * _DAY, "alice", "heat", react_to_movie, (Reaction.DISLIKE,)),
    (2 * _DAY, "alice", "fargo", rate_movie, (1,)),
    (2 * _DAY, "alice", "fargo", rate_movie, (5,)),
    (2 * _DAY, "alice", "toy-story", favorite_movie, ()),
    (2 * _DAY, "alice", "amelie", favorite_movie, ()),
    (2 * _DAY, "alice", "quotes", favorite_movie, ()),
    (2 * _DAY, "alice", "unborn", favorite_movie, ()),
    (_DAY, "alice", "unborn", unfavorite_movie, ()),
    (_DAY, "alice", "toy-story", add_to_watchlist, (Priority.LOW,)),
    (_DAY, "alice", "amelie", add_to_watchlist, (Priority.HIGH,)),
    (_DAY, "alice", "quotes", add_to_watchlist, (Priority.MEDIUM,)),
    (_DAY, "alice", "lines", add_to_watchlist, (Priority.MEDIUM,)),
    (_DAY, "alice", "unborn", add_to_watchlist, (Priority.HIGH,)),
    (_DAY, "alice", "quotes", set_priority, (Priority.HIGH,)),
    (_DAY, "alice", "lines", remove_from_watchlist, ()),
    (0 * _DAY, "alice", "third-man", dismiss_movie, ()),
    (0 * _DAY, "bob", "third-man", view_movie, ()),
    (0 * _DAY, "bob", "third-man", react_to_movie, (Reaction.LIKE,)),
)


def _add_deeds(conn: Conn) -> None:
    pairs: dict[tuple[str, str], Pair] = {}
    for ago, who, what, says, args in _DEEDS:
        pair = pairs.get((who, what), Pair(person(who), movie(what)))
        facts: Sequence[PairEvent] = says(pair, *args)
        assert facts, (who, what, says)
        write(conn, *facts, at=NOON - ago)
        pairs[who, what] = pair.when(facts)


def _add_recommendations(conn: Conn) -> None:
    wanted = [("alice", "BLEND", FILMS[4:]), ("alice", "TRENDING", FILMS[:3]), ("bob", "BLEND", FILMS[6:9])]
    for who, algorithm, films in wanted:
        for rank, film in enumerate(films, 1):
            conn.execute(
                "insert into user_recommendations (user_id, algorithm, rank, movie_id, score, slate_id)"
                " values (%s, %s, %s, %s, %s, %s)",
                (person(who), algorithm, rank, movie(film.key), 1 / rank, slate(who)),
            )
    reasons = [("alien", "You liked “Alien”"), (None, "Many people like it"), ("heat", "You saw “Heat”")]
    for rank, (because, text) in enumerate(reasons):
        conn.execute(
            "insert into recommendation_reasons (user_id, algorithm, movie_id, rank, text, because_movie_id)"
            " values (%s, 'BLEND', %s, %s, %s, %s)",
            (person("alice"), movie("toy-story"), rank, text, because and movie(because)),
        )
