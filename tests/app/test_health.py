"""What operators and their machines ask a server."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from app import asgi
from app.revisions import REVISIONS
from tests.app.serving import Served, codes, serving
from tests.catalogue import movie
from tests.postgres import Databases
from tests.world import access_token


async def test_a_server_that_is_up_to_date_is_ready(served: Served) -> None:
    assert (await served.http.get("/livez")).json() == {"status": "ok"}
    ready = await served.http.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    assert set(ready.json()["lag"]) >= {"ratings", "movie_stats", "trending"}


async def test_a_stale_projection_makes_a_server_not_ready(served: Served, conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("update checkpoints set version = 0 where name = 'ratings'")
    ready = await served.http.get("/readyz")
    assert (ready.status_code, ready.json()["stale_projections"]) == (503, ["ratings"])


async def test_a_missing_migration_makes_a_server_not_ready(served: Served, conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("update alembic_version set version_num = '0004'")
    ready = await served.http.get("/readyz")
    assert (ready.status_code, ready.json()["pending_migrations"]) == (503, list(REVISIONS[4:]))


async def test_the_numbers_name_what_is_worth_watching(served: Served) -> None:
    await served.ask("{ genres { name } }")
    await served.ask("{ nothing }")
    numbers = (await served.http.get("/metrics")).text
    for line in (
        'projectionist_requests_total{kind="query",outcome="ok"} 1.0',
        'projectionist_errors_total{code="GRAPHQL_VALIDATION_FAILED"} 1.0',
        'projectionist_plans{what="compiled"} 1.0',
        'projectionist_projection_lag_events{projection="movie_stats"}',
        "projectionist_read_batch_size_bucket",
        "projectionist_append_batch_size_bucket",
        "projectionist_events_appended_total",
        "projectionist_request_seconds_bucket",
    ):
        assert line in numbers


async def test_a_server_without_a_database_lives_and_says_so(clones: object) -> None:
    async with serving("host=127.0.0.1 port=1 dbname=none user=nobody", filled=False) as served:
        assert (await served.http.get("/livez")).status_code == 200
        ready = await served.http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
        answer = await served.ask("{ genres { name } }")
        assert answer["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


async def test_a_projection_that_is_far_behind_makes_a_server_not_ready(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = "mutation ($i: RecordViewInput!) { recordView(input: $i) { errors { code } } }"
    for _ in range(3):
        given = {"i": {"movieId": f"Movie:{movie('heat')}"}}
        await served.ask(seen, token=access_token("bob"), variables=given)
    ready = await served.http.get("/readyz")
    assert (ready.status_code, ready.json()["behind"]) == (200, [])
    assert ready.json()["lag"]["movie_stats"]["events"] == 3
    assert ready.json()["lag"]["history"] == {"events": 0, "seconds": 0}
    monkeypatch.setattr(asgi, "LAG_S", 0.0)
    late = await served.http.get("/readyz")
    assert (late.status_code, late.json()["status"]) == (503, "not ready")
    assert late.json()["behind"] == ["movie_stats", "popularity_metrics", "trending"]
    numbers = (await served.http.get("/metrics")).text
    assert 'projectionist_projection_lag_events{projection="movie_stats"} 3.0' in numbers
    assert 'projectionist_projection_lag_events{projection="history"} 0.0' in numbers
    assert "projectionist_events_appended_total 3.0" in numbers
    assert "projectionist_append_batch_size_count 3.0" in numbers
    assert 'projectionist_requests_total{kind="mutation",outcome="ok"} 3.0' in numbers
    assert 'projectionist_request_seconds_count{kind="mutation"} 3.0' in numbers
    assert 'projectionist_plans{what="documents"} 1.0' in numbers


async def test_parked_events_are_counted(served: Served, conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute(
            "insert into dead_letters (projection, position, error) values ('trending', 1, 'x'), ('trending', 2, 'x')"
        )
    assert 'projectionist_dead_letters{projection="trending"} 2.0' in (await served.http.get("/metrics")).text
    query = "{ projections { name deadLetters } }"
    found = (await served.ask(query, token=access_token("olga")))["data"]["projections"]
    assert {entry["name"]: entry["deadLetters"] for entry in found}["trending"] == 2


async def test_a_database_that_was_never_migrated_is_said_to_be_so(clones: Databases) -> None:
    name = f"{clones.run}_unmigrated"
    clones.conn.execute(SQL("create database {}").format(Identifier(name)))
    # the role is the cluster's, its way into this database is not
    conninfo = make_conninfo(clones.conninfo, dbname=name)
    try:
        async with serving(conninfo, filled=False) as served:
            ready = await served.http.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
            assert ready.json()["pending_migrations"][0] == "0001"
            assert (await served.http.get("/metrics")).status_code == 200
            answer = await served.ask("{ genres { name } }")
            assert answer["data"] is None
            assert answer["errors"][0]["extensions"]["code"]
            assert "relation" not in str(answer)
    finally:
        clones.conn.execute(SQL("drop database {} with (force)").format(Identifier(name)))


async def test_a_database_that_goes_and_comes_back_is_noticed(clones: Databases) -> None:
    with clones.clone() as conninfo:
        name = Identifier(str(conninfo_to_dict(conninfo)["dbname"]))
        away = SQL("alter database {} allow_connections false").format(name)
        kill = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
        async with serving(conninfo) as served:
            assert (await served.http.get("/readyz")).status_code == 200
            clones.conn.execute(away)
            clones.conn.execute(kill, [conninfo_to_dict(conninfo)["dbname"]])
            ready = await served.http.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
            assert (await served.http.get("/livez")).status_code == 200
            metrics, *refused = await asyncio.gather(  # each waits as long as a request may for a connection
                served.http.get("/metrics"),
                served.post("{ genres { name } }"),
                served.post("{ __schema { queryType { name } } genres { name } }"),
            )
            assert metrics.status_code == 200
            assert [set(codes(response)) for response in refused] == [{"SERVICE_UNAVAILABLE"}] * 2
            clones.conn.execute(SQL("alter database {} allow_connections true").format(name))
            async with asyncio.timeout(5):
                while "errors" in await served.ask("{ genres { name } }"):
                    await asyncio.sleep(0.05)
                while (await served.http.get("/readyz")).status_code != 200:
                    await asyncio.sleep(0.05)
