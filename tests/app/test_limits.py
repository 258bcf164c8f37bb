"""What is refused, and what is told of the cost, as clients see it: over HTTP, server-sent events and sockets."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from app import graphiql
from tests.app.serving import ALIVE, EVENTS, STRICT, Served, answered, codes, serving
from tests.postgres import Databases
from tests.world import access_token

PAGE = "query ($n: Int) { movies(first: $n) { nodes { similar(first: $n) { totalCount } } } }"
REFUSALS: dict[str, tuple[str, dict[str, Any], str]] = {
    "depth": ("{ viewer { favorites { edges { node { id } } } } }", {}, "DOCUMENT_TOO_COMPLEX"),
    "cost": (PAGE, {"n": 21}, "COST_EXCEEDED"),
    "a long string": (
        "query ($s: String) { movies(search: $s) { totalCount } }",
        {"s": "hunter2 " * 20},
        "VALUE_TOO_LARGE",
    ),
    "a long list": (
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        {"ids": ["hunter2"] * 9},
        "VALUE_TOO_LARGE",
    ),
    "an unknown field": ("{ hunter }", {}, "GRAPHQL_VALIDATION_FAILED"),
}


@pytest.fixture(scope="module")
async def narrow(clones: Databases, catalogue_template: str) -> Any:
    """A server with limits that small documents reach."""
    limits: dict[str, Any] = {"string_characters": 99, "list_items": 8, "errors": 2}
    with clones.clone(catalogue_template) as conninfo:
        async with serving(conninfo, operation_cost=41, operation_depth=4, **limits) as running:
            yield running


@pytest.mark.parametrize("kind", REFUSALS)
async def test_what_is_past_a_limit_is_refused_by_every_way(narrow: Served, kind: str) -> None:
    query, variables, code = REFUSALS[kind]
    body = {"query": query, "variables": variables}
    strict = await narrow.http.post("/graphql", json=body, headers={"accept": STRICT})
    assert (strict.status_code, codes(strict)) == (400, [code])
    assert "data" not in strict.json()
    assert "hunter2" not in strict.text
    plain = await narrow.http.post("/graphql", json=body)
    assert (plain.status_code, plain.json()) == (200, strict.json())
    stream = await narrow.http.post("/graphql", json=body, headers={"accept": EVENTS})
    assert _next(stream) == strict.json()
    async with narrow.socket() as socket:
        await socket.subscribe("x", query, variables)
        assert await socket.receive() == {"type": "error", "id": "x", "payload": strict.json()["errors"]}


async def test_every_answer_tells_what_its_operation_cost_by_every_way(narrow: Served) -> None:
    for number, cost in ((20, 41), (3, 7)):
        variables = {"n": number}
        answer = await narrow.ask(PAGE, variables=variables)
        assert answer["extensions"] == {"cost": {"requested": cost, "limit": 41}}
        sent = {"query": PAGE, "variables": orjson.dumps(variables).decode()}
        for accept in (STRICT, EVENTS):
            response = await narrow.http.get("/graphql", params=sent, headers={"accept": accept})
            assert (_next(response) if accept == EVENTS else response.json()) == answer
        async with narrow.socket() as socket:
            await socket.subscribe("x", PAGE, variables)
            assert (await socket.receive())["payload"] == answer


async def test_an_answer_with_errors_tells_its_cost_and_few_of_them(narrow: Served) -> None:
    wrong = " ".join(f'a{n}: movies(after: "hunter2") {{ totalCount }}' for n in range(4))
    answer = await narrow.ask("{ " + wrong + " }")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_CURSOR"] * 2
    assert answer["data"] == {f"a{n}": None for n in range(4)}
    assert answer["extensions"] == {"cost": {"requested": 4, "limit": 41}}
    assert "hunter2" not in str(answer)


@pytest.mark.parametrize(
    ("digits", "code"), [(19, "BAD_USER_INPUT"), (308, "BAD_USER_INPUT"), (309, "BAD_JSON")]
)
async def test_an_integer_in_json_is_at_most_what_a_double_holds(
    shared: Served, digits: int, code: str
) -> None:
    for where in ("%s", "[%s]"):
        body = '{"query": "query ($n: Int) { movies(first: $n) { totalCount } }", "variables": {"n": %s}}'
        content = body % (where % ("9" * digits))
        response = await shared.http.post(
            "/graphql", content=content, headers={"content-type": "application/json"}
        )
        assert codes(response) == [code]
        assert "99999" not in response.text


SECRET = "hunter2hunter2"
WRONG: list[tuple[str, Any]] = [
    ("Int", SECRET),
    ("Float", [SECRET]),
    ("Boolean", SECRET),
    ("ID", {"x": SECRET}),
    ("String", {"x": SECRET}),
    ("[ID!]", [[SECRET]]),
    ("MovieOrder", SECRET),
    ("MovieLookup", {"id": SECRET, "imdbId": SECRET}),
    ("MovieLookup", {"databaseId": SECRET}),
    ("MovieFilter", {"genre": [SECRET]}),
    ("SignInInput", {"login": "x", "password": [SECRET]}),
    ("SignInInput", {"password": SECRET}),
    ("SignInInput", SECRET),
    ("Position", SECRET),
    ("MarkWatchedInput", {"movieId": "x", "watchedOn": SECRET}),
    ("EventFilter", {"occurredAfter": SECRET}),
]


@pytest.mark.parametrize(("kind", "value"), WRONG, ids=range(len(WRONG)))
async def test_no_error_repeats_a_value(shared: Served, kind: str, value: Any) -> None:
    by_variable = await shared.post(
        f"query ($v: {kind}) {{ __typename @skip(if: $v) }}", variables={"v": value}
    )
    literal = orjson.dumps(value).decode()
    for name in ("id", "imdbId", "databaseId", "genre", "login", "password", "movieId", "watchedOn", "x"):
        literal = literal.replace(f'"{name}":', f"{name}:")
    default = await shared.post(f"query ($v: {kind} = {literal}) {{ __typename @include(if: $v) }}")
    for response in (by_variable, default):
        assert codes(response) != []
        assert SECRET not in response.text


# --- production ---

INTROSPECTION = "{ __schema { queryType { name } } }"
TYPO = "{ moviez { totalCount } }"


@pytest.mark.parametrize("is_production", [False, True])
async def test_in_production_the_schema_is_for_operators(
    conninfo: str, is_production: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphiql, "assets", lambda _: {})  # those come over the network
    async with serving(conninfo, production=is_production, graphiql=True) as served:
        for name in (None, "alice", "ann", "olga", "adam"):
            token = access_token(name) if name else None
            sees = not is_production or name in ("olga", "adam")
            headers = {"authorization": f"Bearer {token}"} if token else {}
            introspection = await served.post(INTROSPECTION, token=token)
            if sees:
                assert introspection.json() == answered({"__schema": {"queryType": {"name": "Query"}}}, 100)
            else:
                assert codes(introspection) == ["INTROSPECTION_DISABLED"]
            assert ("movies" in (await served.post(TYPO, token=token)).text) is sees
            page = await served.http.get("/graphql", headers={"accept": "text/html", **headers})
            assert (page.status_code, "GraphiQL" in page.text) == ((200, True) if sees else (404, False))
            async with served.socket(token) as socket:
                for query in (INTROSPECTION, TYPO):
                    await socket.subscribe("x", query)
                    message = await socket.receive()
                    assert ("queryType" in str(message) or "movies" in str(message)) is sees
                    if message["type"] == "next":
                        assert (await socket.receive())["type"] == "complete"
            assert await served.ask("{ __typename }", token=token) == ALIVE
        ended = access_token("olga", ago_s=10**6)
        expired = await served.post(INTROSPECTION, token=ended, headers={"accept": STRICT})
        assert (expired.status_code, codes(expired)) == (401, ["UNAUTHENTICATED"])
        assert ("movies" in (await served.post(TYPO, token=ended)).text) is not is_production


def _next(response: httpx.Response) -> Any:
    """Return the one answer of a stream of events."""
    head, _, _ = response.text.partition("\n\n")
    return orjson.loads(head.removeprefix("event: next\ndata: "))
