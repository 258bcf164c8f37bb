"""What movies have from outside services, as clients read it."""

from __future__ import annotations

from typing import Any

import pytest

from database.connect import connect
from tests.catalogue import movie
from tests.schema.twice import disagreement, plainly
from tests.world import World

OFFERS = """query($by: MovieLookup!, $country: String, $first: Int, $after: String) {
  movie(by: $by) { availability(country: $country, first: $first, after: $after) {
    totalCount nodes { country kind provider url logoUrl(size: W92) }
    edges { node { provider } } pageInfo { hasNextPage endCursor } } } }"""
ALIEN = {"id": f"Movie:{movie('alien')}"}
SOLD = [("SE", "BUY", "Apple TV"), ("SE", "SUBSCRIPTION", "Netflix"), ("US", "ADS", "Tubi")]


@pytest.fixture
def offered(world: World) -> World:
    """Alien with some offers."""
    with connect(world.conninfo) as conn:
        for row in SOLD:
            conn.execute(
                "insert into movie_offers (movie_id, country, kind, provider, url, logo_path)"
                " values (%s, %s, %s, %s, 'https://x', '/logo.jpg')",
                (movie("alien"), *row),
            )
    return world


async def offers(world: World, **given: Any) -> Any:
    return (await world.data(OFFERS, {"by": ALIEN, **given}))["movie"]["availability"]


async def test_k93_where_a_movie_can_be_seen_is_told_by_country(offered: World) -> None:
    everywhere = await offers(offered)
    assert [
        tuple(node[key] for key in ("country", "kind", "provider")) for node in everywhere["nodes"]
    ] == SOLD
    assert everywhere["totalCount"] == 3
    assert {(node["url"], node["logoUrl"]) for node in everywhere["nodes"]} == {
        ("https://x", "https://image.tmdb.org/t/p/w92/logo.jpg")
    }
    swedish = await offers(offered, country="se")
    assert [node["provider"] for node in swedish["nodes"]] == ["Apple TV", "Netflix"]
    assert (await offers(offered, country="XX"))["nodes"] == []


async def test_k93_offers_come_in_pages(offered: World) -> None:
    first = await offers(offered, first=2)
    assert (len(first["nodes"]), first["pageInfo"]["hasNextPage"]) == (2, True)
    rest = await offers(offered, first=2, after=first["pageInfo"]["endCursor"])
    assert [edge["node"]["provider"] for edge in rest["edges"]] == ["Tubi"]


async def test_k23_k28_k93_plain_execution_says_the_same(offered: World) -> None:
    offers = 'availability(country: "SE") { nodes { kind logoUrl } }'
    query = f"{{ movies(first: 5) {{ nodes {{ awards cachedAt isStale {offers} }} }} }}"
    assert disagreement(await offered.ask(query), await plainly(offered, query)) is None


async def test_k28_a_movie_without_a_copy_is_not_stale(world: World) -> None:
    found = await world.data(
        "query($by: MovieLookup!) { movie(by: $by) { cachedAt isStale awards } }", {"by": ALIEN}
    )
    assert found["movie"] == {"cachedAt": None, "isStale": False, "awards": None}
