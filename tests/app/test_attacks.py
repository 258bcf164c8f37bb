"""Published attacks on GraphQL servers, each by its name: what a stranger or another person sends, and what they get."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import jwt
import orjson
import pytest

from app import graphiql
from tests.app.serving import ALIVE, PLAIN, PROTOCOL, STRICT, Json, Served, codes, serving
from tests.catalogue import PEOPLE, movie, person
from tests.postgres import Databases
from tests.world import access_token, settings

AT_ONCE_S = 1.0


@pytest.fixture(autouse=True)
async def afterwards(shared: Served) -> AsyncIterator[None]:
    """The server is as well as before."""
    yield
    assert await shared.ask("{ __typename }") == ALIVE


def nested(depth: int, inner: str = "id") -> str:
    """Return a document whose lists lie in one another."""
    return "{ movies " + "{ nodes { similar " * depth + f"{{ nodes {{ {inner} }} }}" + " } }" * depth + " }"


def many(count: int, text: str) -> str:
    """Return a selection of a text so many times, `#` in it being its number."""
    return "{ " + " ".join(text.replace("#", str(number)) for number in range(count)) + " }"


DOUBLING = "{ ...F0 } " + " ".join(
    f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30)
) + " fragment F30 on Query { __typename }"  # fmt: skip
CIRCLE = "{ __schema { types " + "{ fields { type " * 3 + "{ name }" + " } }" * 3 + " } }"
DOCUMENTS: Mapping[str, tuple[str, Json, str]] = {
    "alias overload": (many(31, "a#: __typename"), {}, "DOCUMENT_TOO_COMPLEX"),
    "alias overload of a costly field": (many(31, "a#: movies { nodes { id } }"), {}, "DOCUMENT_TOO_COMPLEX"),
    "alias overload in a fragment": (
        "{ ...F } fragment F on Query " + many(31, "a#: __typename"),
        {},
        "DOCUMENT_TOO_COMPLEX",
    ),
    "alias overload in inline fragments": (many(31, "... { a#: __typename }"), {}, "DOCUMENT_TOO_COMPLEX"),
    "field duplication": (many(1_001, "__typename"), {}, "DOCUMENT_TOO_COMPLEX"),
    "field duplication past all tokens": (many(2_001, "id"), {}, "GRAPHQL_PARSE_FAILED"),
    "field duplication at a depth": ("{ genres " + many(1_990, "id") + " }", {}, "DOCUMENT_TOO_COMPLEX"),
    "directive overload": ("{ __typename " + "@skip(if: false) " * 51 + "}", {}, "DOCUMENT_TOO_COMPLEX"),
    "directive overload of none that is known": (
        "{ __typename " + "@aa " * 51 + "}",
        {},
        "DOCUMENT_TOO_COMPLEX",
    ),
    "directive overload on many fields": (
        many(51, "__typename @include(if: true)"),
        {},
        "DOCUMENT_TOO_COMPLEX",
    ),
    "circular fragment": ("{ ...A } fragment A on Query { ...A }", {}, "GRAPHQL_VALIDATION_FAILED"),
    "circular fragments": (
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A }",
        {},
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "circular fragments at a depth": (
        "{ movies { ...M } } fragment M on MovieConnection { nodes { similar { nodes { ...N } } } } "
        "fragment N on Movie { similar { nodes { ...N } } }",
        {},
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "circular fragments that nobody spreads": (
        "{ __typename } fragment A on Query { ...B } fragment B on Query { ...A }",
        {},
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "fragments that double": (DOUBLING, {}, "DOCUMENT_TOO_COMPLEX"),
    "fragment overload": (
        "{ __typename } " + many(51, "fragment F# on Query { __typename }")[1:-1],
        {},
        "DOCUMENT_TOO_COMPLEX",
    ),
    "deep nesting": (nested(12), {}, "DOCUMENT_TOO_COMPLEX"),
    "deep nesting in fragments": (
        "{ movies { nodes { ...F0 } } } "
        + many(12, "fragment F# on Movie { similar { nodes { ...F_ } } }")[1:-1].replace("F_", "F11"),
        {},
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "circular introspection": (CIRCLE, {}, "GRAPHQL_VALIDATION_FAILED"),
    "lists in lists": (nested(2), {}, "COST_EXCEEDED"),
    "lists in lists by a variable": (
        "query ($n: Int) { movies(first: $n) { nodes { similar(first: $n) { nodes { id } } } } }",
        {"n": 100},
        "COST_EXCEEDED",
    ),
    "root field overload": (many(21, "__typename"), {}, "DOCUMENT_TOO_COMPLEX"),
    "sign-in guesses by alias": (
        "mutation "
        + many(21, 'a#: signIn(input: { login: "bob", password: "guess #" }) { errors { code } }'),
        {},
        "DOCUMENT_TOO_COMPLEX",
    ),
    "operations without end": (
        " ".join(f"query Q{n} {{ __typename }}" for n in range(100)),
        {},
        "BAD_OPERATION",
    ),
    "variables without end": (
        "query (" + " ".join(f"$v{n}: Int" for n in range(700)) + ") { __typename }",
        {},
        "GRAPHQL_PARSE_FAILED",
    ),
    "brackets without end": ("{" * 5_000, {}, "GRAPHQL_PARSE_FAILED"),
    "huge variable: a string": (
        "query ($s: String) { movies(search: $s) { totalCount } }",
        {"s": "x" * 10_001},
        "VALUE_TOO_LARGE",
    ),
    "huge variable: a list": (
        "query ($i: [ID!]!) { nodes(ids: $i) { id } }",
        {"i": ["Movie:1"] * 251},
        "VALUE_TOO_LARGE",
    ),
    "huge variable: nobody asked for it": ("{ __typename }", {"s": "x" * 10_001}, "VALUE_TOO_LARGE"),
    "huge literal": ('{ movies(search: "' + "x" * 10_001 + '") { totalCount } }', {}, "VALUE_TOO_LARGE"),
    "incremental delivery: of everything": (
        "{ " + "... @defer { __typename } " * 51 + "}",
        {},
        "DOCUMENT_TOO_COMPLEX",
    ),
    "incremental delivery: of lists": ("{ genres @stream { id } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    "type confusion: a list for an id": (
        "query ($i: ID!) { node(id: $i) { id } }",
        {"i": ["a", "b"]},
        "BAD_USER_INPUT",
    ),
    "type confusion: an object for an id": (
        "query ($i: ID!) { node(id: $i) { id } }",
        {"i": {"$ne": None}},
        "BAD_USER_INPUT",
    ),
    "type confusion: true for an id": (
        "query ($i: ID!) { node(id: $i) { id } }",
        {"i": True},
        "BAD_USER_INPUT",
    ),
    "type confusion: a text for a number": (
        "query ($n: Int) { movies(first: $n) { totalCount } }",
        {"n": "100"},
        "BAD_USER_INPUT",
    ),
    "type confusion: a fraction for a number": (
        "query ($n: Int) { movies(first: $n) { totalCount } }",
        {"n": 1.5},
        "BAD_USER_INPUT",
    ),
    "type confusion: a number past 32 bits": (
        "query ($n: Int) { movies(first: $n) { totalCount } }",
        {"n": 2**31},
        "BAD_USER_INPUT",
    ),
    "type confusion: a number for a password": (
        "mutation ($i: SignInInput!) { signIn(input: $i) { errors { code } } }",
        {"i": {"login": "bob", "password": 0}},
        "BAD_USER_INPUT",
    ),
    "two ids where one is taken": (
        "query ($b: MovieLookup!) { movie(by: $b) { id } }",
        {"b": {"tmdbId": 348, "imdbId": "tt0078748"}},
        "BAD_USER_INPUT",
    ),
    "polluted prototype in an input": (
        "mutation ($i: SignInInput!) { signIn(input: $i) { errors { code } } }",
        {"i": {"login": "bob", "password": "x", "__proto__": {"roles": ["admin"]}}},
        "BAD_USER_INPUT",
    ),
    "mass assignment": (
        "mutation ($i: SignUpInput!) { signUp(input: $i) { errors { code } } }",
        {"i": {"email": "m@example.org", "password": "long enough 17", "roles": ["admin"]}},
        "BAD_USER_INPUT",
    ),
    "a field whose name is a script": ("{ <script>alert(1)</script> }", {}, "GRAPHQL_PARSE_FAILED"),
}


@pytest.mark.parametrize("attack", DOCUMENTS)
async def test_a_document_that_attacks_is_refused_at_once_and_runs_nothing(
    shared: Served, attack: str
) -> None:
    query, variables, code = DOCUMENTS[attack]
    began = time.monotonic()
    response = await shared.post(query, variables=variables, headers={"accept": STRICT})
    assert time.monotonic() - began < AT_ONCE_S
    assert response.status_code == 400
    assert set(codes(response)) == {code}
    assert "data" not in response.json()


def body(text: str) -> bytes:
    """Return a body in which a text stands for the variables."""
    return b'{"query": "{ __typename }", "variables": ' + text.encode() + b"}"


BODIES: Mapping[str, tuple[bytes, int, str]] = {
    "JSON bomb: lists": (b"[" * 100_000 + b"]" * 100_000, 400, "BAD_JSON"),
    "JSON bomb: objects": (body('{"a":' * 64 + "1" + "}" * 64), 400, "BAD_JSON"),
    "JSON bomb: a number": (body('{"n": ' + "9" * 100_000 + "}"), 400, "BAD_JSON"),
    "JSON bomb: an exponent": (body('{"n": 1e999999999}'), 400, "BAD_JSON"),
    "JSON bomb: more than a body": (body('{"a": "' + "x" * 262_144 + '"}'), 413, "BODY_TOO_LARGE"),
    "overlong UTF-8": (body('{"a": "?"}').replace(b"?", b"\xc0\xaf"), 400, "BAD_JSON"),
    "overlong UTF-8 of a null byte": (body('{"a": "?"}').replace(b"?", b"\xc0\x80"), 400, "BAD_JSON"),
    "half a surrogate pair": (body('{"a": "\\udfff"}'), 400, "BAD_JSON"),
    "a null byte between tokens": (b'{"query":\x00"{ __typename }"}', 400, "BAD_JSON"),
    "batching attack": (orjson.dumps([{"query": "{ __typename }"}] * 11), 400, "BATCH_TOO_LARGE"),
    "batching attack: sign-in guesses": (
        orjson.dumps(
            [
                {
                    "query": f'mutation {{ signIn(input: {{ login: "bob", password: "{n}" }}) {{ errors {{ code }} }} }}'
                }
                for n in range(11)
            ]
        ),
        400,
        "BATCH_TOO_LARGE",
    ),
    "batching attack: cost": (
        orjson.dumps([{"query": nested(1, "genres { id }")}] * 10),
        400,
        "COST_EXCEEDED",
    ),
    "batching attack: batches in batches": (
        orjson.dumps([[{"query": "{ __typename }"}]]),
        400,
        "BAD_REQUEST",
    ),
    "polluted prototype of a request": (b'{"__proto__": {"query": "{ __typename }"}}', 400, "BAD_REQUEST"),
    "SQL in the name of an operation": (
        orjson.dumps({"query": "{ __typename }", "operationName": "x'; drop table users; --"}),
        400,
        "BAD_OPERATION",
    ),
    "SQL in the hash of a document": (
        orjson.dumps({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "' or 1=1 --"}}}),
        400,
        "PERSISTED_QUERY_NOT_FOUND",
    ),
    "another document under a known hash": (
        orjson.dumps(
            {
                "query": "{ __typename }",
                "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}},
            }
        ),
        400,
        "BAD_OPERATION",
    ),
}


@pytest.mark.parametrize("attack", BODIES)
async def test_a_body_that_attacks_is_refused_at_once(shared: Served, attack: str) -> None:
    content, status, code = BODIES[attack]
    began = time.monotonic()
    headers = {"content-type": PLAIN, "accept": STRICT}
    response = await shared.http.post("/graphql", content=content, headers=headers)
    assert time.monotonic() - began < AT_ONCE_S
    assert (response.status_code, set(codes(response))) == (status, {code})


# --- other sites ---

FAVORITE = (
    f'mutation {{ favoriteMovie(input: {{ movieId: "Movie:{movie("fargo")}" }}) {{ errors {{ code }} }} }}'
)
FORM = "application/x-www-form-urlencoded"
CROSS_SITE: Mapping[str, tuple[str, Mapping[str, str], bytes, int, str]] = {
    "a mutation by GET": ("GET", {}, b"", 405, "METHOD_NOT_ALLOWED"),
    "a mutation by HEAD": ("HEAD", {}, b"", 405, ""),
    "a mutation by GET that says it is a POST": (
        "GET",
        {"x-http-method-override": "POST"},
        b"",
        405,
        "METHOD_NOT_ALLOWED",
    ),
    "an image of another site": (
        "GET",
        {"sec-fetch-site": "cross-site", "sec-fetch-dest": "image"},
        b"",
        403,
        "CROSS_SITE_REQUEST",
    ),
    "a link of another site": (
        "GET",
        {"user-agent": "Mozilla/5.0", "referer": "https://evil.example/"},
        b"",
        403,
        "CROSS_SITE_REQUEST",
    ),
    "a form": (
        "POST",
        {"content-type": FORM, "origin": "https://evil.example"},
        b"query=" + quote(FAVORITE).encode(),
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    "a form of plain text": (
        "POST",
        {"content-type": "text/plain"},
        orjson.dumps({"query": FAVORITE}),
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    "a form with a file": (
        "POST",
        {"content-type": "multipart/form-data; boundary=x"},
        b"--x--",
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    "plain text that says it is JSON": (
        "POST",
        {"content-type": "text/plain; application/json"},
        orjson.dumps({"query": FAVORITE}),
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    "a POST whose document is in its address": (
        "POST",
        {"content-type": FORM},
        b"",
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
}


@pytest.mark.parametrize("attack", CROSS_SITE)
async def test_what_another_site_can_make_a_browser_send_does_nothing(shared: Served, attack: str) -> None:
    method, headers, content, status, code = CROSS_SITE[attack]
    token = access_token("carol")
    sent = {"authorization": f"Bearer {token}", "cookie": f"session={token}", **headers}
    address = f"/graphql?query={quote(FAVORITE)}"
    response = await shared.http.request(method, address, content=content, headers=sent)
    assert response.status_code == status
    assert code == "" or codes(response) == [code]
    seen = await shared.ask("{ viewer { favorites { totalCount } } }", token=token)
    assert seen["data"]["viewer"]["favorites"]["totalCount"] == 0


async def test_a_cookie_signs_nobody_in(shared: Served) -> None:
    token = access_token("alice")
    cookies = f"authorization=Bearer {token}; token={token}; accessToken={token}"
    response = await shared.post("{ viewer { id } }", headers={"cookie": cookies})
    assert response.json()["data"] == {"viewer": None}


# --- introspection in production ---

SCHEMA_BY: Mapping[str, str] = {
    "as it is": "{ __schema { queryType { name } } }",
    "by an alias": "{ a: __schema { queryType { name } } }",
    "of a type": '{ __type(name: "User") { fields { name } } }',
    "over lines and commas": "{ __schema\n,,,{ queryType { name } } }",
    "in a fragment": "{ ...F } fragment F on Query { __schema { queryType { name } } }",
    "in an inline fragment": "{ ... on Query { __schema { queryType { name } } } }",
    "behind a directive": "{ __schema @include(if: true) { queryType { name } } }",
    "behind a mistake": "{ nothing __schema { queryType { name } } }",
    "beside another operation": "query A { __typename } query B { __schema { queryType { name } } }",
}


@pytest.fixture(scope="module")
async def production(clones: Databases) -> AsyncIterator[Served]:
    """A server as strangers meet it."""
    with clones.clone() as conninfo:
        async with serving(conninfo, filled=False, production=True) as running:
            yield running


@pytest.mark.parametrize("way", ["post", "get", "batch"])
@pytest.mark.parametrize("attack", SCHEMA_BY)
async def test_in_production_strangers_do_not_get_the_schema(
    production: Served, attack: str, way: str
) -> None:
    one = {"query": SCHEMA_BY[attack], **({"operationName": "B"} if "query B" in SCHEMA_BY[attack] else {})}
    if way == "get":
        response = await production.http.get("/graphql", params=one)
    else:
        response = await production.http.post("/graphql", json=[one] if way == "batch" else one)
    assert "queryType" not in response.text.replace("__schema { queryType", "")
    (answer,) = response.json() if way == "batch" else [response.json()]
    assert "data" not in answer
    found = {error["extensions"]["code"] for error in answer["errors"]}
    assert "INTROSPECTION_DISABLED" in found or attack == "behind a mistake"
    assert found <= {"INTROSPECTION_DISABLED", "GRAPHQL_VALIDATION_FAILED"}


# --- files and headers ---

ASSETS = (
    "../../secret",
    "..%2f..%2fsecret",
    "%2e%2e/%2e%2e/secret",
    "..%252f..%252fsecret",
    "..\\..\\secret",
    "....//....//secret",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "page.js%00.png",
    "page.js/../../secret",
    "",
    ".",
)


@pytest.fixture(scope="module")
async def editor(clones: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A server with a file to serve, and one beside it that is not to be served."""
    folder = tmp_path_factory.mktemp("assets")
    (folder / "secret").write_text("hunter2")
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "page.js").write_text("fine")
    with clones.clone() as conninfo, pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphiql, "assets", lambda _: {"page.js": folder / "a" / "b" / "page.js"})
        async with serving(conninfo, filled=False, graphiql=True) as running:
            yield running


