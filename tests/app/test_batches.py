"""Several operations in one body: answered in their order, each for itself."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from app.reading import BATCH
from resolvers.engine import Engine
from tests.app.serving import ALIVE, EVENTS, PLAIN, STRICT, Served, answered, codes, serving
from tests.catalogue import movie
from tests.world import access_token

RATE = "mutation ($i: RateMovieInput!) { rateMovie(input: $i) { errors { code } event { position } } }"
SUBSCRIPTION = "subscription { interactions { id } }"
OPEN = "query { genres { slug } }"


async def post(
    served: Served, batch: list[Any], by: str | None = None, accept: str = PLAIN
) -> httpx.Response:
    """Send a batch as one of the people."""
    headers = {"accept": accept, **({"authorization": f"Bearer {access_token(by)}"} if by else {})}
    return await served.http.post("/graphql", json=batch, headers=headers)


@pytest.mark.parametrize("accept", [PLAIN, STRICT])
@pytest.mark.parametrize("size", [1, 2, BATCH])
async def test_a_batch_is_answered_in_its_order(shared: Served, size: int, accept: str) -> None:
    batch = [{"query": f"query Q{n} {{ a{n}: __typename }}", "operationName": f"Q{n}"} for n in range(size)]
    response = await post(shared, batch, accept=accept)
    assert (response.status_code, response.headers["content-type"]) == (200, f"{accept}; charset=utf-8")
    assert response.json() == [answered({f"a{n}": "Query"}, 0) for n in range(size)]


@pytest.mark.parametrize(
    ("size", "code"), [(0, "BAD_REQUEST"), (BATCH + 1, "BATCH_TOO_LARGE"), (500, "BATCH_TOO_LARGE")]
)
async def test_a_batch_has_one_operation_at_least_and_not_too_many(
    shared: Served, size: int, code: str
) -> None:
    response = await post(shared, [{"query": "{ __typename }"}] * size)
    assert (response.status_code, codes(response)) == (400, [code])


@pytest.mark.parametrize(("size", "status"), [(1, 200), (2, 400)])
async def test_a_batch_costs_no_more_than_one_operation_may(shared: Served, size: int, status: int) -> None:
    dear = "{ movies(first: 35) { nodes { similar(first: 80) { nodes { id } } } } }"
    response = await post(shared, [{"query": dear}] * size)
    assert response.status_code == status
    if size > 1:
        assert codes(response) == ["COST_EXCEEDED"]


async def test_each_operation_of_a_batch_fails_alone(shared: Served) -> None:
    batch = [
        {"query": "{ __typename }"},
        {"query": "{ nothing }"},
        {"query": "{"},
        {"query": SUBSCRIPTION},
        {"query": "{ a: __typename } #" + " " * 21_000},
        {"query": '{ movies(after: "x") { totalCount } }'},
        {"query": "query ($n: Int!) { movies(first: $n) { nodes { id } } }", "variables": {"n": "x"}},
        {"query": "{ __typename }"},
    ]
    answers = (await post(shared, batch, by="alice")).json()
    found = [answer.get("errors", [{}])[0].get("extensions", {}).get("code") for answer in answers]
    assert found == [
        None, "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "SUBSCRIPTION_TRANSPORT", "DOCUMENT_TOO_LARGE",
        "BAD_CURSOR", "BAD_USER_INPUT", None,
    ]  # fmt: skip
    assert answers[0] == answers[-1] == ALIVE


async def test_an_invalid_token_refuses_each_operation_but_those_that_mend_it(shared: Served) -> None:
    sign_in = 'mutation { signIn(input: { login: "no", password: "nobody knows" }) { errors { code } } }'
    headers = {"authorization": "Bearer forged"}
    batch = [{"query": OPEN}, {"query": sign_in}]
    answers = (await shared.http.post("/graphql", json=batch, headers=headers)).json()
    assert answers[0]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert answers[1]["data"] == {"signIn": {"errors": [{"code": "INVALID_CREDENTIALS"}]}}


async def test_a_batch_is_no_stream(shared: Served) -> None:
    response = await post(shared, [{"query": "{ __typename }"}], accept=EVENTS)
    assert (response.status_code, codes(response)) == (406, ["NOT_ACCEPTABLE"])


async def test_mutations_of_a_batch_happen_in_its_order_and_queries_see_those_before(served: Served) -> None:
    heat = f"Movie:{movie('heat')}"
    stars = {"query": f'{{ movie(by: {{ id: "{heat}" }}) {{ viewerState {{ stars }} }} }}'}
    rate = [{"query": RATE, "variables": {"i": {"movieId": heat, "stars": n}}} for n in (1, 2, 3)]
    answers = (await post(served, [rate[0], stars, rate[1], rate[2], stars], by="bob")).json()
    positions = [answers[n]["data"]["rateMovie"]["event"]["position"] for n in (0, 2, 3)]
    assert positions == sorted(positions)
    assert [answers[n]["data"]["movie"]["viewerState"]["stars"] for n in (1, 4)] == [1, 3]


async def test_queries_of_a_batch_run_together(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    together, query = asyncio.Barrier(3), Engine._query

    async def waits(*given: Any) -> Any:
        await together.wait()
        return await query(*given)

    monkeypatch.setattr(Engine, "_query", waits)
    async with asyncio.timeout(5):
        answers = (await post(served, [{"query": OPEN}] * 3)).json()
    assert len({str(answer) for answer in answers}) == 1
    assert len(answers[0]["data"]["genres"]) == 8


async def test_the_time_limit_is_that_of_the_whole_batch(
    conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*_: Any) -> Any:
        await asyncio.sleep(60)

    async with serving(conninfo, request_timeout_s=1) as served:
        monkeypatch.setattr(Engine, "_mutate", slow)
        async with asyncio.timeout(3):
            answers = (await post(served, [{"query": "mutation { __typename }"}] * 5)).json()
    assert [answer["errors"][0]["extensions"]["code"] for answer in answers] == ["TIMEOUT"] * 5
