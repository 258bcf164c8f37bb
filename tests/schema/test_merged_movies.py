"""A movie that turned out to be another leads there, whatever a client still knows of it."""

from __future__ import annotations

from typing import Any

import pytest

from app.merging import finish_merges, record_merge
from catalog.uniting import merge
from database.connect import connect
from projections.follow import catch_up
from schema.enums import MovieOrder
from tests.catalogue import movie
from tests.schema.test_lists import ALIEN, made
from tests.schema.test_own_actions import newest, undo
from tests.schema.test_people import codes, do
from tests.world import World

GONE, KEPT = f"Movie:{movie('stub')}", f"Movie:{movie('quotes')}"
STATE = "movie { id viewerState { stars isFavorite } stats { ratingCount } }"


def merged(world: World) -> None:
    """Merge, and have a worker do what it has to."""
    with connect(world.conninfo) as conn:
        merge(conn, movie("stub"), movie("quotes"), record_merge)
        finish_merges(conn)
        catch_up(conn)
    world.services.catalogue_changed()  # as a server hears it


@pytest.fixture
async def spoken(world: World) -> World:
    """Bob rated the movie that goes."""
    await do(world, "rateMovie", STATE, "bob", movieId=GONE, stars=4.5, idempotencyKey="once")
    return world


async def by(world: World, **key: Any) -> Any:
    query = (
        "query ($by: MovieLookup!) { movie(by: $by) { id mergedInto { id } imdbId viewerState { stars } } }"
    )
    return (await world.data(query, {"by": key}, by="bob"))["movie"]


async def test_k20_every_id_leads_to_the_movie_that_stays(spoken: World) -> None:
    number = "query ($by: MovieLookup!) { movie(by: $by) { databaseId } }"
    database_id = (await spoken.data(number, {"by": {"id": GONE}}))["movie"]["databaseId"]
    merged(spoken)
    expected = {"id": KEPT, "mergedInto": None, "imdbId": "tt9999999", "viewerState": {"stars": 4.5}}
    for key in ({"id": GONE}, {"databaseId": database_id}, {"imdbId": "tt9999999"}, {"id": KEPT}):
        assert await by(spoken, **key) == expected


async def test_k20_the_movie_that_went_is_still_there_by_its_id(spoken: World) -> None:
    merged(spoken)
    node = (
        "query ($id: ID!) { node(id: $id) { id ... on Movie { mergedInto { id } stats { ratingCount } } } }"
    )
    assert (await spoken.data(node, {"id": GONE}))["node"] == {
        "id": GONE,
        "mergedInto": {"id": KEPT},
        "stats": {"ratingCount": 0},
    }


@pytest.mark.parametrize("search", [None, "tt9999999"])
async def test_k20_the_movie_that_went_is_in_no_list(spoken: World, search: str | None) -> None:
    query = "query ($by: MovieOrder, $search: String) { movies(first: 100, orderBy: $by, search: $search) { nodes { id } } }"
    orders = [by for by in MovieOrder if search or by is not MovieOrder.RELEVANCE]

    async def listed(order: MovieOrder) -> list[str]:
        found = await spoken.data(query, {"by": order.name, "search": search})
        return [each["id"] for each in found["movies"]["nodes"]]

    before = {order: await listed(order) for order in orders}
    assert all(GONE in movies for movies in before.values())
    merged(spoken)
    for order, movies in before.items():
        assert sorted(await listed(order)) == sorted(each for each in movies if each != GONE)


async def test_k20_the_movie_that_went_trends_no_more(spoken: World) -> None:
    query = "{ trending(window: ALL, first: 100) { nodes { id } } }"

    async def trending() -> list[str]:
        with connect(spoken.conninfo) as conn:
            catch_up(conn)
        return [each["id"] for each in (await spoken.data(query))["trending"]["nodes"]]

    assert GONE in await trending()
    merged(spoken)
    after = await trending()
    assert GONE not in after
    assert KEPT in after


async def test_k20_what_is_said_of_the_movie_that_went_is_said_of_the_other(spoken: World) -> None:
    merged(spoken)
    said = await do(spoken, "favoriteMovie", STATE, "bob", movieId=GONE)
    assert said["movie"]["id"] == KEPT
    assert said["movie"]["viewerState"] == {"stars": 4.5, "isFavorite": True}
    again = await do(spoken, "rateMovie", STATE, "bob", movieId=GONE, stars=4.5, idempotencyKey="once")
    assert (again["errors"], again["movie"]["id"]) == ([], KEPT)


async def test_k20_lists_have_the_movie_that_stays_by_either_id(spoken: World) -> None:
    which = await made(spoken, GONE, ALIEN, by="bob")
    merged(spoken)
    query = "query ($id: ID!) { list(by: { id: $id }) { items { nodes { id } } } }"

    async def items() -> list[str]:
        found = (await spoken.data(query, {"id": which}, by="bob"))["list"]["items"]["nodes"]
        return [each["id"] for each in found]

    assert await items() == [KEPT, ALIEN]
    await do(spoken, "addToList", "list { id }", "bob", listId=which, movieId=GONE)
    await do(spoken, "moveInList", "list { id }", "bob", listId=which, movieId=GONE, afterMovieId=ALIEN)
    assert await items() == [ALIEN, KEPT]
    await do(spoken, "removeFromList", "list { id }", "bob", listId=which, movieId=GONE)
    assert await items() == [ALIEN]


async def test_k20_what_was_done_with_the_movie_that_went_is_not_undone_there(spoken: World) -> None:
    (rated,) = await newest(spoken)
    await made(spoken, GONE, by="bob")
    (listed,) = await newest(spoken)
    assert (rated["type"], listed["type"]) == ("movie_rated", "list_item_added")
    merged(spoken)
    for event in (rated, listed):
        assert codes(await undo(spoken, event["id"])) == [("MOVIE_MERGED", "eventId")]
    done = await newest(spoken, n=20)
    (moved,) = [e for e in done if e["type"] == "movie_rated" and "quoted" in e["movie"]["title"]]
    assert codes(await undo(spoken, moved["id"])) == []
    assert (await by(spoken, id=KEPT))["viewerState"]["stars"] is None