async def exchanged(served: Served, head: str) -> str:
    """Send a head as it is and return the whole response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(f"{head}\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
    async with asyncio.timeout(10):
        said = (await reader.read()).decode()
    writer.close()
    return said


@pytest.mark.parametrize("attack", ASSETS, ids=range(len(ASSETS)))
async def test_a_path_leads_to_no_other_file(editor: Served, attack: str) -> None:
    fine = await exchanged(editor, "GET /graphql/assets/page.js HTTP/1.1")
    assert fine.endswith("fine")
    said = await exchanged(editor, f"GET /graphql/assets/{attack} HTTP/1.1")
    assert said.startswith(("HTTP/1.1 404", "HTTP/1.1 400", "HTTP/1.1 307"))
    assert "hunter2" not in said
    assert "root:" not in said


REQUEST_IDS = (
    "x%0d%0aset-cookie: a=b",
    "12345678\rset-cookie: a=b",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "12345678 ${jndi:ldap://x}",
    "a" * 65,
    "a" * 7,
    '12345678"}',
)


@pytest.mark.parametrize("attack", REQUEST_IDS, ids=range(len(REQUEST_IDS)))
async def test_a_request_id_that_is_none_is_not_repeated(shared: Served, attack: str) -> None:
    said = await exchanged(shared, f"GET /graphql?query={{a}} HTTP/1.1\r\nx-request-id: {attack}")
    assert said.startswith(("HTTP/1.1 200", "HTTP/1.1 400"))
    assert attack not in said
    assert "set-cookie" not in said.lower()


async def test_a_header_of_two_lines_is_two_headers_and_neither_comes_back(shared: Served) -> None:
    said = await exchanged(
        shared, "GET /graphql?query={a} HTTP/1.1\r\nx-request-id: 12345678\r\nset-cookie: a=b"
    )
    assert "x-request-id: 12345678\r\n" in said.lower()
    assert "set-cookie" not in said.lower()


@pytest.mark.parametrize("name", ["host", "x-forwarded-host", "x-original-url", "x-rewrite-url", "forwarded"])
async def test_a_host_of_the_clients_making_is_nowhere_in_an_answer(shared: Served, name: str) -> None:
    for path in ("/graphql?query={a}", "/graphql/", "/nothing"):
        response = await shared.http.get(path, headers={name: "evil.example"})
        assert "evil.example" not in response.text
        assert name == "host" or "evil.example" not in str(response.headers)


# --- strange texts ---

TEXTS = {
    "a right-to-left override": "\u202enaila",
    "marks without end": "a" + "\u0301" * 3_000,
    "a letter that unfolds to eighteen": "\ufdfa" * 3_000,
    "half widths and full": "\uff41\uff4c\uff49\uff45\uff4e" * 500,
    "beyond all letters": "\U0010ffff" * 5_000,
    "joiners": "\u200d" * 9_000,
    "an expression that backtracks": "a" * 5_000 + "!",
    "lines": "\r\n\u2028\u2029" * 2_000,
}


@pytest.mark.parametrize("attack", TEXTS)
async def test_a_strange_text_is_read_at_once_and_opens_nothing(shared: Served, attack: str) -> None:
    text = TEXTS[attack]
    began = time.monotonic()
    found = await shared.ask(
        "query ($s: String) { movies(search: $s) { totalCount } }", variables={"s": f"zqxj7{text}"}
    )
    assert found["data"] == {"movies": {"totalCount": 0}}
    document = "mutation ($i: SignUpInput!) { signUp(input: $i) { errors { code } session { accessToken } } }"
    given = {"email": f"{text}@example.org", "username": text, "password": "x"}
    response = await shared.post(document, variables={"i": given})
    assert "INTERNAL_ERROR" not in response.text
    assert response.json()["data"]["signUp"]["session"] is None
    assert time.monotonic() - began < 2 * AT_ONCE_S


async def test_a_polluted_prototype_gives_nobody_a_role(shared: Served) -> None:
    polluted = {"__proto__": {"roles": ["admin"]}, "constructor": {"prototype": {"roles": ["admin"]}}}
    body = {"query": "{ projections { name } viewer { roles } }", "variables": polluted, **polluted}
    response = await shared.http.post("/graphql", json=body)
    assert codes(response) == ["UNAUTHENTICATED"]
    assert response.json()["data"] == {"projections": None, "viewer": None}


# --- what is another person's ---

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on User { email } ... on Event { data userId } } }"
HISTORY = "query ($a: String, $n: Int) { viewer { history(first: $n, after: $a) { edges { cursor node { userId } } } } }"


@pytest.mark.parametrize("by", [None, "alice", "ann", "olga", "adam"])
async def test_counting_through_ids_finds_nothing_of_others(shared: Served, by: str | None) -> None:
    token = access_token(by) if by else None
    ids = [*(f"User:{person(name)}" for name in PEOPLE), *(f"Event:{position}" for position in range(1, 200))]
    answer = await shared.ask(NODES, token=token, variables={"ids": ids})
    assert "errors" not in answer
    found = [node for node in answer["data"]["nodes"] if node]
    users = [node["email"] for node in found if "email" in node]
    assert users == ([f"{by}@example.org"] if by else [])
    if by not in ("ann", "adam"):  # analysts read the log
        assert {node["userId"] for node in found if "userId" in node} <= (
            {f"User:{person(by)}"} if by else set()
        )
    for one in ids[:20]:
        alone = await shared.ask("query ($i: ID!) { node(id: $i) { id } }", token=token, variables={"i": one})
        assert (alone["data"]["node"] is not None) is (one in {node["id"] for node in found})


async def cursors(served: Served, name: str) -> Sequence[str]:
    """Return the cursors of a person's own history."""
    answer = await served.ask(HISTORY, token=access_token(name))
    return [edge["cursor"] for edge in answer["data"]["viewer"]["history"]["edges"]]


