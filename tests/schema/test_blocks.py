"""Blocking over GraphQL: it ends following, and hides what is the blocker's on every way to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from database.connect import connect
from projections.verify import verify
from tests.catalogue import movie, person
from tests.schema.test_feed import feed
from tests.schema.test_follows import lists, show
from tests.schema.test_people import codes, do
from tests.schema.twice import disagreement, plainly
from tests.world import World

UNBORN = f"Movie:{movie('unborn')}"
BLOCKED = "{ viewer { blockedPeople { totalCount edges { userId node { username isBlockedByViewer } } } } }"
EVERYBODY = ("alice", "bob", "carol", "adam", None)


async def say(world: World, what: str, by: str, about: str) -> Any:
    return await do(world, what, "person { username }", by, userId=f"User:{person(about)}")


async def told(world: World, query: str, by: str | None) -> Any:
    """Return what one of the people is told; both ways of running it agree."""
    answer = await world.ask(query, by=by)
    assert disagreement(answer, await plainly(world, query, by=by)) is None
    assert "errors" not in answer
    return answer["data"]


async def blocked(world: World, by: str) -> list[tuple[str, str | None]]:
    page = (await told(world, BLOCKED, by))["viewer"]["blockedPeople"]
    assert page["totalCount"] == len(page["edges"])
    assert all(edge["node"]["isBlockedByViewer"] for edge in page["edges"] if edge["node"])
    return [(edge["userId"], (edge["node"] or {}).get("username")) for edge in page["edges"]]


def recorded(world: World) -> list[str]:
    """What the log says between people, oldest first, and the tables say the same."""
    with connect(world.conninfo) as conn:
        assert (verify(conn, "follows"), verify(conn, "blocks")) == ([], [])
        found = conn.execute(
            "select type from events where type ~ '^(follower_|user_(un)?(block|follow))' order by position"
        )
        return [name for (name,) in found.fetchall()]


async def makes(world: World, visibility: str) -> dict[str, str]:
    """Let bob write a review and make a list, and return their ids, and the link of the list."""
    review = await do(
        world, "writeReview", "movie { viewerState { review { id } } }", "bob",
        movieId=UNBORN, text="Loud.", audience="PUBLIC" if visibility == "UNLISTED" else visibility,
    )  # fmt: skip
    made = await do(world, "createList", "list { id link }", "bob", title="Mine", visibility=visibility)
    return {
        "review": review["movie"]["viewerState"]["review"]["id"],
        "list": made["list"]["id"],
        "link": made["list"]["link"] or "",
    }


async def sees(world: World, by: str | None, made: dict[str, str]) -> list[str]:
    """Return which ways lead somebody to what is bob's."""
    user = person("bob")
    by_link = f'linked: list(by: {{ link: "{made["link"]}" }}) {{ title }}' if made["link"] else ""
    data = await told(
        world,
        f"""{{ {by_link}
          review: node(id: "{made["review"]}") {{ id }} reviews: nodes(ids: ["{made["review"]}"]) {{ id }}
          atMovie: node(id: "{UNBORN}") {{ ... on Movie {{ reviews {{ nodes {{ text }} }} }} }}
          list: node(id: "{made["list"]}") {{ id }} listById: list(by: {{ id: "{made["list"]}" }}) {{ title }}
          person: person(by: {{ username: "bob" }}) {{ profile {{ bio }} }}
          personById: person(by: {{ userId: "User:{user}" }}) {{ id }} personNode: node(id: "Person:{user}") {{ id }}
        }}""",
        by,
    )
    data["reviews"] = [node for node in data["reviews"] if node]
    data["atMovie"] = data["atMovie"]["reviews"]["nodes"]
    return [name for name, found in data.items() if found]


