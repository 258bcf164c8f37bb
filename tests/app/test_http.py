"""GraphQL over HTTP, the corners: what is negotiated, what is malformed, and what every answer carries."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest

from resolvers.engine import Engine
from tests.app.serving import Served, serving
from tests.catalogue import movie
from tests.world import access_token

STRICT = "application/graphql-response+json"
PLAIN = "application/json"
EVENTS = "text/event-stream"
TYPENAME = {"query": "{ __typename }"}
INSIDE = ("Traceback", "psycopg", "select ", "site-packages", "/tests/", "resolvers", "Error(", "Exception")
"""What no client is ever to read."""


def codes(response: httpx.Response) -> list[str]:
    """Return the codes of an answer's errors; each error has a message and one code, and nothing of our insides."""
    errors = response.json()["errors"]
    assert all(
        error["message"] and set(error) <= {"message", "locations", "path", "extensions"} for error in errors
    )
    assert not any(word in response.text for word in INSIDE)
    return [error["extensions"]["code"] for error in errors]


async def post(served: Served, body: bytes | str, **headers: str) -> httpx.Response:
    """Send a body as it stands."""
    return await served.http.post("/graphql", content=body, headers={"content-type": PLAIN, **headers})


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/graphql-response+json;q=0, application/json", PLAIN),
        ("application/json;q=0, application/graphql-response+json;q=0.001", STRICT),
        ("APPLICATION/JSON", PLAIN),
        ("application/json; charset=utf-8", PLAIN),
        ("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", STRICT),
        ("application/json, application/graphql-response+json", PLAIN),
        ("image/png, */*;q=0.1", PLAIN),
        ("text/html, application/xhtml+xml, */*;q=0.8", PLAIN),
        ("application/json;q=high", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("text/html", None),
        ("text/plain", None),
        ("nonsense", None),
        (",;,", None),
    ],
)
async def test_the_media_type_is_negotiated_by_weight(
    shared: Served, accept: str, media_type: str | None
) -> None:
    response = await shared.http.post("/graphql", json=TYPENAME, headers={"accept": accept})
    if media_type is None:
        assert (response.status_code, codes(response)) == (406, ["NOT_ACCEPTABLE"])
    else:
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{media_type}; charset=utf-8"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON; Charset="UTF-8"', 200),
        ("application/json; charset=utf-8; x=y", 200),
        ("application/json; charset=utf-16", 415),
        ("application/json; charset=latin-1", 415),
        ("application/graphql", 415),
        ("application/graphql+json", 415),
        ("text/json", 415),
        ("", 415),
    ],
)
async def test_the_body_is_json_in_utf_8(shared: Served, content_type: str, status: int) -> None:
    response = await post(shared, json.dumps(TYPENAME), **{"content-type": content_type})
    assert response.status_code == status
    if status != 200:
        assert codes(response) == ["UNSUPPORTED_MEDIA_TYPE"]


DIGITS = "9" * 5_000


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"\xef\xbb\xbf" + json.dumps(TYPENAME).encode(), 400, "BAD_JSON"),
        (json.dumps(TYPENAME).encode("utf-16"), 400, "BAD_JSON"),
        (b'{"query": "{ __typename }"', 400, "BAD_JSON"),
        (b'{"query": "{ __typename }",}', 400, "BAD_JSON"),
        (b"{'query': '{ __typename }'}", 400, "BAD_JSON"),
        (b'{"query": "\\ud800"}', 400, "BAD_JSON"),
        (b"NaN", 400, "BAD_JSON"),
        (b"[" * 100_000, 400, "BAD_JSON"),
        (b'{"a":' * 50_000, 400, "BAD_JSON"),
        (b"true", 400, "BAD_REQUEST"),
        (b'"{ __typename }"', 400, "BAD_REQUEST"),
        (b'[{"query": "{ __typename }"}]', 400, "BAD_REQUEST"),
        (b'{"query": null}', 400, "BAD_REQUEST"),
        (b'{"query": ""}', 400, "BAD_REQUEST"),
        (b'{"query": " \\n "}', 400, "BAD_REQUEST"),
        (b'{"query": ["{ __typename }"]}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "variables": "{}"}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "variables": 0}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "operationName": []}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "operationName": false}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "extensions": "x"}', 400, "BAD_REQUEST"),
        (b'{"operationName": "Q"}', 400, "BAD_REQUEST"),
        (b'{"QUERY": "{ __typename }"}', 400, "BAD_REQUEST"),
    ],
    ids=range(23),
)
async def test_a_malformed_body_is_refused_with_a_code(
    shared: Served, body: bytes, status: int, code: str
) -> None:
    response = await post(shared, body)
    assert (response.status_code, codes(response)) == (status, [code])


