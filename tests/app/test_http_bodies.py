"""GraphQL over HTTP: which bodies are requests, how large and how strange one may be, and what is said of the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.app.serving import ALIVE, PLAIN, Served, codes, serving


async def post(served: Served, body: bytes | str, *, content_type: str = PLAIN) -> httpx.Response:
    """Send a body as it stands."""
    return await served.http.post("/graphql", content=body, headers={"content-type": content_type})


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
        # what a form could send from another site
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
    ],
)
async def test_the_body_is_json_in_utf_8(shared: Served, content_type: str, status: int) -> None:
    response = await post(shared, '{"query": "{ __typename }"}', content_type=content_type)
    assert response.status_code == status
    if status == 200:
        assert response.json() == ALIVE
    else:
        assert codes(response) == ["UNSUPPORTED_MEDIA_TYPE"]


NO_JSON = (
    b"",
    b"{",
    b"NaN",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"\xef\xbb\xbf" + b'{"query": "{ __typename }"}',
    '{"query": "{ __typename }"}'.encode("utf-16"),
    b'{"query": "\xff"}',
    b'{"query": "\\ud800"}',
    b'{"query": "{ __typename }"',
    b'{"query": "{ __typename }",}',
    b"{'query': '{ __typename }'}",
    b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 70 + b"1" + b"}" * 70 + b"}",
)
NO_REQUEST = (
    b"null",
    b"1",
    b"true",
    b"[]",
    b"{}",
    b'"{ __typename }"',
    b'["{ __typename }"]',
    b'[{"query": "{ __typename }"}, null]',
    b'[[{"query": "{ __typename }"}]]',
    b'{"query": null}',
    b'{"query": 1}',
    b'{"query": ""}',
    b'{"query": " \\n "}',
    b'{"query": ["{ __typename }"]}',
    b'{"QUERY": "{ __typename }"}',
    b'{"operationName": "Q"}',
    b'{"query": "{ __typename }", "variables": "{}"}',
    b'{"query": "{ __typename }", "variables": []}',
    b'{"query": "{ __typename }", "variables": 0}',
    b'{"query": "{ __typename }", "operationName": 1}',
    b'{"query": "{ __typename }", "operationName": []}',
    b'{"query": "{ __typename }", "operationName": false}',
    b'{"query": "{ __typename }", "extensions": "x"}',
    b'{"query": "{ __typename }", "extensions": 1}',
)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        *((body, 400, "BAD_JSON") for body in NO_JSON),
        *((body, 400, "BAD_REQUEST") for body in NO_REQUEST),
        (b'{"query": "' + b" " * 300_000 + b'"}', 413, "BODY_TOO_LARGE"),
        (b'{"query": "{ __typename } #' + b" " * 30_000 + b'"}', 413, "DOCUMENT_TOO_LARGE"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
async def test_a_body_that_is_no_request_is_refused_with_a_code(
    shared: Served, body: bytes, status: int, code: str
) -> None:
    response = await post(shared, body)
    assert (response.status_code, codes(response)) == (status, [code])
    assert await shared.ask("{ __typename }") == ALIVE


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
    assert (response.status_code, response.json()) == (200, ALIVE)


DIGITS = "9" * 5_000


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
    assert codes(response) == ["BAD_JSON" if where in ("variables", "extensions") else "VALUE_TOO_LARGE"]
    assert await shared.ask("{ __typename }") == ALIVE


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
        assert 0 < len(codes(response)) <= 10
        assert len(response.content) < 5_000
        assert "INTERNAL_ERROR" not in codes(response)
    assert await shared.ask("{ __typename }") == ALIVE


async def test_a_body_may_come_in_pieces_but_not_without_end(shared: Served) -> None:
    async def pieces(count: int, piece: bytes) -> Any:
        yield b'{"query": "{ __typename }'
        for _ in range(count):
            yield piece
        yield b'"}'

    headers = {"content-type": PLAIN}
    fine = await shared.http.post("/graphql", content=pieces(10, b" "), headers=headers)
    assert fine.json() == ALIVE
    try:
        large = await shared.http.post("/graphql", content=pieces(100, b" " * 10_000), headers=headers)
        assert (large.status_code, codes(large)) == (413, ["BODY_TOO_LARGE"])
    except httpx.TransportError:
        pass  # the server may stop reading before we stop writing
    assert await shared.ask("{ __typename }") == ALIVE


async def test_a_body_that_never_comes_is_not_waited_for(conninfo: str) -> None:
    async with serving(conninfo, request_timeout_s=1) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
        )
        async with asyncio.timeout(10):
            answer = await reader.read(5_000)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"BODY_TIMEOUT" in answer
        writer.close()
