"""What operators and their machines ask a server."""

from __future__ import annotations

import psycopg

from tests.app.serving import Served, serving


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
    assert (ready.status_code, ready.json()["pending_migrations"]) == (503, ["0005"])


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