@pytest.mark.parametrize("visibility", ["PUBLIC", "FOLLOWERS", "UNLISTED"])
async def test_k13_k90_who_is_blocked_finds_nothing_of_the_blockers(world: World, visibility: str) -> None:
    await show(world, "bob", "PUBLIC")
    await say(world, "followUser", "alice", "bob")
    made = await makes(world, visibility)
    before = {by: await sees(world, by, made) for by in EVERYBODY}
    assert len(before["alice"]) == (7 if visibility == "UNLISTED" else 8)
    assert {entry["type"] for entry in await feed(world, "alice")} >= {"REVIEWED"}
    assert codes(await say(world, "blockUser", "bob", "alice")) == []
    assert await sees(world, "alice", made) == []
    assert await feed(world, "alice") == []
    assert {by: await sees(world, by, made) for by in EVERYBODY if by != "alice"} == {
        by: ways for by, ways in before.items() if by != "alice"
    }
    await say(world, "unblockUser", "bob", "alice")
    assert await sees(world, "alice", made) == (
        before["carol"] if visibility == "FOLLOWERS" else before["alice"]
    )
    assert await feed(world, "alice") == []


@pytest.mark.parametrize(
    ("privacy", "visibility", "way"), [("PUBLIC", "UNLISTED", "linked"), ("PRIVATE", "PUBLIC", "listById")]
)
async def test_k7_what_somebody_wrote_is_not_there_while_they_are_deactivated(
    world: World, privacy: str, visibility: str, way: str
) -> None:
    """Of whom shows themself to nobody, what is public is there again afterwards, and not sooner."""
    for name in ("bob", "carol"):
        await show(world, name, "PUBLIC")
    await say(world, "followUser", "alice", "bob")
    made = await makes(world, visibility)
    await do(
        world, "inviteToList", "list { id }", "bob", listId=made["list"], userId=f"User:{person('carol')}"
    )
    await do(world, "joinList", "list { id }", "carol", listId=made["list"])
    await show(world, "bob", privacy)
    before = {by: await sees(world, by, made) for by in EVERYBODY}
    assert {"review", "reviews", "atMovie", way} <= set(before["alice"])
    adds = {"listId": made["list"], "movieId": UNBORN}
    with connect(world.conninfo) as conn:
        conn.execute(
            "update users set deactivated_at = now(), deactivated_by = 'operator' where username = 'bob'"
        )
        others = [by for by in EVERYBODY if by != "bob"]
        assert {by: await sees(world, by, made) for by in others} == {by: [] for by in others}
        assert await feed(world, "alice") == []
        mine = "{ viewer { sharedLists { totalCount nodes { id } } } }"
        assert (await told(world, mine, "carol"))["viewer"]["sharedLists"] == {"totalCount": 0, "nodes": []}
        assert codes(await do(world, "addToList", "list { id }", "carol", **adds)) == [
            ("UNKNOWN_LIST", "listId")
        ]
        conn.execute("update users set deactivated_at = null, deactivated_by = null where username = 'bob'")
    assert {by: await sees(world, by, made) for by in EVERYBODY} == before
    assert codes(await do(world, "addToList", "list { id }", "carol", **adds)) == []


async def test_k90_blocking_ends_following_both_ways_and_unblocking_brings_nothing_back(world: World) -> None:
    for name in ("alice", "bob"):
        await show(world, name, "PUBLIC")
    await say(world, "followUser", "alice", "bob")
    await say(world, "followUser", "bob", "alice")
    for _ in range(2):
        payload = await say(world, "blockUser", "bob", "alice")
        assert payload == {"errors": [], "person": {"username": "alice"}}
    assert await blocked(world, "bob") == [(f"User:{person('alice')}", "alice")]
    assert await blocked(world, "alice") == []
    assert await lists(world, "alice") == await lists(world, "bob") == ([], [], [])
    refused = await say(world, "followUser", "alice", "bob")
    assert (codes(refused), refused["person"]) == ([("UNKNOWN_PERSON", "userId")], None)
    assert codes(await say(world, "followUser", "bob", "alice")) == [("PERSON_BLOCKED", "userId")]
    for _ in range(2):
        assert codes(await say(world, "unblockUser", "bob", "alice")) == []
    assert await blocked(world, "bob") == []
    assert await lists(world, "alice") == await lists(world, "bob") == ([], [], [])
    assert recorded(world) == [
        *("user_followed", "user_followed", "user_blocked", "user_unfollowed", "follower_removed"),
        "user_unblocked",
    ]
    assert codes(await say(world, "followUser", "alice", "bob")) == []


