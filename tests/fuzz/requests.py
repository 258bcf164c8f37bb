"""Requests: good ones, good ones that were changed, and how to send one again."""

from __future__ import annotations

import random
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import httptools
import orjson

from tests.app.serving import EVENTS, PLAIN, STRICT, Json

MULTIPART = "multipart/mixed; subscriptionSpec=1.0"
PARTS = ("multipart/mixed; deferSpec=20220824", "multipart/mixed; incrementalSpec=v0.2")


@dataclass(frozen=True)
class Request:
    """A request over HTTP."""

    method: str
    target: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        """Return it as it goes over the wire."""
        given = {"host": "localhost", "content-type": PLAIN, **self.headers, "content-length": len(self.body)}
        head = [
            f"{self.method} {self.target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in given.items()),
        ]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + self.body

    def curl(self, port: int) -> str:
        """Return it as a command."""
        given = {"content-type": PLAIN, **self.headers}
        parts = ["curl", "-X", self.method, f"http://127.0.0.1:{port}{self.target}"]
        parts += [part for name, value in given.items() for part in ("-H", f"{name}: {value}")]
        return shlex.join([*parts, "--data-raw", self.body.decode()])


def replay(raw: bytes, port: int) -> str:
    """Return a command that sends bytes."""
    text = "".join(chr(byte) if 32 <= byte < 127 and byte not in b"\\%'" else f"\\{byte:03o}" for byte in raw)
    return f"printf '{text}' | nc -q 5 127.0.0.1 {port}"


def posted(query: str, variables: Json = None, **headers: str) -> Request:
    """Return an operation as most clients send it."""
    return Request("POST", "/graphql", orjson.dumps({"query": query, "variables": variables}), headers)


def asked(query: str, variables: Json = None, **headers: str) -> Request:
    """Return a query that goes by GET."""
    given = {"query": query, "variables": orjson.dumps(variables).decode()}
    parameters = "&".join(f"{name}={quote(value)}" for name, value in given.items())
    return Request("GET", f"/graphql?{parameters}", b"", headers)


def batched(query: str, variables: Json = None, **headers: str) -> Request:
    """Return an operation twice in one body."""
    one = {"query": query, "variables": variables}
    return Request("POST", "/graphql", orjson.dumps([one, one]), headers)


PAGE = "query P($n: Int, $c: String) { movies(first: $n, after: $c) { edges { cursor node { id title } } } }"
HASH = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"
HANDSHAKE = {
    "upgrade": "websocket",
    "connection": "upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "sec-websocket-protocol": "graphql-transport-ws",
}


def good(token: str) -> Sequence[bytes]:
    """Return requests of every kind that is served, as somebody who signed in sends them."""
    bearer = {"authorization": f"Bearer {token}"}
    sign_in = "mutation ($i: SignInInput!) { signIn(input: $i) { errors { code } viewer { id } } }"
    rate = "mutation ($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } event { id } } }"
    requests = [
        posted(PAGE, {"n": 3, "c": None}),
        posted(PAGE, {"n": 3, "c": None}, accept=STRICT, **bearer),
        posted("{ viewer { history { nodes { id type data } } } }", accept=EVENTS, **bearer),
        posted("subscription { interactions(after: 0) { id } }", accept=MULTIPART, **bearer),
        posted('{ viewer { id ... @defer(label: "l") { roles } } }', accept=PARTS[0], **bearer),
        posted(sign_in, {"i": {"login": "alice", "password": "not hers"}}),
        posted(rate, {"i": {"movieId": "Movie:x", "stars": 3.5, "idempotencyKey": "k"}}, **bearer),
        asked(PAGE, {"n": 3}),
        asked("{ genres { name } }", accept=f"{STRICT};q=0.9, */*;q=0.1", **{"sec-fetch-site": "same-origin"}),
        batched(PAGE, {"n": 1}),
        Request(
            "POST",
            "/graphql",
            orjson.dumps(
                {"query": "{__typename}", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}}
            ),
        ),
        Request("OPTIONS", "/graphql", b"", {"origin": "https://a.example", "access-control-request-method": "POST"}),
        Request("GET", "/graphql", b"", HANDSHAKE),
        Request("GET", "/graphql/assets/graphiql.min.js"),
        Request("GET", "/livez"),
        Request("GET", "/metrics"),
    ]  # fmt: skip
    return [request.raw() for request in requests]


