"""What is written to the log: one JSON object a line, with the request's id, and nothing personal."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from app.logs import configure
from resolvers import interactions
from tests.app.serving import Served
from tests.catalogue import movie
from tests.world import access_token


async def test_an_unexpected_failure_is_one_line_of_json_without_personal_data(
    served: Served, logged: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def broken(context: Any, movie_id: Any) -> None:
        raise ZeroDivisionError

    configure("info")
    monkeypatch.setattr(interactions, "require_movie", broken)
    query = "mutation ($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } } }"
    given = {"i": {"movieId": f"Movie:{movie('heat')}", "stars": 4.5, "idempotencyKey": "a-secret-of-alice"}}
    answer = await served.ask(
        query, token=access_token("alice"), variables=given, headers={"x-request-id": "request-0001"}
    )
    assert answer["data"] is None
    assert answer["errors"] == [
        {
            "message": "Unexpected error. Request request-0001.",
            "extensions": {"code": "INTERNAL_ERROR"},
            "path": ["rateMovie"],
        }
    ]
    written = capfd.readouterr().err
    lines = [json.loads(line) for line in written.splitlines() if line.strip()]
    (line,) = [line for line in lines if line.get("level") == "error"]
    assert (line["event"], line["request_id"]) == ("unexpected failure", "request-0001")
    assert "ZeroDivisionError" in line["exception"]
    assert line["timestamp"].startswith("20")
    for personal in ("alice", "a-secret-of-alice", "stars", str(movie("heat")), "Bearer", "eyJ"):
        assert personal not in written


async def test_what_clients_get_wrong_is_not_logged(
    served: Served, logged: None, capfd: pytest.CaptureFixture[str]
) -> None:
    configure("info")
    sign_in = "mutation ($i: SignInInput!) { signIn(input: $i) { errors { code } } }"
    await served.ask(sign_in, variables={"i": {"login": "alice@example.org", "password": "hunter2-and-more"}})
    await served.ask(sign_in, variables={"i": {"login": "alice@example.org", "password": 7}})
    await served.ask('{ node(id: "alice@example.org") { id } movies(after: "alice") { totalCount } }')
    await served.ask('{ signIn(input: { login: "alice", password: "hunter2-and-more" }) }')
    await served.http.post(
        "/graphql", content=b'{"alice": "hunter2-and-more', headers={"content-type": "application/json"}
    )
    async with served.socket() as socket:
        await socket.raw.send(b"\xff", text=True)
        assert await socket.closed() == 1007
    for nonsense in ("\x00\r\n\r\n", "GET /livez HTTP/1.1\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(nonsense.encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 ")
        writer.close()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line for line in lines if line["logger"] != "httpx"] == []
