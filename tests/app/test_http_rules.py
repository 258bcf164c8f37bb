"""GraphQL over HTTP: media types, methods, bodies, and errors that say what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.serving import Served
from tests.catalogue import movie

STRICT = {"accept": "application/graphql-response+json"}
JSON = {"content-type": "application/json"}


def codes(answer: Any) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/json;q=0.5, application/graphql-response+json", "application/graphql-response+json"),
        (
            "application/graphql-response+json, application/json;q=0.9, */*;q=0.1",
            "application/graphql-response+json",
        ),
    ],
)
async def test_the_answer_has_the_media_type_that_the_client_likes_best(
    served: Served, accept: str | None, media_type: str
) -> None:
    response = await served.http.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"accept": accept or ""}
    )
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.json() == {"data": {"__typename": "Query"}}
    assert response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "BAD_JSON"),
        (b"null", 400, "BAD_REQUEST"),
        (b"1", 400, "BAD_REQUEST"),
        (b"[]", 400, "BAD_REQUEST"),
        (b"{", 400, "BAD_JSON"),
        (b'{"query": "\xff"}', 400, "BAD_JSON"),
        (b"{}", 400, "BAD_REQUEST"),
        (b'{"query": 1}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "variables": []}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "operationName": 1}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "extensions": 1}', 400, "BAD_REQUEST"),
        (
            b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 70 + b"1" + b"}" * 70 + b"}",
            400,
            "BAD_JSON",
        ),
        (b'{"query": "' + b" " * 300_000 + b'"}', 413, "BODY_TOO_LARGE"),
        (b'{"query": "{ __typename } #' + b" " * 30_000 + b'"}', 413, "DOCUMENT_TOO_LARGE"),
    ],
)
async def test_a_body_that_is_no_request_is_refused_with_a_code(
    served: Served, body: bytes, status: int, code: str
) -> None:
    response = await served.http.post("/graphql", content=body, headers=JSON)
    assert (response.status_code, codes(response.json())) == (status, [code])
    assert await served.ask("{ __typename }") == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ genres {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "BAD_OPERATION"),
        ("fragment F on Movie { title }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { movies(first: $n) { totalCount } }", "BAD_USER_INPUT"),
    ],
)
async def test_a_document_that_cannot_run_is_400_for_strict_clients_and_200_for_old_ones(
    served: Served, query: str, code: str
) -> None:
    strict = await served.post(query, headers=STRICT)
    old = await served.post(query)
    assert (strict.status_code, old.status_code) == (400, 200)
    for response in (strict, old):
        assert "data" not in response.json()
        assert codes(response.json()) == [code]


async def test_one_of_several_operations_is_chosen_by_name(served: Served) -> None:
    both = "query A { a: __typename } query B { b: __typename }"
    assert await served.ask(both, operationName="B") == {"data": {"b": "Query"}}
    assert codes(await served.ask(both, operationName="C")) == ["BAD_OPERATION"]


async def test_queries_go_by_get_and_mutations_do_not(served: Served) -> None:
    query = "query($n: Int) { movies(first: $n) { nodes { title } } }"
    found = await served.http.get("/graphql", params={"query": query, "variables": '{"n": 1}'})
    assert len(found.json()["data"]["movies"]["nodes"]) == 1
    mutation = "mutation { signOut(input: {}) { errors { code } } }"
    refused = await served.http.get("/graphql", params={"query": mutation})
    assert (refused.status_code, codes(refused.json())) == (405, ["METHOD_NOT_ALLOWED"])


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_what_a_form_could_send_is_refused(served: Served, content_type: str) -> None:
    response = await served.http.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers={"content-type": content_type}
    )
    assert (response.status_code, codes(response.json())) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


async def test_other_methods_and_media_types_are_refused(served: Served) -> None:
    assert (await served.http.put("/graphql")).status_code == 405
    response = await served.http.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"accept": "image/png"}
    )
    assert response.status_code == 406


async def test_a_wrong_token_is_told_apart_from_none(served: Served) -> None:
    response = await served.post("{ viewer { id } }", token="forged", headers=STRICT)
    assert (response.status_code, codes(response.json())) == (401, ["UNAUTHENTICATED"])
    assert await served.ask("{ viewer { id } }") == {"data": {"viewer": None}}


async def test_an_outlived_token_does_not_keep_anybody_from_signing_in(served: Served) -> None:
    await served.sign_up("wanda")
    document = "mutation($i: SignInInput!) { signIn(input: $i) { errors { code } viewer { username } } }"
    given = {"i": {"login": "WANDA", "password": "a fish called wanda"}}
    answer = await served.ask(document, variables=given, token="outlived")
    assert answer["data"]["signIn"] == {"errors": [], "viewer": {"username": "wanda"}}


async def test_a_password_never_comes_back(served: Served) -> None:
    document = "mutation($i: SignUpInput!) { signUp(input: $i) { errors { code message } } }"
    for given in (
        {"email": 7, "password": "s3cret-word"},
        {"password": "s3cret-word"},
        {"email": "a@b.org", "password": ["s3cret-word"]},
        {"email": "a@b.org", "password": "s3cret-word", "more": 1},
        {"email": "nobody", "password": "s3cret-word"},
    ):
        response = await served.post(document, variables={"i": given})
        assert "s3cret" not in response.text


async def test_mutations_that_rules_refuse_answer_with_data(served: Served) -> None:
    token = await served.sign_up()
    rate = "mutation($i: RateMovieInput!) { rateMovie(input: $i) { errors { code path } event { id } } }"
    for given, code in (
        ({"movieId": f"Movie:{movie('heat')}", "stars": 7}, "INVALID_STARS"),
        ({"movieId": f"Movie:{movie('heat')}", "stars": 3.3}, "INVALID_STARS"),
        ({"movieId": f"Movie:{movie('heat')}"}, "MISSING_VALUE"),
        ({"movieId": f"Movie:{movie('no such movie')}", "stars": 3}, "UNKNOWN_MOVIE"),
    ):
        answer = await served.ask(rate, token=token, variables={"i": given})
        (error,) = answer["data"]["rateMovie"]["errors"]
        assert error["code"] == code
    answer = await served.ask(rate, token=token, variables={"i": {"movieId": "Movie:7", "stars": 3}})
    assert codes(answer) == ["BAD_ID"]
    answer = await served.ask(rate, variables={"i": {"movieId": f"Movie:{movie('heat')}", "stars": 3}})
    assert codes(answer) == ["UNAUTHENTICATED"]
