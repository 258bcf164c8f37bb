"""One line of the log for a request: when it is written, at which level, and what is never in it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.logs import configure
from resolvers import interactions
from resolvers.documents import Documents
from resolvers.engine import Engine
from tests.app.following import LIVE, view
from tests.app.serving import EVENTS, PROTOCOL, STRICT, Served, serving
from tests.catalogue import movie
from tests.postgres import Databases
from tests.world import access_token

LOGGER = "app.requests"
RATE = "mutation Rate($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } } }"
NOWHERE = "host=127.0.0.1 port=1 dbname=none user=nobody"


@pytest.fixture(scope="module")
async def shared(clones: Databases) -> AsyncIterator[Served]:
    """One server that takes half a second for long."""
    with clones.clone() as conninfo:
        async with serving(conninfo, slow_ms=500) as running:
            yield running


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, LOGGER)


async def line(caplog: pytest.LogCaptureFixture, count: int = 1) -> dict[str, Any]:
    """Return the last line about a request, once there are so many, with its level."""
    async with asyncio.timeout(10):
        while len(found := [record for record in caplog.records if record.name == LOGGER]) < count:
            await asyncio.sleep(0.01)
    assert len(found) == count
    fields = (
        "request_id",
        "transport",
        "method",
        "path",
        "operation",
        "kind",
        "status",
        "codes",
        "ms",
        "bytes",
    )
    return {name: getattr(found[-1], name) for name in fields} | {"level": found[-1].levelname}


async def test_the_line_of_a_query_is_json_and_says_what_and_how_long(
    conninfo: str, logged: None, capfd: pytest.CaptureFixture[str]
) -> None:
    configure("info")
    async with serving(conninfo, slow_ms=0) as served:
        response = await served.post(
            "query Genres { genres { name } }", headers={"x-request-id": "request-1"}
        )
    lines = [json.loads(text) for text in capfd.readouterr().err.splitlines()]
    (found,) = [entry for entry in lines if entry["logger"] == LOGGER]
    assert 0 < found.pop("ms") < 10_000
    assert found.pop("timestamp").startswith("20")
    assert found == {
        "event": "request",
        "level": "info",
        "logger": LOGGER,
        "request_id": "request-1",
        "transport": "http",
        "method": "POST",
        "path": "/graphql",
        "operation": "Genres",
        "kind": "query",
        "status": 200,
        "codes": [],
        "bytes": len(response.content),
    }


async def test_a_request_that_goes_well_is_for_debugging_only(
    shared: Served, caplog: pytest.LogCaptureFixture
) -> None:
    response = await shared.http.get("/graphql", params={"query": "{ __typename }", "variables": "{}"})
    found = await line(caplog)
    assert (found["level"], found["method"], found["path"]) == ("DEBUG", "GET", "/graphql")
    assert (found["operation"], found["request_id"]) == (None, response.headers["x-request-id"])
    caplog.set_level(logging.INFO, LOGGER)
    await shared.ask("{ __typename }")
    await line(caplog, 1)


@pytest.mark.parametrize(
    ("accept", "transport"), [(STRICT, "http"), (EVENTS, "sse")], ids=["one answer", "events"]
)
async def test_k110_a_slow_request_is_information(
    shared: Served,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    accept: str,
    transport: str,
) -> None:
    run = Engine.run

    async def slowly(self: Engine, *given: Any) -> Any:
        await asyncio.sleep(0.6)
        return await run(self, *given)

    monkeypatch.setattr(Engine, "run", slowly)
    await shared.post("query Slow { __typename }", headers={"accept": accept})
    found = await line(caplog)
    assert (found["level"], found["operation"], found["transport"]) == ("INFO", "Slow", transport)
    assert found["ms"] > 500


async def test_a_slow_upload_is_no_slow_operation(shared: Served, caplog: pytest.LogCaptureFixture) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"query": "{ __typename'
        await asyncio.sleep(0.6)
        yield b' }"}'

    headers = {"content-type": "application/json"}
    assert (await shared.http.post("/graphql", content=pieces(), headers=headers)).status_code == 200
    assert (await line(caplog))["level"] == "DEBUG"


@pytest.mark.parametrize(
    ("query", "status", "codes", "kind"),
    [
        ("query Q { nothing }", 400, ["GRAPHQL_VALIDATION_FAILED"], None),
        ('query Q { movies(after: "x") { totalCount } }', 200, ["BAD_CURSOR"], "query"),
        ("subscription Q { interactions { id } }", 406, ["SUBSCRIPTION_TRANSPORT"], "subscription"),
        (" ", 400, ["BAD_REQUEST"], None),
    ],
)
async def test_what_clients_do_wrong_is_for_debugging_only(
    shared: Served,
    caplog: pytest.LogCaptureFixture,
    query: str,
    status: int,
    codes: list[str],
    kind: str | None,
) -> None:
    await shared.post(query, headers={"accept": STRICT})
    found = await line(caplog)
    assert (found["level"], found["status"], found["codes"], found["kind"]) == ("DEBUG", status, codes, kind)


async def test_a_fault_of_ours_is_a_warning(
    shared: Served, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(context: Any, movie_id: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(interactions, "require_movie", broken)
    given = {"i": {"movieId": f"Movie:{movie('heat')}", "stars": 4}}
    await shared.ask(RATE, token=access_token("alice"), variables=given)
    found = await line(caplog)
    assert (found["level"], found["operation"], found["kind"]) == ("WARNING", "Rate", "mutation")
    assert (found["status"], found["codes"]) == (200, ["INTERNAL_ERROR"])


async def test_a_fault_before_anything_runs_is_answered_with_500_and_the_id(
    shared: Served, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RecursionError

    monkeypatch.setattr(Documents, "prepare", broken)
    response = await shared.post("{ __typename }", headers={"x-request-id": "request-2"})
    assert response.status_code == 500
    assert response.headers["x-request-id"] == "request-2"
    (error,) = response.json()["errors"]
    assert (error["extensions"]["code"], error["message"]) == (
        "INTERNAL_ERROR",
        "Unexpected error. Request request-2.",
    )
    found = await line(caplog)
    assert (found["level"], found["status"], found["codes"]) == ("WARNING", 500, ["INTERNAL_ERROR"])


async def test_a_database_that_is_away_is_a_warning(
    clones: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(NOWHERE, filled=False) as served:
        await served.ask("query Genres { genres { name } }")
        found = await line(caplog)
        assert (found["level"], found["codes"]) == ("WARNING", ["SERVICE_UNAVAILABLE"])


async def test_operations_of_a_socket_have_lines_of_their_own(
    shared: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with shared.socket() as socket:
        await socket.subscribe("1", "query Socket { genres { name } }")
        answer = orjson_size((await socket.receive())["payload"])
        found = await line(caplog)
        assert (found["transport"], found["path"], found["method"]) == ("websocket", "/graphql", None)
        assert (found["operation"], found["kind"], found["bytes"]) == ("Socket", "query", answer)
        await socket.receive()
        await socket.subscribe("2", "{ nothing }")
        await socket.receive()
        assert (await line(caplog, 2))["codes"] == ["GRAPHQL_VALIDATION_FAILED"]
    errors = 'projectionist_errors_total{code="UNAUTHENTICATED"} '
    async with shared.socket() as socket:
        await socket.subscribe("3", LIVE)
        await socket.receive()
        assert (await line(caplog, 3))["codes"] == ["UNAUTHENTICATED"]
    assert errors + "1.0" in (await shared.http.get("/metrics")).text


def orjson_size(payload: Any) -> int:
    """Return how many bytes an answer has as the server writes it."""
    return len(json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode())


async def test_operations_of_a_batch_have_lines_of_their_own_beside_that_of_the_request(
    shared: Served, caplog: pytest.LogCaptureFixture
) -> None:
    batch = [{"query": "query One { __typename }"}, {"query": "{ nothing }", "operationName": "Two"}]
    response = await shared.http.post("/graphql", json=batch)
    await line(caplog, 3)
    lines = [vars(record) for record in caplog.records if record.name == LOGGER]
    assert {found["request_id"] for found in lines} == {response.headers["x-request-id"]}
    *operations, request = lines
    assert (request["transport"], request["operation"], request["kind"]) == ("http", None, None)
    found = {each["operation"]: (each["transport"], each["kind"], each["codes"]) for each in operations}
    assert found == {
        "One": ("batch", "query", []),
        "Two": ("batch", None, ["GRAPHQL_VALIDATION_FAILED"]),
    }
    sizes = sum(each["bytes"] for each in operations)
    assert request["bytes"] == len(response.content) == sizes + len("[,]")


async def test_a_subscription_is_not_slow_however_long_it_lasts(
    shared: Served, caplog: pytest.LogCaptureFixture
) -> None:
    token = access_token("carol")
    start = await view(shared, token)
    async with shared.socket(token) as socket:
        await socket.subscribe("1", LIVE, {"after": start})
        await asyncio.sleep(0.6)
        await view(shared, token)
        await socket.receive()
        await socket.send(type="complete", id="1")
        found = await line(caplog, 3)
        assert (found["level"], found["kind"]) == ("DEBUG", "subscription")
        assert found["ms"] > 500
        assert found["bytes"] > 50


async def test_a_socket_that_breaks_the_protocol_has_a_line_with_its_code(
    shared: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with shared.silent_socket(PROTOCOL) as socket:
        await socket.raw.send("alice@example.org")
        assert await socket.closed() == 4400
    found = await line(caplog)
    assert (found["level"], found["transport"], found["status"]) == ("DEBUG", "websocket", 4400)


@pytest.mark.parametrize(
    ("query", "name", "shown"),
    [
        ("query " + "Q" * 5_000 + " { __typename }", None, "Q" * 64),
        ("{ nothing }", "alice@example.org", None),
        ("{ nothing }", "a\nb\x1b[31m", None),
        ("{ nothing }", "Zoé", None),
        ("{ nothing }", "x" * 5_000, "x" * 64),
    ],
    ids=range(5),
)
async def test_the_name_of_an_operation_is_cut_and_nothing_but_a_name(
    shared: Served, caplog: pytest.LogCaptureFixture, query: str, name: str | None, shown: str | None
) -> None:
    await shared.ask(query, operationName=name)
    assert (await line(caplog))["operation"] == shown


async def test_nothing_of_who_asked_or_with_what_is_in_a_line(
    shared: Served, caplog: pytest.LogCaptureFixture
) -> None:
    given = {"i": {"movieId": f"Movie:{movie('heat')}", "stars": 4.5, "idempotencyKey": "a-secret-of-alice"}}
    token = access_token("alice")
    await shared.ask(RATE, token=token, variables=given, headers={"user-agent": "the browser of alice"})
    await shared.http.get("/graphql?email=alice", params={"query": '{ node(id: "alice") { id } }'})
    await line(caplog, 2)
    written = " ".join(str(vars(record)) for record in caplog.records if record.name == LOGGER)
    for personal in ("alice", str(movie("heat")), "Bearer", token, "127.0.0.1", "stars", "browser"):
        assert personal not in written


async def test_asking_for_health_is_not_logged(shared: Served, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        await shared.http.get(path)
    assert [record for record in caplog.records if record.name == LOGGER] == []
