"""Queries in parts over HTTP, as Apollo's clients ask for them and read them."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from graphql import OperationType, parse, print_ast, separate_operations

from tests.app.following import LIVE, idle, view, working
from tests.app.locking import locked
from tests.app.multipart import DEFER, INCREMENTAL, apollo, parts, read
from tests.app.serving import ALIVE, EVENTS, PLAIN, STRICT, Json, Served, codes, serving
from tests.catalogue import movie
from tests.schema.deferring import merged, with_defers
from tests.world import access_token

pytestmark = pytest.mark.usefixtures("catalogue_template")

CONTRACT = parse((Path(__file__).parent.parent / "operations/contract.graphql").read_text())
QUERIES = {
    name: print_ast(document)
    for name, document in separate_operations(CONTRACT).items()
    if any(getattr(node, "operation", None) is OperationType.QUERY for node in document.definitions)
    and name not in ("Projections", "Log")  # the log hears of what was recommended while others ask
}
GIVEN = {"by": {"tmdbId": 348}, "id": f"Movie:{movie('alien')}", "first": 3}
FORMS = [DEFER, INCREMENTAL]
COST = {"cost": {"requested": 5, "limit": 5_000}}
PAGE = """query Page($d: Boolean = true) {
  movie(by: { tmdbId: 348 }) { title ...Slow @defer(if: $d, label: "slow") }
}
fragment Slow on Movie { releaseYear viewerState { stars } ... @defer { stats { viewCount } } }"""
WHOLE = {
    "data": {
        "movie": {"title": "Alien", "releaseYear": 1979, "viewerState": None, "stats": {"viewCount": 9}}
    },
    "extensions": {"cost": {"requested": 3, "limit": 5_000}},
}
TWO = "{ movies(first: 1) { nodes { title } } ... @defer { genres { slug } } }"


async def bodies(served: Served, query: str, form: str, **more: Any) -> list[Json]:
    """Return the parts of an answer."""
    async with parts(served, query, accept=apollo(form), form=form, **more) as stream:
        return [part async for part in stream]


async def test_parts_are_told_apart_by_path_and_label(shared: Served) -> None:
    stars = {"viewerState": None}
    assert await bodies(shared, PAGE, DEFER) == [
        {"data": {"movie": {"title": "Alien"}}, "extensions": COST, "hasNext": True},
        {
            "incremental": [{"data": {"releaseYear": 1979, **stars}, "path": ["movie"], "label": "slow"}],
            "hasNext": True,
        },
        {"incremental": [{"data": {"stats": {"viewCount": 9}}, "path": ["movie"]}], "hasNext": False},
    ]


async def test_parts_are_announced_with_an_id(shared: Served) -> None:
    slow = {"id": "1", "path": ["movie"], "label": "slow"}
    stats = {"id": "2", "path": ["movie"]}
    assert await bodies(shared, PAGE, INCREMENTAL) == [
        {"data": {"movie": {"title": "Alien"}}, "extensions": COST, "pending": [slow], "hasNext": True},
        {
            "pending": [stats],
            "incremental": [{"id": "1", "data": {"releaseYear": 1979, "viewerState": None}}],
            "completed": [{"id": "1"}],
            "hasNext": True,
        },
        {
            "incremental": [{"id": "2", "data": {"stats": {"viewCount": 9}}}],
            "completed": [{"id": "2"}],
            "hasNext": False,
        },
    ]


async def answered(served: Served, query: str, form: str, token: str, **given: Json) -> tuple[Json, int]:
    """Return the answer to a query as a client of Apollo has it in the end, and in how many parts it came."""
    headers = {"authorization": f"Bearer {token}", "accept": apollo(form)}
    body = {"query": query, "variables": given}
    async with served.http.stream("POST", "/graphql", json=body, headers=headers) as response:
        if response.headers["content-type"].startswith(STRICT):
            return orjson.loads(await response.aread()), 1
        found = [part async for part in read(response)]
    return merged(found).answer, len(found)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", QUERIES)
async def test_the_parts_of_what_clients_ask_are_the_answer(shared: Served, name: str, form: str) -> None:
    token = access_token("alice")
    whole = await shared.ask(QUERIES[name], token=token, variables=GIVEN)
    counts = set()
    for seed in range(6):
        query = with_defers(QUERIES[name], random.Random(seed))
        answer, count = await answered(shared, query, form, token, **GIVEN)
        if answer["data"] != whole["data"]:  # a slate of recommendations may have ended in between
            whole = await shared.ask(QUERIES[name], token=token, variables=GIVEN)
            answer, count = await answered(shared, query, form, token, **GIVEN)
        assert (answer["data"], answer.get("errors")) == (whole["data"], whole.get("errors"))
        counts.add(count)
    assert max(counts) > 1


async def test_the_first_part_does_not_wait_for_the_others(conninfo: str) -> None:
    async with serving(conninfo, request_timeout_s=30, lock_timeout_s=30) as served, AsyncExitStack() as lock:
        await lock.enter_async_context(locked(conninfo, "public.genres"))
        async with parts(served, TWO, accept=apollo(DEFER), form=DEFER) as stream:
            assert (await anext(stream))["data"]["movies"]
            following = asyncio.ensure_future(anext(stream))
            await asyncio.wait([following], timeout=0.2)
            assert not following.done()
            await lock.aclose()
            (part,) = (await following)["incremental"]
            assert part["data"]["genres"]
            assert [rest async for rest in stream] == []


async def test_who_goes_away_is_not_worked_for(conninfo: str) -> None:
    async with (
        serving(conninfo, request_timeout_s=30, lock_timeout_s=30) as served,
        locked(conninfo, "public.genres"),
    ):
        async with parts(served, TWO, accept=apollo(DEFER), form=DEFER) as stream:
            await anext(stream)
            assert working()
        await idle(served)


@pytest.mark.parametrize("form", FORMS)
async def test_the_time_of_a_request_is_that_of_all_its_parts(conninfo: str, form: str) -> None:
    async with (
        serving(conninfo, request_timeout_s=1, lock_timeout_s=30) as served,
        locked(conninfo, "public.genres"),
    ):
        first, last = await bodies(served, TWO, form)
    assert "errors" not in first
    (said,) = last["incremental"] if form == DEFER else last["completed"]
    assert [error["extensions"]["code"] for error in said["errors"]] == ["TIMEOUT"]
    assert (said.get("data"), last["hasNext"]) == (None, False)


@pytest.mark.parametrize("accept", ["*/*", PLAIN, STRICT, "multipart/mixed, application/json"])
async def test_for_other_clients_everything_comes_at_once(shared: Served, accept: str) -> None:
    for _ in range(2):  # unknown, then known
        response = await shared.post(PAGE, headers={"accept": accept})
        assert response.headers["content-type"].startswith(STRICT if accept == STRICT else PLAIN)
        assert response.json() == WHOLE
    by_get = await shared.http.get(f"/graphql?query={quote(PAGE)}", headers={"accept": accept})
    assert by_get.json() == WHOLE


@pytest.mark.parametrize("form", FORMS)
async def test_a_batch_a_stream_and_a_socket_get_everything_at_once(shared: Served, form: str) -> None:
    batch = await shared.http.post("/graphql", json=[{"query": PAGE}], headers={"accept": apollo(form)})
    assert batch.json() == [WHOLE]
    events = await shared.post(PAGE, headers={"accept": EVENTS})
    assert orjson.loads(events.text.split("data: ")[1].split("\n")[0]) == WHOLE
    async with parts(shared, PAGE, accept="multipart/mixed;subscriptionSpec=1.0") as stream:
        assert [part async for part in stream] == [{"payload": WHOLE}]
    async with shared.socket() as socket:
        await socket.subscribe("1", PAGE)
        assert (await socket.receive())["payload"] == WHOLE


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("query", "token", "status", "code"),
    [
        ("{ ... @defer { nothing } }", None, 400, "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { ... @defer { signOut(input: {}) { errors { code } } } }", None, 400, "GRAPHQL_VALIDATION_FAILED"),
        ('{ genres { id } ... @defer(label: "a") { x: __typename } ... @defer(label: "a") { y: __typename } }',
         None, 400, "GRAPHQL_VALIDATION_FAILED"),
        (TWO, "forged", 401, "UNAUTHENTICATED"),
        (LIVE, None, 406, "SUBSCRIPTION_TRANSPORT"),
    ],
)  # fmt: skip
async def test_what_is_refused_is_refused_as_ever(
    shared: Served, form: str, query: str, token: str | None, status: int, code: str
) -> None:
    response = await shared.post(query, token=token, headers={"accept": apollo(form)})
    assert (response.status_code, codes(response)) == (status, [code])
    assert response.headers["content-type"].startswith(STRICT)


@pytest.mark.parametrize("form", FORMS)
async def test_what_has_no_parts_is_plain_json(shared: Served, form: str) -> None:
    for accept, kind in ((apollo(form), STRICT), (f"multipart/mixed;{form}", PLAIN)):
        response = await shared.post("{ __typename }", headers={"accept": accept})
        assert (response.headers["content-type"], response.json()) == (f"{kind}; charset=utf-8", ALIVE)


async def test_a_payload_comes_at_once(served: Served) -> None:
    query = (
        "mutation($i: RateMovieInput!) "
        "{ rateMovie(input: $i) { errors { code } ... @defer { movie { viewerState { stars } } } } }"
    )
    given = {"i": {"movieId": GIVEN["id"], "stars": 4.5}}
    headers = {"accept": apollo(DEFER)}
    answer = await served.ask(query, token=access_token("carol"), variables=given, headers=headers)
    assert answer["data"]["rateMovie"] == {"errors": [], "movie": {"viewerState": {"stars": 4.5}}}


async def test_an_event_comes_at_once(served: Served) -> None:
    token = access_token("carol")
    document = LIVE.replace("movie { title }", "... @defer { movie { title } }")
    async with served.socket(token) as socket:
        await socket.subscribe("1", document, {"after": await view(served, token)})
        await view(served, token)
        payload = (await socket.receive())["payload"]
    assert payload["data"]["interactions"]["movie"] == {"title": "Heat"}


async def test_the_cost_of_all_parts_is_taken_from_the_budget(conninfo: str) -> None:
    async with serving(conninfo, budget_per_minute=1_000) as served:
        headers = {"accept": apollo(DEFER)}
        left = []
        for query in ("{ genres { slug } }", TWO):
            async with served.http.stream(
                "POST", "/graphql", json={"query": query}, headers=headers
            ) as response:
                left.append(int(response.headers["ratelimit"].split("r=")[1].split(";")[0]))
        assert left[0] - left[1] == 3


async def test_the_schema_says_that_it_is_there(shared: Served) -> None:
    answer = await shared.ask("{ __schema { directives { name locations args { name defaultValue } } } }")
    (found,) = [each for each in answer["data"]["__schema"]["directives"] if each["name"] == "defer"]
    assert {*found["locations"]} == {"FRAGMENT_SPREAD", "INLINE_FRAGMENT"}
    assert {each["name"]: each["defaultValue"] for each in found["args"]} == {"if": "true", "label": None}
