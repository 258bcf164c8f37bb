"""GraphQL over HTTP: what is negotiated, which status an answer has, and what every answer carries."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from resolvers.engine import Engine
from tests.app.serving import ALIVE, EVENTS, PLAIN, STRICT, Served, answered, codes, serving
from tests.catalogue import movie
from tests.world import access_token

TYPENAME = {"query": "{ __typename }"}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", PLAIN),
        ("*/*", PLAIN),
        ("application/*", PLAIN),
        ("application/json", PLAIN),
        ("APPLICATION/JSON", PLAIN),
        ("application/json; charset=utf-8", PLAIN),
        ("application/json, application/graphql-response+json", PLAIN),
        ("application/graphql-response+json;q=0, application/json", PLAIN),
        ("image/png, */*;q=0.1", PLAIN),
        ("text/html, application/xhtml+xml, */*;q=0.8", PLAIN),
        ("application/graphql-response+json", STRICT),
        ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", STRICT),
        ("application/graphql-response+json, application/json;q=0.9, */*;q=0.1", STRICT),
        ("application/json;q=0.5, application/graphql-response+json", STRICT),
        ("application/json;q=0, application/graphql-response+json;q=0.001", STRICT),
        ("application/json;q=high", None),
        ("application/json;q=0", None),
        ("application/json;q=inf", None),
        ("application/json;q=nan, application/graphql-response+json", STRICT),
        ("*/*;q=0", None),
        ("image/png", None),
        ("text/html", None),
        ("text/plain", None),
        ("nonsense", None),
        (",;,", None),
    ],
)
async def test_the_answer_has_the_media_type_that_the_client_likes_best(
    shared: Served, accept: str, media_type: str | None
) -> None:
    response = await shared.post("{ __typename }", headers={"accept": accept})
    if media_type is None:
        assert (response.status_code, codes(response)) == (406, ["NOT_ACCEPTABLE"])
    else:
        assert (response.status_code, response.json()) == (200, ALIVE)
        assert response.headers["content-type"] == f"{media_type}; charset=utf-8"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
async def test_other_methods_are_told_which_ones_there_are(shared: Served, method: str) -> None:
    response = await shared.http.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"query": "{ __typename }"}, 200, None),
        ({"query": "query A { a: __typename } query B { __typename }", "operationName": "B"}, 200, None),
        (
            {"query": "query ($b: Boolean!) { __typename @skip(if: $b) }", "variables": '{"b": false}'},
            200,
            None,
        ),
        ({"query": "{ __typename }", "variables": "", "operationName": "", "extensions": ""}, 200, None),
        ({"query": "{ __typename }", "variables": "null"}, 200, None),
        ({"query": "{ __typename }", "variables": "{"}, 400, "BAD_JSON"),
        ({"query": "{ __typename }", "variables": "[]"}, 400, "BAD_REQUEST"),
        ({"query": "{ __typename }", "extensions": "1"}, 400, "BAD_REQUEST"),
        ({"query": ""}, 400, "BAD_REQUEST"),
        ({}, 400, "BAD_REQUEST"),
        ({"query": "{ nothing }"}, 400, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "mutation { signOut(input: {}) { errors { code } } }"}, 405, "METHOD_NOT_ALLOWED"),
        ({"query": "subscription { interactions { id } }"}, 406, "SUBSCRIPTION_TRANSPORT"),
    ],
    ids=range(13),
)
async def test_a_query_may_go_by_get(
    shared: Served, params: dict[str, str], status: int, code: str | None
) -> None:
    response = await shared.http.get("/graphql", params=params, headers={"accept": STRICT})
    assert response.status_code == status
    if code:
        assert codes(response) == [code]
    else:
        assert response.json() == ALIVE


async def test_a_query_by_get_answers_what_it_answers_by_post(shared: Served) -> None:
    query = "query ($n: Int) { movies(first: $n) { nodes { title } } }"
    by_get = await shared.http.get("/graphql", params={"query": query, "variables": '{"n": 1}'})
    assert len(by_get.json()["data"]["movies"]["nodes"]) == 1
    assert by_get.text == (await shared.post(query, variables={"n": 1})).text


async def test_a_subscription_needs_a_transport_that_can_carry_it(shared: Served) -> None:
    old = await shared.post("subscription { interactions { id } }")
    strict = await shared.post("subscription { interactions { id } }", headers={"accept": STRICT})
    assert (old.status_code, strict.status_code) == (400, 406)
    assert codes(old) == codes(strict) == ["SUBSCRIPTION_TRANSPORT"]


@pytest.mark.parametrize(
    ("query", "code", "line", "column"),
    [
        ("{ genres {\n  name", "GRAPHQL_PARSE_FAILED", 2, 7),
        ("{\n  genres { name }\n  nothing\n}", "GRAPHQL_VALIDATION_FAILED", 3, 3),
        ("fragment F on Movie { title }", "GRAPHQL_VALIDATION_FAILED", 1, 1),
        ("query($n: Int!) { movies(first: $n) { totalCount } }", "BAD_USER_INPUT", 1, 7),
        ("query A { __typename } query B { __typename }", "BAD_OPERATION", None, None),
    ],
    ids=range(5),
)
async def test_a_document_that_cannot_run_is_400_for_strict_clients_and_200_for_old_ones(
    shared: Served, query: str, code: str, line: int | None, column: int | None
) -> None:
    for accept, status in ((STRICT, 400), (PLAIN, 200)):
        response = await shared.post(query, headers={"accept": accept})
        assert (response.status_code, codes(response)) == (status, [code])
        assert "data" not in response.json()
        (error,) = response.json()["errors"]
        assert error.get("locations") == (line and [{"line": line, "column": column}])
        assert "path" not in error


async def test_one_of_several_operations_is_chosen_by_name(shared: Served) -> None:
    both = "query A { a: __typename } query B { b: __typename }"
    assert await shared.ask(both, operationName="B") == answered({"b": "Query"}, 0)
    assert codes(await shared.post(both, operationName="C")) == ["BAD_OPERATION"]


async def test_a_failing_field_is_200_with_data_and_a_path_for_every_client(shared: Served) -> None:
    for accept in (STRICT, PLAIN):
        query = '{ genres { slug } movies(after: "x") { totalCount } }'
        response = await shared.post(query, headers={"accept": accept})
        assert (response.status_code, codes(response)) == (200, ["BAD_CURSOR"])
        assert response.json()["errors"][0]["path"] == ["movies"]
        assert len(response.json()["data"]["genres"]) == 8


async def test_mutations_that_rules_refuse_answer_with_data(shared: Served) -> None:
    rate = "mutation ($i: RateMovieInput!) { rateMovie(input: $i) { errors { code path } event { id } } }"
    heat = f"Movie:{movie('heat')}"
    for given, code in (
        ({"movieId": heat, "stars": 7}, "INVALID_STARS"),
        ({"movieId": heat, "stars": 3.3}, "INVALID_STARS"),
        ({"movieId": heat}, "MISSING_VALUE"),
        ({"movieId": f"Movie:{movie('no such movie')}", "stars": 3}, "UNKNOWN_MOVIE"),
    ):
        answer = await shared.ask(rate, token=access_token("alice"), variables={"i": given})
        (error,) = answer["data"]["rateMovie"]["errors"]
        assert error["code"] == code
    malformed = {"i": {"movieId": "Movie:7", "stars": 3}}
    assert codes(await shared.post(rate, token=access_token("alice"), variables=malformed)) == ["BAD_ID"]
    fine = {"i": {"movieId": heat, "stars": 3}}
    assert codes(await shared.post(rate, variables=fine)) == ["UNAUTHENTICATED"]


async def test_an_answer_carries_the_requests_id_and_is_not_kept(shared: Served) -> None:
    for body, headers in (
        (TYPENAME, {}),
        ({"query": "{ nothing }"}, {}),
        ({}, {}),
        (TYPENAME, {"accept": EVENTS}),
        (TYPENAME, {"accept": "image/png"}),
    ):
        given = await shared.http.post(
            "/graphql", json=body, headers={**headers, "x-request-id": "of-the.client_1"}
        )
        assert given.headers["x-request-id"] == "of-the.client_1"
        assert given.headers["cache-control"] == "no-store"
        ours = await shared.http.post("/graphql", json=body, headers=headers)
        assert len(ours.headers["x-request-id"]) == 32
    for odd in ("short", "x" * 65, "with space", "a\tb" * 5, "é" * 10):
        refused = await shared.http.post("/graphql", json=TYPENAME, headers={b"x-request-id": odd.encode()})
        assert refused.headers["x-request-id"] != odd


async def test_an_unexpected_failure_says_nothing_but_the_requests_id(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError("wanda@example.org wanted 7 secret things")

    monkeypatch.setattr(Engine, "_query", broken)
    with caplog.at_level(logging.ERROR):
        response = await served.post("{ genres { name } }", headers={"x-request-id": "request-0001"})
    assert response.status_code == 200
    assert codes(response) == ["INTERNAL_ERROR"]
    assert "request-0001" in response.json()["errors"][0]["message"]
    assert "wanda" not in response.text
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert vars(record)["request_id"] == "request-0001"


async def test_a_request_that_takes_too_long_is_stopped(
    conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*_: Any) -> Any:
        await asyncio.sleep(60)

    async with serving(conninfo, request_timeout_s=1) as served:
        monkeypatch.setattr(Engine, "_query", slow)
        response = await served.post("{ genres { name } }")
    assert codes(response) == ["TIMEOUT"]
    assert response.json()["extensions"]["cost"]["requested"] == 1