async def test_a_request_to_follow_is_declined_by_blocking(world: World) -> None:
    await show(world, "alice", "FOLLOWERS")
    await show(world, "bob", "FOLLOWERS")
    await say(world, "followUser", "alice", "bob")
    await say(world, "blockUser", "bob", "alice")
    assert await lists(world, "bob") == ([], [], [])
    assert codes(await say(world, "acceptFollower", "bob", "alice")) == [("NOT_REQUESTED", "userId")]
    assert recorded(world) == ["user_followed", "user_blocked", "follower_removed"]


async def test_who_is_blocked_is_not_among_others_seen_with_the_blocker(world: World) -> None:
    for name in ("alice", "bob", "carol"):
        await show(world, name, "PUBLIC")
    await say(world, "followUser", "bob", "carol")
    query = '{ person(by: { username: "carol" }) { followers { nodes { username } } } }'
    assert (await told(world, query, "alice"))["person"]["followers"]["nodes"] == [{"username": "bob"}]
    await say(world, "blockUser", "bob", "alice")
    assert (await told(world, query, "alice"))["person"]["followers"]["nodes"] == []
    assert (await told(world, query, None))["person"]["followers"]["nodes"] == [{"username": "bob"}]


async def test_who_is_blocked_works_on_the_blockers_lists_no_more_and_invites_to_none(world: World) -> None:
    for name in ("alice", "bob"):
        await show(world, name, "PUBLIC")
    shared = "{ viewer { sharedLists { totalCount nodes { title } } } }"
    alices, bobs = [
        (await do(world, "createList", "list { id }", by, title=f"Of {by}", visibility="PRIVATE"))["list"][
            "id"
        ]
        for by in ("alice", "bob")
    ]
    await do(world, "inviteToList", "list { id }", "bob", listId=bobs, userId=f"User:{person('alice')}")
    await do(world, "joinList", "list { id }", "alice", listId=bobs)
    joined = (await told(world, shared, "alice"))["viewer"]["sharedLists"]
    assert joined == {"totalCount": 1, "nodes": [{"title": "Of bob"}]}
    await say(world, "blockUser", "bob", "alice")
    assert (await told(world, shared, "alice"))["viewer"]["sharedLists"] == {"totalCount": 0, "nodes": []}
    for name, given, code in (
        ("addToList", {"movieId": UNBORN}, "UNKNOWN_LIST"),
        ("joinList", {}, "NOT_INVITED"),
        ("updateList", {"title": "Taken"}, "UNKNOWN_LIST"),
    ):
        refused = await do(world, name, "list { id }", "alice", listId=bobs, **given)
        assert (codes(refused), refused["list"]) == ([(code, "listId")], None)
    invited = await do(
        world, "inviteToList", "list { id }", "alice", listId=alices, userId=f"User:{person('bob')}"
    )
    assert codes(invited) == [("UNKNOWN_PERSON", "userId")]


async def test_nobody_blocks_themself_or_who_is_not_there(world: World) -> None:
    assert codes(await say(world, "blockUser", "bob", "bob")) == [("CANNOT_BLOCK_YOURSELF", "userId")]
    for what in ("blockUser", "unblockUser"):
        refused = await say(world, what, "bob", "nobody")
        assert (codes(refused), refused["person"]) == ([("UNKNOWN_PERSON", "userId")], None)
    assert recorded(world) == []


