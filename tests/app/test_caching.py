"""What caches may keep: for some seconds what is the same for everybody, and nothing else."""

from __future__ import annotations

import pytest

from tests.app.serving import ALIVE, EVENTS, STRICT, Served, serving
from tests.catalogue import movie
from tests.world import access_token

HEAT = f"Movie:{movie('heat')}"
PUBLIC = "public, max-age=10"
BY_ID = f'movie(by: {{ id: "{HEAT}" }})'


@pytest.mark.parametrize(
    "query",
    [
        "{ genres { name } }",
        f"{{ {BY_ID} {{ title genres {{ name }} stats {{ likeCount }} }} }}",
        "{ movies(first: 2) { nodes { title } edges { cursor } pageInfo { hasNextPage } totalCount } }",
        "{ trending(first: 2) { nodes { title } } }",
        "{ __typename genres { name } movies(first: 1) { totalCount } }",
        "query ($stranger: Boolean = false) { genres { name } viewer @include(if: $stranger) { id } }",
    ],
    ids=range(6),
)
@pytest.mark.parametrize("accept", ["", STRICT])
async def test_what_is_the_same_for_everybody_may_be_kept_for_some_seconds(
    shared: Served, query: str, accept: str
) -> None:
    response = await shared.http.get("/graphql", params={"query": query}, headers={"accept": accept})
    assert "errors" not in response.json()
    assert response.headers["cache-control"] == PUBLIC
    assert response.headers["vary"] == "Accept, Authorization"


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { id } }",
        "{ genres { name } viewer { id } }",
        f"{{ {BY_ID} {{ title viewerState {{ stars }} }} }}",
        "{ movies(first: 2) { nodes { title viewerState { isFavorite } } } }",
        f'{{ node(id: "{HEAT}") {{ id }} }}',
        f'{{ nodes(ids: ["{HEAT}"]) {{ id }} }}',
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        "{ genres { name } __schema { queryType { name } } }",
        "{ genres { name } projections { name } }",
        '{ genres { name } movies(after: "x") { totalCount } }',
        "{ nothing }",
        "query ($n: Int!) { movies(first: $n) { totalCount } }",
    ],
    ids=range(13),
)
async def test_nothing_else_may_be_kept(shared: Served, query: str) -> None:
    response = await shared.http.get("/graphql", params={"query": query})
    assert response.headers["cache-control"] == "no-store"


async def test_who_signed_in_posts_or_streams_gets_nothing_that_is_kept(shared: Served) -> None:
    query, http = "{ genres { name } }", shared.http
    signed_in = {"authorization": f"Bearer {access_token('alice')}"}
    for response in (
        await shared.post(query),
        await http.post("/graphql", json=[{"query": query}]),
        await http.get("/graphql", params={"query": query}, headers=signed_in),
        await http.get("/graphql", params={"query": query}, headers={"authorization": "Bearer forged"}),
        await http.get("/graphql", params={"query": query}, headers={"accept": EVENTS}),
    ):
        assert response.headers["cache-control"] == "no-store"


async def test_what_is_open_to_other_sites_is_kept_for_each_site(conninfo: str) -> None:
    origin = "https://movies.example"
    async with serving(conninfo, cors_origins=(origin,)) as served:
        response = await served.http.get(
            "/graphql", params={"query": "{ genres { name } }"}, headers={"origin": origin}
        )
        assert response.headers["cache-control"] == PUBLIC
        assert response.headers["vary"] == "Accept, Authorization, Origin"
        assert await served.ask("{ __typename }") == ALIVE