async def test_a_cursor_of_another_person_shows_nothing_of_theirs(shared: Served) -> None:
    for cursor in await cursors(shared, "bob"):
        answer = await shared.ask(HISTORY, token=access_token("alice"), variables={"a": cursor, "n": 100})
        edges = answer["data"]["viewer"]["history"]["edges"]
        assert {edge["node"]["userId"] for edge in edges} <= {f"User:{person('alice')}"}


FORGERIES: Mapping[str, Callable[[Json], Json]] = {
    "another list": lambda parts: ["favorites", *parts[1:]],
    "one part more": lambda parts: [*parts, str(person("bob"))],
    "SQL": lambda parts: [parts[0], "1 or 1=1"],
    "a number past all": lambda parts: [parts[0], "9" * 30],
    "a null": lambda parts: [parts[0], None],
    "an object": lambda parts: {"0": parts[0]},
}


@pytest.mark.parametrize("attack", FORGERIES)
async def test_a_cursor_that_was_tampered_with_is_refused(shared: Served, attack: str) -> None:
    good = (await cursors(shared, "alice"))[0]
    parts = orjson.loads(base64.urlsafe_b64decode(good + "=="))
    made = base64.urlsafe_b64encode(orjson.dumps(FORGERIES[attack](parts))).decode()
    response = await shared.post(HISTORY, token=access_token("alice"), variables={"a": made})
    assert codes(response) == ["BAD_CURSOR"]