@pytest.mark.parametrize(
    "body",
    [
        '{"query": "{ __typename }", "variables": null, "operationName": null, "extensions": null}',
        '{"query": "{ __typename }", "variables": {}, "operationName": "", "extensions": {}}',
        '{"query": "query Q { __typename }", "operationName": "Q"}',
        '{"query": "{ __typename }", "unknown": [1, 2]}',
        '{"query": "{ __typename }", "variables": {"unused": {"a": [1, null, "x"]}}}',
        '\n\t {"query": "{ __typename }"} \n',
        '{"query": "{ a: __typename }", "query": "{ __typename }"}',
        '{"query": "\\ufeff{ __typename }"}',
    ],
    ids=range(8),
)
async def test_what_may_be_left_out_or_be_there_besides_changes_nothing(shared: Served, body: str) -> None:
    response = await post(shared, body)
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize("where", ["variables", "extensions", "literal", "nested", "position"])
async def test_a_number_of_5000_digits_is_refused_with_a_code(shared: Served, where: str) -> None:
    first = "query ($n: Int) { movies(first: $n) { totalCount } }"
    body = {
        "variables": f'{{"query": "{first}", "variables": {{"n": {DIGITS}}}}}',
        "extensions": f'{{"query": "{first}", "extensions": {{"n": {DIGITS}}}, "variables": {{"n": -1}}}}',
        "literal": f'{{"query": "{{ movies(first: {DIGITS}) {{ totalCount }} }}"}}',
        "nested": f'{{"query": "{{ movies(filter: {{ minimumStars: {DIGITS} }}) {{ totalCount }} }}"}}',
        "position": f'{{"query": "{{ events(filter: {{ afterPosition: {DIGITS} }}) {{ totalCount }} }}"}}',
    }[where]
    response = await post(shared, body)
    assert set(codes(response)) <= {
        "BAD_USER_INPUT", "BAD_JSON", "GRAPHQL_VALIDATION_FAILED", "BAD_PAGE_SIZE", "UNAUTHENTICATED",
    }  # fmt: skip
    assert (await shared.ask("{ __typename }")) == {"data": {"__typename": "Query"}}


DEEP = {
    "selections": "{ viewer " * 600 + "{ id }" + " }" * 600,
    "unclosed": "{ a" * 650,
    "lists": "{ movies(first: " + "[" * 900 + "]" * 900 + ") { totalCount } }",
    "objects": "{ movies(filter: " + "{a:" * 600 + "1" + "}" * 600 + ") { totalCount } }",
    "types": "query ($a: " + "[" * 900 + "Int" + "]" * 900 + ") { __typename }",
    "fragments": "{ ...F0 } fragment F250 on Query { __typename } "
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(250)),
    "inline fragments": "{" + "... {" * 600 + "__typename" + "}" * 600 + "}",
    "a cycle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(1_000)) + " }",
    "directives": "{ __typename " + "@skip(if: false) " * 300 + "}",
    "similar": "{ movie(by: { tmdbId: 348 }) " + "{ similar { nodes " * 12 + "{ id }" + " } }" * 12 + " }",
    "many errors": "{ " + " ".join(f"x{n}" for n in range(900)) + " }",
    "a long name": "{ " + "x" * 20_000 + " }",
    "control characters": "{ __typename \x00 \x01 }",
    "a lone quote": '{ movie(by: { id: "',
    "a block string": '{ movie(by: { id: """x',
    "an escape": '{ movie(by: { id: "\\u12" }) { id } }',
    "type system": "type Query { a: Int }",
}  # fmt: skip


@pytest.mark.parametrize("kind", DEEP)
async def test_no_document_is_too_strange_to_be_answered(shared: Served, kind: str) -> None:
    response = await shared.post(DEEP[kind])
    assert response.status_code == 200
    if "errors" in response.json():
        assert 0 < len(codes(response)) <= 100
        assert len(response.content) < 100_000
        assert "INTERNAL_ERROR" not in codes(response)
    assert (await shared.ask("{ __typename }")) == {"data": {"__typename": "Query"}}


async def test_an_error_of_a_document_says_where_it_is(shared: Served) -> None:
    for query, line, column in (("{ genres {\n  name", 2, 7), ("{\n  genres { name }\n  nothing\n}", 3, 3)):
        response = await shared.post(query, headers={"accept": STRICT})
        assert response.status_code == 400
        (error,) = response.json()["errors"]
        assert error["locations"] == [{"line": line, "column": column}]
        assert "path" not in error
        assert "data" not in response.json()


async def test_a_failing_field_is_200_with_data_and_a_path_for_every_client(shared: Served) -> None:
    for accept in (STRICT, PLAIN):
        query = '{ genres { slug } movies(after: "x") { totalCount } }'
        response = await shared.post(query, headers={"accept": accept})
        assert (response.status_code, codes(response)) == (200, ["BAD_CURSOR"])
        assert response.json()["errors"][0]["path"] == ["movies"]
        assert len(response.json()["data"]["genres"]) == 8


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
        assert response.json() == {"data": {"__typename": "Query"}}


