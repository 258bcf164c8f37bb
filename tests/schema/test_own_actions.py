"""All that people do is read back from one history; what they did with others and with lists is taken back, too."""

from __future__ import annotations

from typing import Any

import pytest

from database.connect import connect
from projections.registry import projections
from projections.verify import verify
from tests.catalogue import genre, person
from tests.schema.test_lists import ALIEN, FARGO, HEAT, made
from tests.schema.test_people import codes, do
from tests.world import World

HISTORY = (
    "query ($n: Int) { viewer { history(first: $n) { nodes { id type source movie { title } data } } } }"
)


async def newest(world: World, by: str = "bob", n: int = 1) -> Any:
    """The newest events of a person's history."""
    return (await world.data(HISTORY, {"n": n}, by=by))["viewer"]["history"]["nodes"]


async def says(world: World, what: str, about: str, by: str = "bob", **given: Any) -> Any:
    selection = "person { viewerFollow isFollowingViewer }"
    return await do(world, what, selection, by, userId=f"User:{person(about)}", **given)


async def undo(world: World, event: str, by: str = "bob", **given: Any) -> Any:
    return await do(world, "undo", "event { id type } movie { title }", by, eventId=event, **given)


async def titles(world: World, which: str) -> list[str]:
    """The movies of a list, in their order."""
    query = "query ($id: ID!) { list(by: { id: $id }) { items { nodes { title } } } }"
    found = (await world.data(query, {"id": which}, by="alice"))["list"]["items"]["nodes"]
    return [each["title"] for each in found]


def holds(world: World) -> None:
    """Every table that is folded inline is what the log says."""
    with connect(world.conninfo) as conn:
        assert {name: verify(conn, name) for name, each in projections().items() if each.inline} == {
            name: [] for name, each in projections().items() if each.inline
        }


@pytest.fixture
async def public(world: World) -> World:
    """Alice lets everybody follow her."""
    await do(world, "setPrivacy", "viewer { id }", "alice", privacy="PUBLIC")
    return world


async def test_k40_all_that_a_person_does_is_in_their_history(public: World) -> None:
    which = await made(public, ALIEN, by="bob")
    await says(public, "followUser", "alice", source="MOBILE")
    await do(public, "setFavoriteGenres", "viewer { id }", "bob", genreIds=[f"Genre:{genre('Horror')}"])
    await do(public, "rateMovie", "movie { id }", "bob", movieId=HEAT, stars=4)
    found = await newest(public, n=5)
    assert [(each["type"], each["source"]) for each in found] == [
        ("movie_rated", "web"),
        ("favorite_genres_chosen", "web"),
        ("user_followed", "mobile"),
        ("list_item_added", "web"),
        ("list_created", "web"),
    ]
    assert [each["movie"] for each in found] == [{"title": "Heat"}, None, None, None, None]
    assert found[2]["data"]["followee_id"] == str(person("alice"))
    assert f"List:{found[3]['data']['list_id']}" == which
    assert "user_followed" not in [each["type"] for each in await newest(public, by="alice", n=100)]
    holds(public)


async def test_a_key_makes_a_follow_that_is_sent_again_the_first_one(public: World) -> None:
    for _ in range(2):
        payload = await says(public, "followUser", "alice", idempotencyKey="once")
        assert (payload["errors"], payload["person"]["viewerFollow"]) == ([], "FOLLOWING")
    await says(public, "unfollowUser", "alice")
    late = await says(public, "followUser", "alice", idempotencyKey="once")
    assert (late["errors"], late["person"]["viewerFollow"]) == ([], None)
    assert codes(await says(public, "unfollowUser", "alice", idempotencyKey="once")) == [
        ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    ]
    assert codes(await says(public, "followUser", "carol", idempotencyKey="once")) == [
        ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    ]
    await says(public, "followUser", "bob", by="alice", idempotencyKey="once")  # a key is one person's
    assert [each["type"] for each in await newest(public, n=2)] == ["user_unfollowed", "user_followed"]


async def test_following_is_taken_back_once(public: World) -> None:
    await says(public, "followUser", "alice")
    (event,) = await newest(public)
    payload = await undo(public, event["id"])
    assert (payload["errors"], payload["movie"]) == ([], None)
    (back,) = await newest(public)
    assert (payload["event"], back["type"]) == (
        {"id": back["id"], "type": "user_unfollowed"},
        "user_unfollowed",
    )
    assert codes(await undo(public, event["id"])) == [("CANNOT_UNDO", "eventId")]
    assert (await undo(public, back["id"]))["event"]["type"] == "user_followed"
    holds(public)


