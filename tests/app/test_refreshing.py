"""Copies that age: looked up over HTTP, fetched by a worker, served while the service is away, removed in time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
import redis

from app.importing_remote import mint
from app.published import DETAILS, RECOMMENDATIONS, TRENDING
from app.refreshing import Refreshing
from app.remote_limits import SharedLimiter, blocking_redis
from catalog.purging import purge
from catalog.refreshes import claim, release
from catalog.remote import LocalLimiter
from database.connect import connect
from resolvers.asked_movies import FLUSH_S
from tests.app.serving import Served, serving
from tests.catalog.services import KEY, RATED, TOKEN, Services, details, running
from tests.catalogue import fill, movie
from tests.waiting import until
from tests.world import access_token, settings

Conn = psycopg.Connection[Any]

BY_TMDB = "query($id: Int!) { movie(by: { tmdbId: $id }) { id title cachedAt isStale awards } }"


@pytest.fixture
def services() -> Iterator[Services]:
    with running() as found:
        yield found


@pytest.fixture
def given(services: Services) -> dict[str, Any]:
    """The settings of servers and workers."""
    return {
        "tmdb_url": services.url,
        "tmdb_token": TOKEN,
        "tmdb_per_second": 1000.0,
        "omdb_url": services.url,
        "omdb_key": KEY,
        "omdb_per_second": 1000.0,
    }


@contextmanager
def refreshing(
    conninfo: str, given: dict[str, Any], redis_url: str | None = None, **more: Any
) -> Iterator[None]:
    """Keep copies fresh as a worker does."""
    worker = Refreshing(settings(**given, **more), conninfo, redis_url)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join()


async def eventually(true: Callable[[], object]) -> None:
    await asyncio.to_thread(until, true)


def count(conn: Conn, query: str) -> int:
    (row,) = conn.execute(query).fetchall()
    return int(row[0])


async def ask(served: Served, query: str, by: str | None = None, **variables: Any) -> Any:
    token = access_token(by) if by else None
    return await served.ask(query, token=token, variables=variables)


ADD = "mutation($input: AddMovieInput!) { addMovie(input: $input) { movie { id title tmdbId imdbId } errors { code } } }"
REFRESH = "mutation($id: ID!) { refreshMovie(input: { movieId: $id }) { movie { id } errors { code path } } }"


async def test_k20_k28_a_movie_is_added_by_an_id_and_is_there_soon(
    conninfo: str, connection: Conn, services: Services, given: dict[str, Any]
) -> None:
    async with serving(conninfo, **given) as served:
        with refreshing(conninfo, given):
            added = (await ask(served, ADD, by="alice", input={"imdbId": "0137523"}))["data"]["addMovie"]
            assert added["errors"] == []
            assert added["movie"] | {"id": ""} == {
                "id": "",
                "title": "",
                "tmdbId": None,
                "imdbId": "tt0137523",
            }
            await eventually(
                lambda: count(connection, "select count(*) from movies where awards is not null")
            )
        found = (await ask(served, BY_TMDB, id=550))["data"]["movie"]
        assert found["id"] == added["movie"]["id"]
        assert found["cachedAt"] is not None
        assert (found["isStale"], found["awards"][:9]) == (False, "Nominated")
        again = await ask(served, ADD, by="bob", input={"tmdbId": 550})
        assert again["data"]["addMovie"]["movie"]["id"] == added["movie"]["id"]


async def test_k28_a_stale_movie_that_is_looked_up_is_queued_once_and_nobody_waits(
    conninfo: str, connection: Conn, given: dict[str, Any]
) -> None:
    async with serving(conninfo, **given) as served:
        (fresh,), (stale,) = mint(connection, [13], []), mint(connection, [550], [])
        for each, age in ((fresh, "1 day"), (stale, "-1 day")):
            connection.execute(
                "insert into movie_copies (movie_id, source, fetched_at, stale_at)"
                " values (%s, 'tmdb', now() - interval '29 days', now() + %s::interval)",
                (each, age),
            )
        for number in (13, 550, 550, 999):
            await ask(served, BY_TMDB, id=number)
        answer = await ask(served, BY_TMDB, id=550)
        assert answer["data"]["movie"]["isStale"] is True
        query = "select movie_id from movie_refreshes"
        await eventually(lambda: connection.execute(query).fetchall())
        assert connection.execute(query).fetchall() == [(stale,)]


@pytest.mark.parametrize("by", ["id", "imdbId", "databaseId", "node"])
async def test_k28_a_look_up_by_any_key_queues(
    by: str, conninfo: str, connection: Conn, given: dict[str, Any]
) -> None:
    async with serving(conninfo, **given) as served:
        heat = movie("heat")
        query = "select database_id, imdb_id from movies where id = %s"
        ((number, imdb_id),) = connection.execute(query, (heat,)).fetchall()
        keys = {
            "id": f'id: "Movie:{heat}"',
            "imdbId": f'imdbId: "{imdb_id}"',
            "databaseId": f"databaseId: {number}",
        }
        if by == "node":
            await ask(served, "query($id: ID!) { node(id: $id) { id } }", id=f"Movie:{heat}")
        else:
            await ask(served, f"{{ movie(by: {{ {keys[by]} }}) {{ title }} }}")
        await eventually(lambda: count(connection, "select count(*) from movie_refreshes"))
        assert connection.execute("select movie_id from movie_refreshes").fetchall() == [(heat,)]


@pytest.mark.parametrize("more", [{"tmdb_token": None}, {"catalogue_mode": "reference"}])
async def test_without_a_token_and_in_the_mode_reference_nothing_is_queued_or_asked(
    more: dict[str, Any], conninfo: str, connection: Conn, services: Services, given: dict[str, Any]
) -> None:
    async with serving(conninfo, **{**given, **more}) as served:
        with refreshing(conninfo, {**given, **more}):
            answer = await ask(served, REFRESH, by="alice", id=f"Movie:{movie('heat')}")
            assert answer["data"]["refreshMovie"]["errors"] == [
                {"code": "CANNOT_REFRESH", "path": ["input", "movieId"]}
            ]
            await ask(served, BY_TMDB, id=949)
            await asyncio.sleep(2 * FLUSH_S)
    assert count(connection, "select count(*) from movie_refreshes") == 0
    assert services.asked == []


async def test_k28_who_asks_for_a_refresh_is_signed_in_and_does_not_ask_too_often(
    conninfo: str, connection: Conn, given: dict[str, Any]
) -> None:
    heat = f"Movie:{movie('heat')}"
    async with serving(conninfo, **given, refreshes_per_person=2) as served:
        stranger = await ask(served, REFRESH, id=heat)
        assert stranger["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        for _ in range(2):
            answer = await ask(served, REFRESH, by="alice", id=heat)
            assert answer["data"]["refreshMovie"] == {"movie": {"id": heat}, "errors": []}
        refused = await ask(served, REFRESH, by="alice", id=heat)
        assert refused["errors"][0]["extensions"]["code"] == "TOO_MANY_ATTEMPTS"
        assert "errors" not in await ask(served, REFRESH, by="bob", id=heat)
        unknown = await ask(served, REFRESH, by="bob", id=f"Movie:{UUID(int=5)}")
        assert unknown["data"]["refreshMovie"]["errors"][0]["code"] == "UNKNOWN_MOVIE"
        assert count(connection, "select count(*) from movie_refreshes") == 1


async def test_k20_people_who_add_a_movie_at_the_same_moment_get_the_same(
    conninfo: str, connection: Conn, given: dict[str, Any]
) -> None:
    async with serving(conninfo, **given) as served:
        for number in range(1001, 1006):
            adds = (ask(served, ADD, by="alice", input={"tmdbId": number}) for _ in range(6))
            answers = await asyncio.gather(*adds)
            assert len({answer["data"]["addMovie"]["movie"]["id"] for answer in answers}) == 1
    assert count(connection, "select count(*) from movies where tmdb_id between 1001 and 1005") == 5


@pytest.mark.parametrize(
    "wrong",
    [{"tmdbId": 0}, *({"imdbId": text} for text in ("nm0000001", "tt\x00", "", " ", "tt", "tt0000000", "0"))],
    ids=str,
)
async def test_k20_what_is_no_id_of_others_is_refused(
    wrong: dict[str, Any], conninfo: str, connection: Conn, given: dict[str, Any]
) -> None:
    async with serving(conninfo, **given) as served:
        before = count(connection, "select count(*) from movies")
        answer = await ask(served, ADD, by="alice", input=wrong)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert count(connection, "select count(*) from movies") == before


async def test_k28_while_the_service_is_away_stale_data_is_served_and_the_server_is_ready(
    conninfo: str, connection: Conn, services: Services, given: dict[str, Any]
) -> None:
    (stub,) = mint(connection, [550], [])
    async with serving(conninfo, **given) as served:
        with refreshing(conninfo, given):
            await ask(served, BY_TMDB, id=550)
            await eventually(
                lambda: count(connection, "select count(*) from movies where title = 'Fight Club'")
            )
        services.broken = True
        connection.execute("update movie_copies set stale_at = now()")
        with refreshing(conninfo, given):
            await ask(served, REFRESH, by="alice", id=f"Movie:{stub}")
            asked = len(services.asked)
            await eventually(lambda: len(services.asked) > asked)
            found = (await ask(served, BY_TMDB, id=550))["data"]["movie"]
            assert (found["title"], found["isStale"]) == ("Fight Club", True)
        assert count(connection, "select count(*) from movie_refreshes") == 1
        assert "behind" in (await served.http.get("/readyz")).json()


def test_k28_the_worker_fetches_what_is_stale_and_in_the_mode_catalogue_everything(
    conninfo: str, connection: Conn, services: Services, given: dict[str, Any]
) -> None:
    services.movies |= {13: details(13), 14: details(14)}
    first, _ = mint(connection, [13], []), mint(connection, [14], [])
    connection.execute(
        "insert into movie_copies (movie_id, source, stale_at) values (%s, 'tmdb', now())", (first[0],)
    )
    with refreshing(conninfo, given):
        until(lambda: count(connection, "select count(*) from movies where title = 'Movie 13'"))
    assert services.paths() == ["/movie/13"]
    with refreshing(conninfo, given, catalogue_mode="catalogue"):
        until(lambda: count(connection, "select count(*) from movies where title = 'Movie 14'"))
    assert services.paths() == ["/movie/13", "/movie/14"]


def test_k27_k28_omdb_out_of_quota_holds_no_movie_up_and_is_asked_again_later(
    conninfo: str, connection: Conn, services: Services, given: dict[str, Any]
) -> None:
    (stub,) = mint(connection, [550], [])
    connection.execute("insert into movie_refreshes (movie_id) values (%s)", (stub,))
    services.rated["tt0137523"] = {"Response": "False", "Error": "Request limit reached!"}
    with refreshing(conninfo, given):
        until(lambda: len(services.asked) == 2)
        until(lambda: count(connection, "select count(*) from movie_refreshes") == 0)
    assert count(connection, "select count(*) from movies where title = 'Fight Club'") == 1
    services.rated["tt0137523"] = RATED
    with refreshing(conninfo, given):
        until(lambda: count(connection, "select count(*) from movies where awards is not null"))
    assert services.paths() == ["/movie/550", "/", "/"]


def test_k28_a_movie_is_one_process_at_a_time(conninfo: str, connection: Conn) -> None:
    fill(connection)
    connection.execute("insert into movie_refreshes (movie_id) select id from movies")
    all_ = count(connection, "select count(*) from movies")
    with connect(conninfo) as other:
        mine, theirs = claim(connection, 3), claim(other, 100)
    assert (len(mine), len(theirs)) == (3, all_ - 3)
    assert not set(mine) & set(theirs)
    assert claim(connection, 100) == []
    release(connection, mine)
    assert sorted(claim(connection, 100)) == sorted(mine)


AGED = "update movie_copies set fetched_at = now() - interval '180 days' + %s::interval"


def test_what_tmdb_said_is_removed_after_half_a_year_and_what_others_said_stays(
    conninfo: str, connection: Conn, services: Services, given: dict[str, Any]
) -> None:
    (stub,) = mint(connection, [550], [])
    connection.execute("insert into movie_refreshes (movie_id) values (%s)", (stub,))
    with refreshing(conninfo, given):
        until(lambda: count(connection, "select count(*) from movies where awards is not null"))
    connection.execute("update movies set tagline = 'Ours', told_by = told_by || '{\"tagline\": \"ours\"}'")
    connection.execute(AGED, ("1 minute",))
    assert purge(connection) == 0
    connection.execute(AGED, ("-1 second",))
    assert purge(connection) == 1
    assert connection.execute(
        "select id, tmdb_id, imdb_id, title, overview, poster_path, runtime_minutes, director, tagline, languages,"
        " awards is not null, rating::float8 from movies"
    ).fetchall() == [(stub, 550, "tt0137523", "", None, None, None, None, "Ours", [], True, 8.8)]
    for table in (
        "movie_credits",
        "movie_genres",
        "movie_certifications",
        "movie_translations",
        "movie_offers",
    ):
        assert count(connection, f"select count(*) from {table}") == 0
    assert connection.execute("select source from movie_external_ratings order by 1").fetchall() == [
        ("imdb",),
        ("metacritic",),
        ("rotten-tomatoes",),
    ]
    assert purge(connection) == 0


def test_k28_in_the_mode_reference_the_worker_removes_all_copies(
    conninfo: str, connection: Conn, given: dict[str, Any]
) -> None:
    (stub,) = mint(connection, [550], [])
    connection.execute("insert into movie_refreshes (movie_id) values (%s)", (stub,))
    with refreshing(conninfo, given):
        until(lambda: count(connection, "select count(*) from movies where title <> ''"))
    with refreshing(conninfo, given, catalogue_mode="reference"):
        until(lambda: count(connection, "select count(*) from movies where title = ''"))


def test_k63_k64_k104_redis_has_movies_and_lists_under_the_names_of_old(
    conninfo: str, connection: Conn, redis_url: str, services: Services, given: dict[str, Any]
) -> None:
    fill(connection)
    (stub,) = mint(connection, [550], [])
    connection.execute("insert into movie_refreshes (movie_id) values (%s)", (stub,))
    with (
        redis.Redis.from_url(redis_url) as found,
        refreshing(conninfo, given, redis_url, catalogue_mode="cache"),
    ):
        until(lambda: found.exists(DETAILS.format(550)) and found.exists(TRENDING))
        assert orjson.loads(found.get("movie_550_details")) == {
            "title": "Fight Club",
            "poster_path": "/poster550.jpg",
            "overview": "A man who cannot sleep meets a man who sells soap.",
        }
        assert 86_300 < found.ttl("movie_550_details") <= 86_400
        trending = orjson.loads(found.get("movie_rec:trending_movies"))
        assert {"id", "title", "poster_path", "overview"} == set(trending[0])
        assert 3500 < found.ttl("movie_rec:trending_movies") <= 3600
        until(lambda: found.keys(RECOMMENDATIONS.format("*")))
        key = min(found.keys(RECOMMENDATIONS.format("*")))
        assert 3500 < found.ttl(key) <= 3600
        assert orjson.loads(found.get(key))[0]["title"]


def test_k104_losing_redis_is_missed_by_no_worker(
    conninfo: str, connection: Conn, given: dict[str, Any]
) -> None:
    (stub,) = mint(connection, [550], [])
    connection.execute("insert into movie_refreshes (movie_id) values (%s)", (stub,))
    with refreshing(conninfo, given, "redis://127.0.0.1:1/0"):
        until(lambda: count(connection, "select count(*) from movies where title <> ''"))


def test_a_limit_is_shared_by_processes_and_pauses_hold_for_all(redis_url: str) -> None:
    one, other = (SharedLimiter(blocking_redis(redis_url), "tmdb", 0.01) for _ in range(2))
    assert one.take() == 0.0
    assert 60.0 < other.take() <= 100.0
    assert 160.0 < one.take() <= 200.0
    other.pause(1000.0)
    assert 960.0 < one.take() <= 1000.0
    many = SharedLimiter(blocking_redis(redis_url), "omdb", 50.0)
    assert [many.take() for _ in range(50)] == [0.0] * 50


def test_a_limit_is_kept_in_process_without_redis() -> None:
    nowhere = blocking_redis("redis://127.0.0.1:1/0")
    for limiter in (LocalLimiter(0.01), SharedLimiter(nowhere, "tmdb", 0.01)):
        assert limiter.take() == 0.0
        assert 60.0 < limiter.take() <= 100.0
        limiter.pause(1000.0)
        assert 960.0 < limiter.take() <= 1000.0
    many = LocalLimiter(50.0)
    assert [many.take() for _ in range(50)] == [0.0] * 50