async def test_who_shows_themself_to_nobody_is_blocked_where_they_follow_and_let_go_whatever_they_show(
    world: World,
) -> None:
    await show(world, "alice", "PRIVATE")
    await show(world, "bob", "PUBLIC")
    for what in ("blockUser", "unblockUser"):
        refused = await say(world, what, "bob", "alice")
        assert (codes(refused), refused["person"]) == ([("UNKNOWN_PERSON", "userId")], None)
    await say(world, "followUser", "alice", "bob")
    assert await say(world, "blockUser", "bob", "alice") == {"errors": [], "person": None}
    assert await blocked(world, "bob") == [(f"User:{person('alice')}", None)]
    assert await say(world, "unblockUser", "bob", "alice") == {"errors": [], "person": None}
    assert await blocked(world, "bob") == []
    assert recorded(world) == ["user_followed", "user_blocked", "follower_removed", "user_unblocked"]


async def test_both_can_block_each_other(world: World) -> None:
    for name in ("alice", "bob"):
        await show(world, name, "PUBLIC")
    await say(world, "blockUser", "bob", "alice")
    assert codes(await say(world, "blockUser", "alice", "bob")) == []
    await say(world, "unblockUser", "bob", "alice")
    query = '{ person(by: { username: "%s" }) { username } }'
    assert (await told(world, query % "alice", "bob"))["person"] is None
    assert (await told(world, query % "bob", "alice"))["person"] == {"username": "bob"}


async def test_whoever_follows_at_the_same_moment_does_not_follow_afterwards(world: World) -> None:
    for name in ("alice", "bob"):
        await show(world, name, "PUBLIC")
    for _ in range(10):
        await asyncio.gather(
            say(world, "followUser", "alice", "bob"), say(world, "blockUser", "bob", "alice")
        )
        assert await lists(world, "bob") == ([], [], [])
        await say(world, "unblockUser", "bob", "alice")
    assert recorded(world).count("user_blocked") == 10


@pytest.mark.parametrize(
    ("first", "then"), [("blockUser", "unblockUser"), ("unblockUser", "blockUser")], ids=["block", "unblock"]
)
async def test_said_again_with_its_key_after_it_was_taken_back_nothing_is_recorded(
    world: World, first: str, then: str
) -> None:
    await show(world, "alice", "PUBLIC")
    await say(world, "blockUser", "bob", "alice")
    if first == "blockUser":
        await say(world, "unblockUser", "bob", "alice")
    given = {"userId": f"User:{person('alice')}", "idempotencyKey": "once"}
    said = await do(world, first, "person { username }", "bob", **given)
    await say(world, then, "bob", "alice")
    before = recorded(world)
    assert await do(world, first, "person { username }", "bob", **given) == said
    assert said == {"errors": [], "person": {"username": "alice"}}
    assert recorded(world) == before
    assert bool(await blocked(world, "bob")) == (then == "blockUser")
    other = given | {"userId": f"User:{person('carol')}"}
    assert codes(await do(world, first, "person { username }", "bob", **other)) == [
        ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    ]
    assert recorded(world) == before


async def test_the_log_says_where_somebody_was_who_blocked(world: World) -> None:
    for name in ("alice", "bob"):
        await show(world, name, "PUBLIC")
    await say(world, "followUser", "alice", "bob")
    for what, source in (("blockUser", {"source": "MOBILE"}), ("unblockUser", {})):
        await do(world, what, "person { username }", "bob", userId=f"User:{person('alice')}", **source)
    with connect(world.conninfo) as conn:
        found = conn.execute(
            "select type, source from events where user_id = %s order by position", (person("bob"),)
        )
        assert [row for row in found.fetchall() if "follow" in row[0] or "block" in row[0]] == [
            ("user_blocked", "mobile"),
            ("follower_removed", "mobile"),
            ("user_unblocked", "web"),
        ]
