"""Whatever is sent, the server answers at once, with codes, tells nothing of its inside, and goes on.

`make fuzz` sends many more than these; a failure says how to send the input again.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st
from hypothesis_graphql import Mode, from_schema, nodes
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from schema import build
from tests.app.serving import EVENTS, PROTOCOL, STRICT
from tests.catalogue import movie, person
from tests.fuzz.requests import (
    MULTIPART,
    PAGE,
    PARTS,
    asked,
    batched,
    changed,
    changed_json,
    changed_request,
    good,
    posted,
    replay,
)
from tests.fuzz.target import Target, judge_errors
from tests.schema.deferring import with_defers
from tests.schema.documents import Asked, Pool, queries
from tests.world import access_token

INPUTS = int(os.environ.get("FUZZ_INPUTS", "300"))
"""Of all tests together. Those of the short run are the same every time."""
fuzzed = settings(
    max_examples=INPUTS // 3,
    derandomize="FUZZ_INPUTS" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SCHEMA = build().graphql
PEOPLE = (None, "alice", "alice", "adam")
WAYS = (posted, posted, batched, asked)
ACCEPT = ("*/*", "*/*", STRICT, EVENTS, MULTIPART, *PARTS)

_pool = Pool(
    {},
    ids=[
        f"Movie:{movie('alien')}",
        f"User:{person('alice')}",
        "Event:9",
        "Event:" + "9" * 30,
        "",
        "\0",
        "Movie:",
    ],
    texts=[
        "",
        "\0",
        "' or 1=1 --",
        "%s",
        "{viewer}",
        "\U0010ffff" * 300,
        "x" * 10_000,
        "\u202e",
        "__proto__",
    ],
)
_times = st.sampled_from(["2024-03-08", "2024-03-08T12:00:00Z", "-1", "", "0000-00-00", "\0"]).map(
    nodes.String
)
_scalars = {
    "ID": st.sampled_from(_pool.ids).map(nodes.String),
    "String": st.one_of(st.sampled_from(_pool.texts), st.text(max_size=20)).map(nodes.String),
    "Position": st.integers(-1, 2**70).map(nodes.Int),
    "Date": _times,
    "DateTime": _times,
    "JSON": _times,
}
dice = st.integers(0, 2**63).map(random.Random)
documents = st.one_of(
    from_schema(SCHEMA, custom_scalars=_scalars).map(lambda text: Asked(text, {})),
    from_schema(SCHEMA, custom_scalars=_scalars, mode=Mode.NEGATIVE).map(lambda text: Asked(text, {})),
    queries(SCHEMA, _pool),
    st.tuples(queries(SCHEMA, _pool), dice).map(
        lambda drawn: replace(drawn[0], query=with_defers(drawn[0].query, drawn[1]))
    ),
)


@pytest.fixture(scope="module", autouse=True)
def afterwards(target: Target) -> Iterator[None]:
    """The server is as well as before."""
    yield
    target.is_as_before()


@fuzzed
@given(
    document=documents, by=st.sampled_from(PEOPLE), way=st.sampled_from(WAYS), accept=st.sampled_from(ACCEPT)
)
def test_documents_of_the_schema_and_nearly_so(
    target: Target, document: Asked, by: str | None, way: Any, accept: str
) -> None:
    headers = {"accept": accept}
    if by:
        headers["authorization"] = f"Bearer {access_token(by, secret=target.secret)}"
    request = way(document.query, document.variables, **headers)
    note(request.curl(target.port))
    response = target.survives(request.raw())
    assert response is not None
    event(_outcome(response))


@fuzzed
@given(dice=dice)
def test_bytes_of_requests(target: Target, dice: random.Random) -> None:
    raw = changed_request(dice.choice(good(access_token("alice", secret=target.secret))), dice)
    note(replay(raw, target.port))
    event(_outcome(target.survives(raw)))


def _outcome(response: httpx.Response | None) -> str:
    """Return what `--hypothesis-show-statistics` counts."""
    if response is None:
        return "nothing"
    return f"{response.status_code} {' '.join(sorted(set(re.findall(r'code.:.([A-Z_]+)', response.text))))}"


CONVERSATION: Sequence[Any] = (
    {"type": "connection_init", "payload": {}},
    {"type": "subscribe", "id": "1", "payload": {"query": PAGE, "variables": {"n": 3}, "operationName": "P"}},
    {"type": "ping", "payload": {"a": 1}},
    {
        "type": "subscribe",
        "id": "2",
        "payload": {"query": "subscription { interactions(after: 3) { id data } }"},
    },
    {"type": "complete", "id": "2"},
)
CLOSED_BY_US = {1000, 1002, 1003, 1007, 1009, 4400, 4401, 4403, 4406, 4408, 4409, 4429}


@fuzzed
@given(dice=dice)
def test_messages_of_sockets(target: Target, dice: random.Random) -> None:
    messages = [json.dumps(message).encode() for message in CONVERSATION]
    at = dice.randrange(len(messages))
    if dice.random() < 0.5:
        messages[at] = changed(messages[at], dice)
    else:
        messages[at] = json.dumps(changed_json(CONVERSATION[at], dice)).encode()
    is_text = dice.random() < 0.95
    note(f"{messages}, the one at {at} {'as text' if is_text else 'as bytes'}")
    target.quickly(lambda: _converse(target, messages, is_text=is_text))
    target.is_well()


def _converse(target: Target, messages: Sequence[bytes], *, is_text: bool) -> None:
    """Say all messages, then wait until the server has taken them or closed the socket."""
    code, token = 1000, access_token("alice", secret=target.secret)
    with connect(
        f"ws://127.0.0.1:{target.port}/graphql",
        subprotocols=[Subprotocol(PROTOCOL)],
        additional_headers={"authorization": f"Bearer {token}"},
    ) as socket:
        try:
            for message in messages:
                socket.send(message, text=is_text)
            socket.send(
                json.dumps({"type": "subscribe", "id": "last", "payload": {"query": "{ __typename }"}})
            )
            said: Any = {}
            while (said.get("type"), said.get("id")) != ("complete", "last"):
                said = json.loads(socket.recv(10))
                if said["type"] in ("next", "error"):
                    judge_errors(
                        said["payload"].get("errors", []) if said["type"] == "next" else said["payload"]
                    )
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1000  # none comes where we were still sending
    assert code in CLOSED_BY_US
