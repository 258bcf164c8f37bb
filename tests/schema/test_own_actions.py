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
    selection = "event { id type } movie { title } list { id }"
    return await do(world, "undo", selection, by, eventId=event, **given)


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


async def test_k82_letting_in_and_removing_are_taken_back(world: World) -> None:
    await do(world, "setPrivacy", "viewer { id }", "alice", privacy="FOLLOWERS")
    await says(world, "followUser", "alice")
    await says(world, "acceptFollower", "bob", by="alice")
    (let_in,) = await newest(world, by="alice")
    assert let_in["type"] == "follower_accepted"
    assert codes(await undo(world, let_in["id"])) == [("UNKNOWN_EVENT", "eventId")]  # bob's it is not
    assert (await undo(world, let_in["id"], by="alice"))["event"]["type"] == "follower_restored"
    assert await follow_of(world) == "REQUESTED"
    await says(world, "acceptFollower", "bob", by="alice")
    await says(world, "removeFollower", "bob", by="alice")
    (removed,) = await newest(world, by="alice")
    assert await follow_of(world) is None
    assert (await undo(world, removed["id"], by="alice"))["event"]["type"] == "follower_restored"
    assert await follow_of(world) == "FOLLOWING"
    assert codes(await undo(world, removed["id"], by="alice")) == [("CANNOT_UNDO", "eventId")]
    (restored,) = await newest(world, by="alice")
    assert (await undo(world, restored["id"], by="alice"))["event"]["type"] == "follower_removed"
    assert await follow_of(world) is None
    holds(world)


async def follow_of(world: World) -> str | None:
    """How far it is from bob to alice."""
    found = await world.data('{ person(by: { username: "alice" }) { viewerFollow } }', by="bob")
    status: str | None = found["person"]["viewerFollow"]
    return status


async def test_a_removal_is_taken_back_of_who_is_private_and_not_of_who_has_blocked_since(
    public: World,
) -> None:
    await says(public, "followUser", "alice")
    await do(public, "setPrivacy", "viewer { id }", "bob", privacy="PRIVATE")
    await says(public, "removeFollower", "bob", by="alice")
    (removed,) = await newest(public, by="alice")
    assert (await undo(public, removed["id"], by="alice"))["errors"] == []
    assert await follow_of(public) == "FOLLOWING"
    await says(public, "removeFollower", "bob", by="alice")
    (removed,) = await newest(public, by="alice")
    for what in ("blockUser", "unblockUser"):
        await says(public, what, "alice")
        assert codes(await undo(public, removed["id"], by="alice")) == [("CANNOT_UNDO", "eventId")]
    assert await follow_of(public) is None


async def test_a_removal_by_a_block_is_taken_back_once_the_block_is(public: World) -> None:
    await says(public, "followUser", "alice")
    await says(public, "blockUser", "bob", by="alice")
    (removed,) = await newest(public, by="alice")
    assert removed["type"] == "follower_removed"
    assert codes(await undo(public, removed["id"], by="alice")) == [("PERSON_BLOCKED", "userId")]
    await says(public, "unblockUser", "bob", by="alice")
    assert (await undo(public, removed["id"], by="alice"))["event"]["type"] == "follower_restored"
    assert await follow_of(public) == "FOLLOWING"


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


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "moveInList": ({"movieId": FARGO}, "list_item_moved"),
    "noteInList": ({"movieId": HEAT, "note": "Long"}, "list_item_noted"),
    "removeFromList": ({"movieId": HEAT}, "list_item_added"),
    "updateList": (
        {"title": "Of a day", "description": None, "visibility": "UNLISTED", "renewLink": True},
        "list_edited",
    ),
    "deleteList": ({}, "list_restored"),
}
LIST = """query ($id: ID!) { list(by: { id: $id }) {
  title description visibility link collaborators { name hasJoined } items { edges { note node { title } } } } }"""


