"""Movies from TMDb and OMDb, from what the services answer to what the catalogue then has."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from email.utils import formatdate
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.fetching import Fetching
from app.importing_remote import mint
from app.logs import configure
from app.merging import finish_merges, record_merge
from app.remotes import Remotes, remotes
from catalog import remote
from catalog.copies import targets
from catalog.remote import Away, Denied
from catalog.rows import BadRow, MovieRow
from catalog.uniting import unite
from database.connect import connect
from events.favorites import favorite_movie
from events.pair import Pair
from recsys.catalogue import read_features
from tests.catalog.services import KEY, TOKEN, Services, details, running
from tests.catalogue import NOON
from tests.events.writing import write
from tests.projections.filling import fold_inline_anew
from tests.waiting import until
from tests.world import settings

Conn = psycopg.Connection[Any]
Fetch = Callable[..., Fetching]
PERSON = UUID(int=9)


@pytest.fixture
def services() -> Iterator[Services]:
    with running() as found:
        yield found


@pytest.fixture
def found(services: Services) -> Iterator[Remotes]:
    """Both services; nobody has to wait long for one that is away."""
    given = settings(
        tmdb_url=services.url,
        tmdb_token=TOKEN,
        tmdb_per_second=1000.0,
        omdb_url=services.url,
        omdb_key=KEY,
        omdb_per_second=1000.0,
        remote_timeout_s=1.0,
    )
    with remotes(given, None) as found:
        yield found


@pytest.fixture
def fetch(found: Remotes, connection: Conn) -> Fetch:
    """Fetches movies, by default 550, and returns what did it."""

    def run(*movies: UUID, omdb: bool = False, **more: Any) -> Fetching:
        fetching = Fetching(found.tmdb, found.omdb if omdb else None, days=30, **more)
        fetching.fetch(connection, movies or mint(connection, [550], []))
        return fetching

    return run


def expire(conn: Conn) -> None:
    conn.execute("update movie_copies set stale_at = now()")


def one(conn: Conn, query: str) -> Any:
    (row,) = conn.execute(query).fetchall()
    return row


def rows(conn: Conn, query: str) -> list[Any]:
    return conn.execute(query).fetchall()


def test_k20_k28_a_stub_becomes_a_movie_with_all_that_is_said_of_it(connection: Conn, fetch: Fetch) -> None:
    (stub,) = mint(connection, [550], [])
    assert fetch(stub).outcome.updated == 1
    assert one(
        connection,
        "select id, tmdb_id, imdb_id, title, tagline, release_date, runtime_minutes, director, languages, countries,"
        " poster_path, trailer_url, rating, vote_count from movies",
    ) == (
        *(
            stub,
            550,
            "tt0137523",
            "Fight Club",
            "Soap.",
            date(1999, 10, 15),
            139,
            "David Fincher",
            ["en"],
            ["US"],
        ),
        *("/poster550.jpg", "https://www.youtube.com/watch?v=BdJKm16Co6M", Decimal("8.4"), 26280),
    )
    assert rows(
        connection, "select name, character from movie_credits where job = 'ACTOR' order by rank"
    ) == [
        ("Edward Norton", "Narrator"),
        ("Brad Pitt", "Tyler Durden"),
    ]
    assert rows(connection, "select country, certification from movie_certifications") == [("US", "R")]
    assert rows(connection, "select name, tmdb_id from genres order by 1") == [
        ("Drama", 18),
        ("Thriller", 53),
    ]
    texts = (
        "select locale, title, overview, tagline, trailer_url is not null from movie_translations order by 1"
    )
    assert rows(connection, texts) == [
        ("en", None, None, None, True),
        ("fr", None, None, None, True),
        ("fr-FR", None, "Un homme qui ne dort pas.", "Savon.", False),
        ("pt-BR", "Clube da Luta", None, None, False),
    ]


def test_a_movie_is_asked_for_with_all_that_is_appended_and_the_token(
    services: Services, fetch: Fetch
) -> None:
    fetch()
    ((path, headers),) = services.asked
    assert path.startswith("/movie/550?append_to_response=credits%2Ctranslations%2Cvideos%2Crelease_dates%2C")
    assert headers["authorization"] == f"Bearer {TOKEN}"


def test_k28_what_is_fresh_is_not_asked_for_and_what_did_not_change_comes_without_a_body(
    services: Services, connection: Conn, fetch: Fetch
) -> None:
    fetch()
    fetch()
    assert len(services.asked) == 1
    expire(connection)
    assert fetch().outcome.unchanged == 1
    assert services.asked[1][1]["if-none-match"].startswith('W/"')
    assert one(
        connection, "select stale_at > now() + interval '29 days', etag is not null from movie_copies"
    ) == (
        True,
        True,
    )
    services.movies[550]["title"] = "Fight Club!"
    expire(connection)
    assert fetch().outcome.updated == 1
    assert one(connection, "select title from movies") == ("Fight Club!",)


def test_k20_a_movie_known_by_its_imdb_id_is_found(
    services: Services, connection: Conn, fetch: Fetch
) -> None:
    (stub,) = mint(connection, [], ["tt0137523"])
    fetch(stub)
    assert services.paths() == ["/find/tt0137523", "/movie/550"]
    assert one(connection, "select id, tmdb_id, title from movies") == (stub, 550, "Fight Club")


def test_k20_the_first_use_of_an_id_makes_a_stub_and_the_next_finds_it(connection: Conn) -> None:
    first = [mint(connection, [550], []), mint(connection, [13], []), mint(connection, [], ["tt0137523"])]
    assert len({movie for (movie,) in first}) == 3
    assert {(movie,) for movie in mint(connection, [13, 550, 13], ["tt0137523"])} == {
        tuple(each) for each in first
    }
    mint(connection, [], ["tt0000001"])
    assert one(connection, "select count(*) from movies where title = ''") == (4,)


def use(conn: Conn, movie_id: UUID) -> None:
    conn.execute(
        "insert into users (id, username, username_key) values (%s, 'p', 'p') on conflict do nothing",
        (PERSON,),
    )
    write(conn, *favorite_movie(Pair(PERSON, movie_id)), at=NOON)


@pytest.mark.parametrize("used", [(), (0,), (1,), (0, 1)])
def test_k20_two_stubs_that_are_one_movie_become_one_which_has_what_people_said(
    used: tuple[int, ...], connection: Conn, fetch: Fetch
) -> None:
    both = kept, gone = mint(connection, [550], ["tt0137523"])
    for each in used:
        use(connection, both[each])
    fold_inline_anew(connection)
    outcome = fetch(*both).outcome
    assert (outcome.united, outcome.bad) == (1, 0)
    query = "select id, tmdb_id, imdb_id, merged_into from movies order by database_id"
    assert rows(connection, query) == [(kept, 550, "tt0137523", None), (gone, None, None, kept)]
    assert one(connection, "select movie_id, data->>'into_id' from events where type = 'movies_merged'") == (
        gone,
        str(kept),
    )
    finish_merges(connection)
    query = "select movie_id from favorites where is_active"
    assert rows(connection, query) == ([(kept,)] if used else [])
    assert mint(connection, [550], ["tt0137523"]) == [kept]


def test_k20_two_processes_that_find_it_out_at_once_merge_them_once(conninfo: str, connection: Conn) -> None:
    kept, gone = mint(connection, [550], ["tt0137523"])
    row = MovieRow(external_id="550", title="Fight Club", tmdb_id=550, imdb_id="tt0137523")
    with connect(conninfo) as other, ThreadPoolExecutor(1) as crew:
        with connection.transaction():
            assert unite(connection, row, record_merge)
            late = crew.submit(unite, other, row, record_merge)
            waits = f"select count(*) from pg_locks where pid = {other.info.backend_pid} and not granted"
            until(lambda: connection.execute(waits).fetchone() == (1,))
        assert late.result(10) is False
    query = "select movie_id, event_id is not null from movie_merges"
    assert rows(connection, query) == [(gone, True)]
    assert one(connection, "select id from movies where merged_into is null") == (kept,)


def test_k20_of_two_movies_that_are_one_that_with_a_title_stays(connection: Conn, fetch: Fetch) -> None:
    older, younger = mint(connection, [550], ["tt0137523"])
    connection.execute("update movies set title = 'Fight Club' where id = %s", (younger,))
    fetch(older)
    assert rows(connection, "select id from movies where merged_into is null") == [(younger,)]


def test_k20_a_stub_with_another_id_keeps_it(services: Services, connection: Conn, fetch: Fetch) -> None:
    (by_tmdb,), (by_imdb,) = mint(connection, [550], []), mint(connection, [], ["tt0137523"])
    connection.execute("update movies set imdb_id = 'tt7777777' where id = %s", (by_tmdb,))
    assert fetch(by_tmdb).outcome.united == 0
    found = rows(connection, "select id, imdb_id from movies order by imdb_id")
    assert found == [(by_imdb, "tt0137523"), (by_tmdb, "tt7777777")]


def test_k93_offers_are_replaced_as_a_whole(services: Services, connection: Conn, fetch: Fetch) -> None:
    fetch()
    query = "select country, kind, provider from movie_offers order by 1, 2, 3"
    assert rows(connection, query) == [
        ("SE", "RENT", "Apple TV"),
        ("SE", "SUBSCRIPTION", "Netflix"),
        ("US", "ADS", "Tubi"),
    ]
    del services.movies[550]["watch/providers"]["results"]["SE"]
    expire(connection)
    fetch()
    assert rows(connection, query) == [("US", "ADS", "Tubi")]


def test_k23_k27_omdb_adds_ratings_and_awards_and_corrects_nobody(connection: Conn, fetch: Fetch) -> None:
    fetch(omdb=True)
    assert one(connection, "select title, awards, rating, vote_count from movies") == (
        "Fight Club",
        "Nominated for 1 Oscar. 12 wins & 38 nominations total",
        Decimal("8.8"),
        2_466_372,
    )
    query = "select source, value::float8, scale::float8, votes, observed_at <= now() from movie_external_ratings order by 1"
    assert rows(connection, query) == [
        ("imdb", 8.8, 10.0, 2_466_372, True),
        ("metacritic", 67.0, 100.0, 0, True),
        ("rotten-tomatoes", 81.0, 100.0, 0, True),
        ("tmdb", 8.4, 10.0, 26280, True),
    ]


def test_recommenders_do_not_learn_from_what_tmdb_says(
    services: Services, connection: Conn, fetch: Fetch
) -> None:
    services.movies[13] = details(13)
    fetch(*mint(connection, [550, 13], []))
    assert read_features(connection, 10).names == ()
    connection.execute("update movies set told_by = '{}'")
    names = read_features(connection, 10).names
    assert {name.partition(":")[0] for name in names} == {"decade", "genre", "language", "person"}
    assert {"person:David Fincher", "person:Brad Pitt"} <= set(names)


def test_what_omdb_does_not_know_is_left_open(services: Services, connection: Conn, fetch: Fetch) -> None:
    services.rated["tt0137523"] |= {
        "Awards": "N/A", "Metascore": "N/A", "imdbRating": "N/A", "imdbVotes": "N/A",
        "Ratings": [{"Source": "Rotten Tomatoes", "Value": "over 9000%"}],
    }  # fmt: skip
    assert fetch(omdb=True).outcome.bad == 0
    assert rows(connection, "select source from movie_external_ratings") == [("tmdb",)]


def test_what_tmdb_does_not_know_is_left_open(services: Services, connection: Conn, fetch: Fetch) -> None:
    services.movies[550] = {
        "id": 550, "title": "Fight Club", "imdb_id": None, "release_date": "", "runtime": 0, "overview": "",
        "tagline": None, "poster_path": None, "backdrop_path": None, "original_language": "", "vote_count": 0,
        "vote_average": 0, "popularity": 0, "genres": [], "external_ids": {"imdb_id": ""}, "new_field": [1],
        "credits": {"cast": [{"id": 1, "name": "", "character": None}], "crew": []},
    }  # fmt: skip
    assert fetch().outcome.bad == 0
    assert one(connection, "select title, runtime_minutes, overview, release_date, rating from movies") == (
        *("Fight Club", None, None, None, None),
    )


def test_a_movie_that_is_gone_keeps_its_copy_and_is_not_asked_for_at_once(
    services: Services, connection: Conn, fetch: Fetch
) -> None:
    (movie,) = mint(connection, [550], [])
    fetch(movie)
    del services.movies[550]
    expire(connection)
    assert fetch(movie).outcome.gone == 1
    query = "select title, failure, stale_at <= now(), retry_at > now() + interval '29 days'"
    assert one(connection, f"{query} from movies join movie_copies on movie_id = id") == (
        *("Fight Club", "GONE", True, True),
    )
    assert not targets(connection, [movie])[0].tmdb_is_due


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"id": 550, "title": "Fi', "the answer: Invalid JSON"),
        (b"<html>", "the answer: Invalid JSON"),
        (b'{"id": 550}', "title: Field required"),
        (b'{"id": 551, "title": "Another"}', "id: is that of another movie"),
        (b'{"id": 550, "title": "a\\u0000b"}', "title: Value error, holds NUL"),
        (b'{"id": 550, "title": "x", "imdb_id": "secret value"}', "imdb_id: String should match pattern"),
        (b'{"id": 550, "title": "x", "vote_average": 1e400}', "vote_average: "),
        (b'{"id": 550, "title": "x", "runtime": 32768}', "runtime: Input should be less"),
    ],
)
def test_what_is_malformed_is_refused_by_field_and_the_others_go_on(
    body: bytes,
    reason: str,
    services: Services,
    connection: Conn,
    fetch: Fetch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.fetching.AT_ONCE", 1)
    services.movies[13] = details(13)
    services.answers = [(200, {}, body)]
    bad: list[BadRow] = []
    first, second = mint(connection, [550, 13], [])
    outcome = fetch(min(first, second), max(first, second), on_bad=bad.append).outcome
    assert (outcome.bad, outcome.updated) == (1, 1)
    assert bad[0].reason.startswith(reason)
    assert "secret" not in bad[0].reason
    assert one(connection, "select title from movies where id = " + f"'{max(first, second)}'") == (
        "Movie 13",
    )
    assert one(connection, "select failure from movie_copies where fetched_at is null") == ("MALFORMED",)


@pytest.mark.parametrize(
    "failure", [(500, {}, b""), (503, {"retry-after": "0"}, b"busy"), (429, {}, b""), None]
)
def test_a_failure_that_passes_is_tried_again(
    failure: Any, services: Services, connection: Conn, fetch: Fetch
) -> None:
    services.answers = [failure, failure]
    assert fetch().outcome.updated == 1
    assert len(services.asked) == 3


def test_retry_after_is_waited_for(services: Services, fetch: Fetch) -> None:
    services.answers = [(429, {"retry-after": "1"}, b"")]
    fetch()
    assert services.began[1] - services.began[0] >= 1.0


def test_a_day_to_try_again_on_is_understood(services: Services, fetch: Fetch) -> None:
    services.answers = [(503, {"retry-after": formatdate(time.time() + 2, usegmt=True)}, b"")]
    fetch()
    assert services.began[1] - services.began[0] >= 0.9


def test_being_told_to_go_slower_does_not_make_a_service_seem_away(
    services: Services, found: Remotes, fetch: Fetch
) -> None:
    assert found.tmdb
    found.tmdb.remote.breaker = remote.Breaker(failures=1)
    services.answers = [(429, {"retry-after": "0"}, b"")] * 3
    assert fetch().outcome.updated == 1


def test_a_service_that_asks_for_more_than_a_minute_is_away(services: Services, fetch: Fetch) -> None:
    services.answers = [(429, {"retry-after": "61"}, b"")]
    with pytest.raises(Away):
        fetch()
    assert len(services.asked) == 1


@pytest.mark.parametrize("status", [401, 403, 302, 400])
def test_a_refusal_is_not_tried_again(status: int, services: Services, fetch: Fetch) -> None:
    services.answers = [(status, {"location": "/elsewhere"}, b"")]
    with pytest.raises(Denied, match=str(status)):
        fetch()
    assert len(services.asked) == 1


def test_an_answer_that_trickles_is_given_up_when_its_time_is_over(
    services: Services, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "TRIES", 1)
    services.answers = [0.4]
    with pytest.raises(Away, match="slow"):
        fetch()


def test_an_answer_that_is_too_long_is_refused(
    services: Services, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "MOST_BYTES", 1000)
    bad: list[BadRow] = []
    fetch(on_bad=bad.append)
    assert bad[0].reason == "an answer that is too long"


def test_a_service_that_stays_away_is_left_alone_and_asked_again_later(
    services: Services, found: Remotes, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found.tmdb
    breaker = found.tmdb.remote.breaker = remote.Breaker(failures=4, seconds=0.5)
    services.broken = True
    for _ in range(2):
        with pytest.raises(Away):
            fetch()
    assert len(services.asked) == 4
    services.broken = False
    threading.Event().wait(0.6)
    assert fetch().outcome.updated == 1
    breaker.enter()


def test_secrets_and_addresses_are_in_no_log(
    services: Services, fetch: Fetch, caplog: pytest.LogCaptureFixture, logged: None
) -> None:
    configure("debug")
    logging.getLogger().addHandler(caplog.handler)
    services.answers = [None, (500, {}, b"")]
    fetch(omdb=True)
    services.broken = True
    assert len(services.asked) == 4
    assert TOKEN not in caplog.text
    assert KEY not in caplog.text