async def test_a_subscription_needs_a_transport_that_can_carry_it(shared: Served) -> None:
    old = await shared.post("subscription { interactions { id } }")
    strict = await shared.post("subscription { interactions { id } }", headers={"accept": STRICT})
    assert (old.status_code, strict.status_code) == (400, 406)
    assert codes(old) == codes(strict) == ["SUBSCRIPTION_TRANSPORT"]


async def test_a_body_may_come_in_pieces_but_not_without_end(shared: Served) -> None:
    async def pieces(count: int, piece: bytes) -> Any:
        yield b'{"query": "{ __typename }'
        for _ in range(count):
            yield piece
        yield b'"}'

    headers = {"content-type": PLAIN}
    fine = await shared.http.post("/graphql", content=pieces(10, b" "), headers=headers)
    assert fine.json() == {"data": {"__typename": "Query"}}
    try:
        large = await shared.http.post("/graphql", content=pieces(100, b" " * 10_000), headers=headers)
        assert (large.status_code, codes(large)) == (413, ["BODY_TOO_LARGE"])
    except httpx.TransportError:
        pass  # the server may stop reading before we stop writing
    assert (await shared.ask("{ __typename }")) == {"data": {"__typename": "Query"}}


async def test_a_body_that_never_comes_is_not_waited_for(conninfo: str) -> None:
    async with serving(conninfo, request_timeout_s=1) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
        )
        async with asyncio.timeout(10):
            answer = await reader.read(5_000)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"BODY_TIMEOUT" in answer
        writer.close()


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


# --- access tokens ---


async def session(served: Served, name: str) -> Any:
    """Make an account and return its session."""
    query = "mutation ($i: SignUpInput!) { signUp(input: $i) { session { accessToken refreshToken } } }"
    given = {"email": f"{name}@example.org", "username": name, "password": f"a fish called {name}"}
    return (await served.ask(query, variables={"i": given}))["data"]["signUp"]["session"]


@pytest.mark.parametrize("header", ["Bearer x", "Bearer", "Basic YTpi", "x", "bearer a.b.c", "Token x", "é"])
async def test_a_token_that_proves_nothing_is_refused_before_anything_runs(
    shared: Served, header: str
) -> None:
    for accept, status in ((STRICT, 401), (PLAIN, 200)):
        response = await shared.http.post(
            "/graphql",
            json={"query": "{ genres { name } }"},
            headers={b"accept": accept.encode(), b"authorization": header.encode()},
        )
        assert (response.status_code, codes(response)) == (status, ["UNAUTHENTICATED"])
        assert "data" not in response.json()


async def test_an_access_token_works_whatever_the_case_of_its_scheme(shared: Served) -> None:
    token = (await session(shared, "casey"))["accessToken"]
    for header in (f"Bearer {token}", f"bearer {token}", f"BEARER  {token}"):
        response = await shared.http.post(
            "/graphql", json={"query": "{ viewer { username } }"}, headers={"authorization": header}
        )
        assert response.json() == {"data": {"viewer": {"username": "casey"}}}


async def test_a_stale_header_does_not_keep_anybody_from_a_new_session(shared: Served) -> None:
    refresh = """mutation R($i: RefreshSessionInput!) { __typename
      refreshSession(input: $i) { errors { code } session { accessToken } } }"""
    given = {"i": {"refreshToken": (await session(shared, "stella"))["refreshToken"]}}
    response = await shared.post(refresh, token="outlived", variables=given, headers={"accept": STRICT})
    assert response.status_code == 200
    assert response.json()["data"]["refreshSession"]["errors"] == []
    out = await shared.post("mutation { signOut(input: {}) { errors { code } } }", token="outlived")
    assert codes(out) == ["UNAUTHENTICATED"]


async def test_a_stale_header_opens_nothing_else(shared: Served) -> None:
    sign_out = 'signOut(input: { refreshToken: "x" }) { errors { code } }'
    favorite = f'favoriteMovie(input: {{ movieId: "Movie:{movie("heat")}" }}) {{ errors {{ code }} }}'
    for query in (
        f"mutation {{ {sign_out} {favorite} }}",
        f"mutation {{ {sign_out} ...F }} fragment F on Mutation {{ {favorite} }}",
        f"mutation {{ signOut: {favorite} }}",
        "query { signOut: __typename }",
    ):
        response = await shared.post(query, token="outlived", headers={"accept": STRICT})
        assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])


async def test_an_expired_token_is_refused(shared: Served) -> None:
    for ago_s, status in ((3600, 401), (901, 401), (60, 200)):
        token = access_token("alice", ago_s=ago_s)
        response = await shared.post("{ viewer { username } }", token=token, headers={"accept": STRICT})
        assert response.status_code == status
        if status == 401:
            assert codes(response) == ["UNAUTHENTICATED"]


# --- what goes wrong inside ---


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