async def test_what_was_followed_anew_since_is_not_taken_back(public: World) -> None:
    await says(public, "followUser", "alice")
    (first,) = await newest(public)
    await says(public, "unfollowUser", "alice")
    await says(public, "followUser", "alice")
    assert codes(await undo(public, first["id"])) == [("CANNOT_UNDO", "eventId")]
    again = (await newest(public))[0]["id"]
    for _ in range(2):
        assert (await undo(public, again, idempotencyKey="u"))["errors"] == []
    assert [each["type"] for each in await newest(public, n=2)] == ["user_unfollowed", "user_followed"]


async def test_letting_in_is_taken_back_and_removing_is_not(world: World) -> None:
    await do(world, "setPrivacy", "viewer { id }", "alice", privacy="FOLLOWERS")
    await says(world, "followUser", "alice")
    await says(world, "acceptFollower", "bob", by="alice")
    (let_in,) = await newest(world, by="alice")
    assert let_in["type"] == "follower_accepted"
    assert codes(await undo(world, let_in["id"])) == [("UNKNOWN_EVENT", "eventId")]  # bob's it is not
    assert (await undo(world, let_in["id"], by="alice"))["event"]["type"] == "follower_removed"
    (removed,) = await newest(world, by="alice")
    assert codes(await undo(world, removed["id"], by="alice")) == [("CANNOT_UNDO", "eventId")]


async def test_unfollowing_is_not_taken_back_of_who_is_private_by_now(public: World) -> None:
    await says(public, "followUser", "alice")
    await says(public, "unfollowUser", "alice")
    (left,) = await newest(public)
    await do(public, "setPrivacy", "viewer { id }", "alice", privacy="PRIVATE")
    assert codes(await undo(public, left["id"])) == [("CANNOT_UNDO", "eventId")]


@pytest.mark.parametrize("gone", [ALIEN, HEAT, FARGO])
async def test_a_movie_taken_off_a_list_comes_back_to_its_place(world: World, gone: str) -> None:
    which = await made(world, ALIEN, HEAT, FARGO)
    await do(world, "noteInList", "list { id }", listId=which, movieId=gone, note="Long")
    await do(world, "removeFromList", "list { id }", listId=which, movieId=gone)
    (event,) = await newest(world, by="alice")
    payload = await undo(world, event["id"], by="alice")
    assert (payload["errors"], payload["event"]["type"]) == ([], "list_item_added")
    assert await titles(world, which) == ["Alien", "Heat", "Fargo"]
    assert payload["movie"]["title"] in ("Alien", "Heat", "Fargo")
    with connect(world.conninfo) as conn:
        noted = "select count(*) from list_items where note_id is not null and is_active"
        assert conn.execute(noted.encode()).fetchall() == [(1,)]
    assert codes(await undo(world, event["id"], by="alice")) == [("CANNOT_UNDO", "eventId")]
    holds(world)


async def test_a_movie_put_on_a_list_goes_off_unless_it_was_put_there_anew(world: World) -> None:
    which = await made(world, ALIEN, HEAT)
    (added,) = await newest(world, by="alice")
    await do(world, "moveInList", "list { id }", listId=which, movieId=HEAT)
    assert (await undo(world, added["id"], by="alice"))["event"]["type"] == "list_item_removed"
    assert await titles(world, which) == ["Alien"]
    await do(world, "addToList", "list { id }", listId=which, movieId=HEAT)
    assert codes(await undo(world, added["id"], by="alice")) == [("CANNOT_UNDO", "eventId")]
    assert await titles(world, which) == ["Alien", "Heat"]


@pytest.mark.parametrize("what", ["moveInList", "noteInList", "updateList", "createList", "deleteList"])
async def test_other_changes_of_lists_are_not_taken_back(world: World, what: str) -> None:
    which = await made(world, ALIEN, HEAT)
    given: dict[str, dict[str, str]] = {
        "moveInList": {"listId": which, "movieId": HEAT},
        "noteInList": {"listId": which, "movieId": HEAT, "note": "Long"},
        "updateList": {"listId": which, "title": "Of a day"},
        "createList": {"title": "Another"},
        "deleteList": {"listId": which},
    }
    await do(world, what, "list { id }", **given[what])
    (event,) = await newest(world, by="alice")
    assert codes(await undo(world, event["id"], by="alice")) == [("CANNOT_UNDO", "eventId")]


async def test_who_works_on_a_list_no_more_takes_nothing_back_there(world: World) -> None:
    which = await made(world, ALIEN)
    await do(world, "setPrivacy", "viewer { id }", "bob", privacy="PUBLIC")
    await do(world, "inviteToList", "list { id }", listId=which, userId=f"User:{person('bob')}")
    await do(world, "joinList", "list { id }", "bob", listId=which)
    await do(world, "addToList", "list { id }", "bob", listId=which, movieId=HEAT)
    (added,) = await newest(world)
    await do(world, "leaveList", "list { id }", listId=which, userId=f"User:{person('bob')}")
    assert codes(await undo(world, added["id"])) == [("CANNOT_UNDO", "eventId")]
    assert await titles(world, which) == ["Alien", "Heat"]
