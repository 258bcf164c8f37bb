"""Following over GraphQL: at once, or once it is accepted; and who sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from database.connect import connect
from projections.verify import verify
from tests.catalogue import PEOPLE, person
from tests.schema.test_people import codes, do
from tests.schema.twice import disagreement, plainly
from tests.world import World

LISTS = """{ viewer {
  followers { totalCount nodes { username } } following { nodes { username } } followRequests { nodes { username } }
} }"""
PERSON = "person { username viewerFollow isFollowingViewer }"


async def say(world: World, what: str, by: str, about: str) -> Any:
    return await do(world, what, PERSON, by, userId=f"User:{person(about)}")


async def show(world: World, name: str, privacy: str) -> None:
    await do(world, "setPrivacy", "viewer { id }", name, privacy=privacy)


async def lists(world: World, by: str) -> tuple[list[str], list[str], list[str]]:
    answer = await world.ask(LISTS, by=by)
    assert disagreement(answer, await plainly(world, LISTS, by=by)) is None
    found = answer["data"]["viewer"]
    names = [[node["username"] for node in found[key]["nodes"]] for key in found]
    assert found["followers"]["totalCount"] == len(names[0])
    return names[0], names[1], names[2]


def followed(world: World) -> list[str]:
    """What the log says of following, and the table says the same."""
    with connect(world.conninfo) as conn:
        assert verify(conn, "follows") == []
        found = conn.execute(
            "select type from events where type like 'follow%' or type like 'user_%follow%' order by 1"
        )
        return [name for (name,) in found.fetchall()]


async def test_k90_who_is_public_is_followed_at_once(world: World) -> None:
    for name in ("alice", "bob"):
        await show(world, name, "PUBLIC")
    for _ in range(2):
        payload = await say(world, "followUser", "bob", "alice")
        assert payload == {
            "errors": [],
            "person": {"username": "alice", "viewerFollow": "FOLLOWING", "isFollowingViewer": False},
        }
    assert await lists(world, "alice") == (["bob"], [], [])
    assert await lists(world, "bob") == ([], ["alice"], [])
    assert followed(world) == ["user_followed"]
    for _ in range(2):
        assert (await say(world, "unfollowUser", "bob", "alice"))["person"]["viewerFollow"] is None
    assert await lists(world, "alice") == ([], [], [])
    assert followed(world) == ["user_followed", "user_unfollowed"]


async def test_who_shows_themself_to_followers_is_asked(world: World) -> None:
    await show(world, "alice", "FOLLOWERS")
    await show(world, "bob", "FOLLOWERS")
    assert (await say(world, "followUser", "bob", "alice"))["person"]["viewerFollow"] == "REQUESTED"
    assert await lists(world, "alice") == ([], [], ["bob"])
    assert await lists(world, "bob") == ([], [], [])
    accepted = await say(world, "acceptFollower", "alice", "bob")
    assert accepted["person"]["isFollowingViewer"]
    assert codes(await say(world, "acceptFollower", "alice", "bob")) == []
    assert await lists(world, "alice") == (["bob"], [], [])
    for _ in range(2):
        assert not (await say(world, "removeFollower", "alice", "bob"))["person"]["isFollowingViewer"]
    assert await lists(world, "alice") == ([], [], [])
    assert codes(await say(world, "acceptFollower", "alice", "bob")) == [("NOT_REQUESTED", "userId")]
    assert followed(world) == ["follower_accepted", "follower_removed", "user_followed"]


async def test_a_request_becomes_more_when_all_may_follow(world: World) -> None:
    await show(world, "alice", "FOLLOWERS")
    await say(world, "followUser", "bob", "alice")
    await show(world, "alice", "PUBLIC")
    assert (await say(world, "followUser", "bob", "alice"))["person"]["viewerFollow"] == "FOLLOWING"


@pytest.mark.parametrize("about", ["carol", "nobody"])
async def test_who_is_private_is_like_nobody(world: World, about: str) -> None:
    for what in ("followUser", "unfollowUser", "acceptFollower", "removeFollower"):
        refused = await say(world, what, "bob", about)
        assert (codes(refused), refused["person"]) == ([("UNKNOWN_PERSON", "userId")], None)


async def test_nobody_follows_themself(world: World) -> None:
    await show(world, "bob", "PUBLIC")
    assert codes(await say(world, "followUser", "bob", "bob")) == [("CANNOT_FOLLOW_YOURSELF", "userId")]


async def test_who_became_private_can_still_be_left(world: World) -> None:
    await show(world, "alice", "PUBLIC")
    await say(world, "followUser", "bob", "alice")
    await show(world, "alice", "PRIVATE")
    assert await lists(world, "bob") == ([], [], [])
    assert (await say(world, "unfollowUser", "bob", "alice")) == {"errors": [], "person": None}
    assert followed(world) == ["user_followed", "user_unfollowed"]


@pytest.mark.parametrize(("privacy", "seen"), [("PUBLIC", ["bob"]), ("FOLLOWERS", []), ("PRIVATE", None)])
async def test_k13_who_follows_is_seen_by_whom_privacy_lets(
    world: World, privacy: str, seen: list[str] | None
) -> None:
    for name in ("alice", "bob", "carol"):
        await show(world, name, "PUBLIC")
    for name in ("bob", "carol"):
        await say(world, "followUser", name, "alice")
    await show(world, "carol", "PRIVATE")
    await show(world, "alice", privacy)
    query = """query ($u: ID!) { person(by: {userId: $u}) {
      followers { totalCount nodes { username } edges { since node { id } } } following { totalCount } } }"""
    variables = {"u": f"User:{person('alice')}"}
    for by in (None, "adam"):
        answer = await world.ask(query, variables, by=by)
        assert disagreement(answer, await plainly(world, query, variables, by=by)) is None
        found = answer["data"]["person"]
        if seen is None:
            assert found is None
            continue
        assert [node["username"] for node in found["followers"]["nodes"]] == seen
        assert found["followers"]["totalCount"] == len(seen)
    mine = (await world.data(query, variables, by="bob"))["person"]
    expected = None if privacy == "PRIVATE" else ["bob"]
    assert (mine and [node["username"] for node in mine["followers"]["nodes"]]) == expected


async def test_pages_of_followers_neither_repeat_nor_skip(world: World) -> None:
    await show(world, "alice", "PUBLIC")
    others = [name for name in PEOPLE if name != "alice"]
    for name in others:
        await show(world, name, "PUBLIC")
        await say(world, "followUser", name, "alice")
    query = """query ($after: String) { viewer { followers(first: 2, after: $after) {
      nodes { username } pageInfo { hasNextPage endCursor } } } }"""
    names: list[str] = []
    after = None
    while True:
        page = (await world.data(query, {"after": after}, by="alice"))["viewer"]["followers"]
        names += [node["username"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert names == others[::-1]


async def test_of_many_at_once_one_is_recorded(world: World) -> None:
    await show(world, "alice", "PUBLIC")
    await asyncio.gather(*(say(world, "followUser", "bob", "alice") for _ in range(8)))
    assert followed(world) == ["user_followed"]


async def test_two_who_follow_each_other_at_once_do_not_wait_for_ever(world: World) -> None:
    for name in ("alice", "bob"):
        await show(world, name, "PUBLIC")
    pairs = [("alice", "bob"), ("bob", "alice")] * 6
    answers = await asyncio.gather(
        *(
            say(world, what, *pair)
            for pair in pairs
            for what in ("followUser", "unfollowUser", "removeFollower")
        )
    )
    assert [codes(answer) for answer in answers if codes(answer)] == []
    followed(world)