ODD = (
    *(b"\x00", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\r\n", b"\r\n\r\n", b"\n", b" ", b"\t", b"%00", b"%"),
    *(b"\\ud800", b"\\u0000", b"\\", b'"', b"'", b"{", b"}", b"[", b"]", b"(", b")", b":", b",", b"$", b"@", b"!", b"#"),
    *(b"null", b"true", b"-0", b"1e999", b"-1", b"9" * 20, b"9" * 400, b"0x1", b"NaN", b"[" * 70, b'{"a":' * 70),
    *(b"...F", b"{__typename}", b"__proto__", b"__schema{types{name}}", b"@skip(if:true)", b"fragment F on Movie{id}"),
    *(b"../", b"..%2f", b"?query=", b"&query=", b"HTTP/9.9", b"transfer-encoding: chunked\r\n", b"\r\nx-a: b"),
    *("é".encode(), "\u202e".encode(), "\U0001f388".encode(), b"a" * 300, b"' or 1=1 --", b"%(x)s", b"{viewer}"),
)  # fmt: skip


VALUES: Sequence[Json] = (
    *(None, True, 0, -1, 0.5, 2**31, 2**63 - 1, 2**64 - 1, -(2**63), 1e308, "", "\0", "\u202e", "x" * 10_001, "Movie:", "1"),
    *([], [[]], [None], [0] * 251, {}, {"": 0}, {"__proto__": {"roles": ["admin"]}}, {"constructor": {"prototype": {}}}),
)  # fmt: skip


def changed_json(value: Json, dice: random.Random) -> Json:
    """Return a value of JSON of which one part, however deep, is another."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice(list(value))
        return {**value, name: changed_json(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.9:
        at = dice.randrange(len(value))
        return [*value[:at], changed_json(value[at], dice), *value[at + 1 :]]
    if isinstance(value, str) and dice.random() < 0.6:
        return changed(value.encode(), dice).decode(errors="replace")
    return dice.choice(VALUES)


def changed(raw: bytes, dice: random.Random) -> bytes:
    """Return bytes that somebody changed here and there."""
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        start = dice.randrange(len(raw) + 1)
        end = min(len(raw), start + dice.choice((0, 1, 1, 4, 30)))
        middle = dice.choice(
            (b"", dice.choice(ODD), dice.choice(ODD), raw[start:end] * 2, dice.randbytes(end - start))
        )
        raw = raw[:start] + middle + raw[end:]
    return raw


def changed_request(raw: bytes, dice: random.Random) -> bytes:
    """Return a request that was changed, oftener in its body, and then mostly with the right length."""
    head, _, body = raw.partition(b"\r\n\r\n")
    if not body or dice.random() < 0.4:
        return changed(raw, dice)
    is_json = dice.random() < 0.5
    new = orjson.dumps(changed_json(orjson.loads(body), dice)) if is_json else changed(body, dice)
    if dice.random() < 0.9:
        head = head.replace(b"content-length: %d" % len(body), b"content-length: %d" % len(new))
    return head + b"\r\n\r\n" + new


class _Complete(Exception):
    pass


class _UntilComplete:
    def on_message_complete(self) -> None:
        raise _Complete


def needs_no_more(raw: bytes) -> bool:
    """Whether the server has to answer these bytes, and does not wait for more of the request."""
    try:
        httptools.HttpRequestParser(_UntilComplete()).feed_data(raw)
    except (httptools.HttpParserError, httptools.HttpParserCallbackError):
        return True
    return False