async def test_nobody_undoes_what_another_did(shared: Served) -> None:
    own = await shared.ask("{ viewer { history { nodes { id } } } }", token=access_token("bob"))
    query = "mutation ($i: UndoInput!) { undo(input: $i) { errors { code } event { id } } }"
    for node in own["data"]["viewer"]["history"]["nodes"]:
        for by in ("alice", "adam"):
            answer = await shared.ask(query, token=access_token(by), variables={"i": {"eventId": node["id"]}})
            assert answer["data"]["undo"] == {"errors": [{"code": "UNKNOWN_EVENT"}], "event": None}


# --- forged tokens ---


def forged(**changed: Any) -> str:
    """Return a token of alice's whose claims or head were changed, signed by somebody who does not know the key."""
    good = access_token("alice")
    head, claims = jwt.get_unverified_header(good), jwt.decode(good, options={"verify_signature": False})
    key = changed.pop("key", "a key that an attacker thought of, long enough")
    head.update(changed.pop("head", {}))
    return jwt.encode({**claims, **changed}, key, algorithm="HS256", headers=head)


def unsigned() -> str:
    """Return a token that says that it needs no signature."""
    _, claims, _ = access_token("adam").split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return f"{head}.{claims}."


def swapped() -> str:
    """Return the signature of one person's token under the claims of another's."""
    head, _, signature = access_token("alice").split(".")
    return ".".join((head, access_token("adam").split(".")[1], signature))


