"""What no HTTP library would send: lengths that lie, bodies in odd pieces, and the state that a connection is left in."""

from __future__ import annotations

import contextlib
import gzip
import logging
from collections.abc import AsyncIterator

import pytest

from tests.app.bare import GOOD, raw
from tests.app.serving import ALIVE, Served, serving
from tests.postgres import Databases

MOST = 2_000


@pytest.fixture(scope="module", params=[True, False], ids=["direct", "asgi"])
async def small(clones: Databases, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    """A server that takes small bodies only."""
    with clones.clone() as conninfo:
        async with serving(conninfo, filled=False, body_bytes=MOST, direct_http=request.param) as running:
            yield running


def chunked(body: bytes, size: int) -> bytes:
    """Return a body in pieces of a size."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", ["content-length: 0"], 400, "BAD_JSON"),
        (b"", [], 400, "BAD_JSON"),
        (b"0\r\n\r\n", ["transfer-encoding: chunked"], 400, "BAD_JSON"),
        (b"\xff\xfe{}", ["content-length: 4"], 400, "BAD_JSON"),
        (b"null", ["content-length: 4"], 400, "BAD_REQUEST"),
        (b"[]", ["content-length: 2"], 400, "BAD_REQUEST"),
        (b'""', ["content-length: 2"], 400, "BAD_REQUEST"),
        (GOOD[:9], ["content-length: 9"], 400, "BAD_JSON"),
        (gzip.compress(b"x" * 50)[:20], ["content-length: 20", "content-encoding: gzip"], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (GOOD, [f"content-length: {len(GOOD)}", "content-encoding: br"], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (chunked(GOOD, 5), ["transfer-encoding: chunked", "accept: image/png"], 406, "NOT_ACCEPTABLE"),
    ],
    ids=range(11),
)  # fmt: skip
async def test_after_a_refusal_the_connection_can_be_used_again(
    small: Served, body: bytes, headers: list[str], status: int, code: str
) -> None:
    async with raw(small) as connection:
        for _ in "ab":
            connection.send(body, *headers)
            assert await connection.code() == (status, code)
        connection.send_good()
        assert await connection.answer() == (200, ALIVE)


@pytest.mark.parametrize("headers", [["content-encoding: identity"], ["content-encoding: Identity"], []])
async def test_a_body_that_is_said_to_be_as_it_is_is_taken(small: Served, headers: list[str]) -> None:
    async with raw(small) as connection:
        connection.send(GOOD, f"content-length: {len(GOOD)}", *headers)
        assert await connection.answer() == (200, ALIVE)


@pytest.mark.parametrize("size", [MOST, 7])
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_may_be_as_large_as_the_limit_and_not_a_byte_larger(
    small: Served, size: int, is_chunked: bool
) -> None:
    for length in (MOST, MOST + 1):
        body = GOOD.ljust(length)
        async with raw(small) as connection:
            if is_chunked:
                connection.send(chunked(body, size), "transfer-encoding: chunked")
            else:
                connection.send(body, f"content-length: {length}")
            if length == MOST:
                assert await connection.answer() == (200, ALIVE)
                connection.send_good()
                assert await connection.answer() == (200, ALIVE)
            else:
                assert await connection.code() == (413, "BODY_TOO_LARGE")
                assert await connection.is_closed()


@pytest.mark.parametrize("headers", [[], ["expect: 100-continue"]])
async def test_a_body_that_says_it_is_too_large_is_not_waited_for(small: Served, headers: list[str]) -> None:
    for length in (str(MOST + 1), "9" * 15):
        async with raw(small) as connection:
            connection.send(b"", f"content-length: {length}", *headers)
            assert await connection.code() == (413, "BODY_TOO_LARGE")
            assert await connection.is_closed()


async def test_a_body_that_never_ends_is_cut_off(small: Served) -> None:
    async with raw(small) as connection:
        connection.send(b"", "transfer-encoding: chunked")
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                connection.writer.write(b"400\r\n" + b" " * 1_024 + b"\r\n")
                await connection.writer.drain()
        with contextlib.suppress(ConnectionError):
            assert await connection.code() == (413, "BODY_TOO_LARGE")
        assert await connection.is_closed()


async def test_what_follows_a_length_that_is_too_short_runs_nothing(small: Served) -> None:
    async with raw(small) as connection:
        connection.send(GOOD, "content-length: 5")
        said = await connection.reader.read()  # all of it, until the server closes
        assert said.count(b"HTTP/1.1 ") == said.count(b"HTTP/1.1 400") > 0
        assert b'"data"' not in said


@pytest.mark.parametrize(
    "headers",
    [
        ["content-length: -1"],
        ["content-length: +5"],
        ["content-length: 5x"],
        ["content-length: 5", "content-length: 6"],
        ["content-length: 99999999999999999999999999"],
        ["content-length: 5", "transfer-encoding: chunked"],
        ["transfer-encoding: chunked, identity"],
        ["transfer-encoding : chunked"],
    ],
    ids=range(8),
)
async def test_a_length_that_can_be_read_in_two_ways_is_refused(small: Served, headers: list[str]) -> None:
    async with raw(small) as connection:
        connection.send(b"5\r\nhello\r\n0\r\n\r\n", *headers)
        status, _ = await connection.answer()
        assert status == 400
        assert await connection.is_closed()


@pytest.mark.parametrize("pieces", [b"x\r\n", b"5\r\nhelloworld\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n"])
async def test_a_piece_that_is_none_ends_the_connection(small: Served, pieces: bytes) -> None:
    async with raw(small) as connection:
        connection.send(pieces, "transfer-encoding: chunked")
        status, _ = await connection.answer()
        assert status == 400
        assert await connection.is_closed()


async def test_a_client_that_goes_in_the_middle_is_no_error(
    small: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for body, headers in (
            (GOOD, ["content-length: 1000"]),
            (b"5\r\nhel", ["transfer-encoding: chunked"]),
            (b"", ["content-length: 10", "expect: 100-continue"]),
        ):
            async with raw(small) as connection:
                connection.send(body, *headers)
                await connection.writer.drain()
                connection.writer.transport.abort()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_requests_that_do_not_wait_are_answered_in_their_order(small: Served) -> None:
    async with raw(small) as connection:
        connection.send(b"nul", "content-length: 3")
        connection.send_good()
        connection.send(b"null", "content-length: 4")
        connection.send_good()
        assert await connection.code() == (400, "BAD_JSON")
        assert await connection.answer() == (200, ALIVE)
        assert await connection.code() == (400, "BAD_REQUEST")
        assert await connection.answer() == (200, ALIVE)


async def test_a_parameter_that_is_given_twice_is_refused(small: Served) -> None:
    response = await small.http.get("/graphql?query={__typename}&query={other}")
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