@pytest.mark.parametrize("what", CHANGES)
async def test_k82_a_change_of_a_list_is_taken_back_once(world: World, what: str) -> None:
    which = await made(world, ALIEN, HEAT, FARGO)
    await do(world, "updateList", "list { id }", listId=which, description="For a rainy day")
    await do(world, "noteInList", "list { id }", listId=which, movieId=HEAT, note="With Pacino")
    await do(world, "setPrivacy", "viewer { id }", "bob", privacy="PUBLIC")
    await do(world, "inviteToList", "list { id }", listId=which, userId=f"User:{person('bob')}")
    before = await world.data(LIST, {"id": which}, by="alice")
    given, back = CHANGES[what]
    assert (await do(world, what, "list { id }", listId=which, **given))["errors"] == []
    after = await world.data(LIST, {"id": which}, by="alice")
    assert after != before
    (event,) = await newest(world, by="alice")
    payload = await undo(world, event["id"], by="alice")
    assert (payload["errors"], payload["event"]["type"], payload["list"]) == ([], back, {"id": which})
    assert await world.data(LIST, {"id": which}, by="alice") == before
    assert codes(await undo(world, event["id"], by="alice")) == [("CANNOT_UNDO", "eventId")]
    assert (await undo(world, payload["event"]["id"], by="alice"))[
        "errors"
    ] == []  # an undo is taken back, too
    again = await world.data(LIST, {"id": which}, by="alice")
    assert again == after
    holds(world)


async def test_k82_making_a_list_is_taken_back_until_something_is_on_it(world: World) -> None:
    which = await made(world)
    (event,) = await newest(world, by="alice")
    await do(world, "addToList", "list { id }", listId=which, movieId=HEAT)
    refused = await undo(world, event["id"], by="alice")
    assert (codes(refused), refused["list"]) == ([("CANNOT_UNDO", "eventId")], {"id": which})
    empty = await made(world)
    (event,) = await newest(world, by="alice")
    payload = await undo(world, event["id"], by="alice")
    assert (payload["event"]["type"], payload["list"]) == ("list_deleted", None)
    assert (await world.data(LIST, {"id": empty}, by="alice"))["list"] is None
    holds(world)


async def test_what_another_changed_since_on_a_list_stays(world: World) -> None:
    which = await made(world, ALIEN, HEAT, FARGO)
    await do(world, "setPrivacy", "viewer { id }", "bob", privacy="PUBLIC")
    await do(world, "inviteToList", "list { id }", listId=which, userId=f"User:{person('bob')}")
    await do(world, "joinList", "list { id }", "bob", listId=which)
    await do(world, "moveInList", "list { id }", listId=which, movieId=FARGO)
    (moved,) = await newest(world, by="alice")
    await do(world, "noteInList", "list { id }", listId=which, movieId=FARGO, note="Snow")
    (noted,) = await newest(world, by="alice")
    await do(world, "noteInList", "list { id }", "bob", listId=which, movieId=FARGO, note="Snow, too")
    assert codes(await undo(world, noted["id"], by="alice")) == [("CANNOT_UNDO", "eventId")]
    assert codes(await undo(world, noted["id"])) == [("UNKNOWN_EVENT", "eventId")]
    assert (await undo(world, moved["id"], by="alice"))["errors"] == []
    assert await titles(world, which) == ["Alien", "Heat", "Fargo"]


async def test_a_note_of_somebody_who_was_erased_stays_unread(world: World) -> None:
    which = await made(world, ALIEN)
    await do(world, "setPrivacy", "viewer { id }", "bob", privacy="PUBLIC")
    await do(world, "inviteToList", "list { id }", listId=which, userId=f"User:{person('bob')}")
    await do(world, "joinList", "list { id }", "bob", listId=which)
    await do(world, "noteInList", "list { id }", "bob", listId=which, movieId=ALIEN, note="Bob was here")
    await do(world, "noteInList", "list { id }", listId=which, movieId=ALIEN, note="Alice, too")
    (noted,) = await newest(world, by="alice")
    with connect(world.conninfo) as conn:
        conn.execute("delete from users where id = %s", (person("bob"),))
    assert (await undo(world, noted["id"], by="alice"))["errors"] == []
    found = await world.data(LIST, {"id": which}, by="alice")
    assert found["list"]["items"]["edges"] == [{"note": None, "node": {"title": "Alien"}}]


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