(SIGNING,) = settings().token_keys().values()
TOKENS: Mapping[str, Callable[[], str]] = {
    "no algorithm": unsigned,
    "no signature": lambda: access_token("adam").rpartition(".")[0] + ".",
    "the signature of another": swapped,
    "a key of the attacker's": forged,
    "an empty key id": lambda: forged(head={"kid": ""}),
    "a key id that is a path": lambda: forged(head={"kid": "../../dev/null"}),
    "a key id that is SQL": lambda: forged(head={"kid": "1' union select 'x"}),
    "a key inside the token": lambda: forged(head={"jwk": {"kty": "oct", "k": "eA"}}),
    "a key at an address": lambda: forged(head={"jku": "https://evil.example/keys"}),
    "roles without end": lambda: forged(roles=["person", "admin"]),
    "ended long ago": lambda: access_token("adam", ago_s=100_000),
    "of another issuer": lambda: forged(key=SIGNING, iss="evil"),
    "for another audience": lambda: forged(key=SIGNING, aud="evil"),
    "without an end": lambda: forged(key=SIGNING, exp=None),
    "with an end that is a text": lambda: forged(key=SIGNING, exp="never"),
}


@pytest.mark.parametrize("attack", TOKENS)
async def test_a_forged_token_opens_nothing(shared: Served, attack: str) -> None:
    token = TOKENS[attack]()
    query = "{ viewer { email } projections { name } }"
    response = await shared.post(query, token=token, headers={"accept": STRICT})
    assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])
    assert token not in response.text
    async with shared.silent_socket(PROTOCOL) as socket:
        await socket.send(type="connection_init", payload={"authorization": f"Bearer {token}"})
        assert await socket.closed() == 4403


async def test_a_refresh_token_is_no_access_token(shared: Served) -> None:
    document = "mutation ($i: SignUpInput!) { signUp(input: $i) { session { refreshToken } } }"
    given = {"email": "refresh@example.org", "username": "refresh", "password": "a fish called refresh"}
    made = await shared.ask(document, variables={"i": given})
    token = made["data"]["signUp"]["session"]["refreshToken"]
    response = await shared.post("{ viewer { email } }", token=token)
    assert codes(response) == ["UNAUTHENTICATED"]
