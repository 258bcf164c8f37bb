"""What fuzzing would tell is told: each fault by a response that has it, each input by a command that sends it."""

from __future__ import annotations

import random
import shlex
import subprocess

import httpx
import pytest

from tests.fuzz.requests import Request, good, needs_no_more, replay
from tests.fuzz.target import judge

FINE = {"message": "x", "extensions": {"code": "BAD_ID"}}


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(500, text="Internal Server Error"),
        httpx.Response(503, json={"errors": [FINE]}),
        httpx.Response(200, json={"errors": [{"message": "x"}]}),
        httpx.Response(200, json={"errors": [FINE, {"message": "x", "extensions": {}}]}),
        httpx.Response(200, json={"errors": [{**FINE, "message": "psycopg says"}]}),
        httpx.Response(200, json={"errors": [{**FINE, "stack": "x"}]}),
        httpx.Response(200, json={"errors": [{**FINE, "extensions": {"code": "INTERNAL_ERROR"}}]}),
        httpx.Response(200, json=[{"data": {}}, {"errors": [{"message": "x"}]}]),
        httpx.Response(200, text='event: next\ndata: {"errors":[{"message":"x"}]}\n\n'),
        httpx.Response(
            200, text='--graphql\r\n\r\n{"payload":{"errors":[{"message":"x"}]}}\r\n--graphql\r\n'
        ),
        httpx.Response(
            200, text='--graphql\r\n\r\n{"incremental":[{"errors":[{"message":"x"}]}]}\r\n--graphql\r\n'
        ),
    ],
    ids=range(11),
)
def test_a_fault_is_one(response: httpx.Response) -> None:
    with pytest.raises((AssertionError, KeyError)):
        judge(response)


def test_a_refusal_is_none() -> None:
    judge(httpx.Response(400, json={"errors": [FINE]}))
    judge(httpx.Response(200, json=[{"data": {}}, {"data": None, "errors": [FINE]}]))
    judge(httpx.Response(404, text="Not Found"))
    two = "Anonymous Subscription must select only one top level field."
    judge(httpx.Response(400, json={"errors": [{**FINE, "message": two}]}))


def test_bytes_can_be_sent_again_as_they_were() -> None:
    raw = bytes(range(256)) + random.Random(1).randbytes(500)
    printed = subprocess.run(
        ["sh", "-c", replay(raw, 80).partition(" | ")[0]], capture_output=True, check=True
    )
    assert printed.stdout == raw


def test_a_request_is_a_command_with_all_of_it() -> None:
    words = shlex.split(Request("POST", "/graphql", b'{"query": "it\'s"}', {"accept": "*/*"}).curl(80))
    assert words[:4] == ["curl", "-X", "POST", "http://127.0.0.1:80/graphql"]
    assert words[-2:] == ["--data-raw", '{"query": "it\'s"}']
    assert "accept: */*" in words


def test_only_of_whole_requests_an_answer_is_waited_for() -> None:
    for raw in good("token"):
        assert needs_no_more(raw)
        assert not needs_no_more(raw[:-1])
