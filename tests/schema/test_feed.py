"""The feed: what those did whom one follows, as far as they show it, and as long as it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from database.connect import connect
from events.follows import FollowerRemoved, UserFollowed
from events.record import append_alone
from projections.follow import catch_up
from projections.registry import fold_inline
from tests.catalogue import movie, person
from tests.schema.test_lists import done, show
from tests.schema.test_reviews import say
from tests.world import World

ALIEN = f"Movie:{movie('unborn')}"
ENTRY = "type actorName stars reaction watchedOn movie { title } review { text } list { title }"
KINDS = {"RATED", "REACTED", "FAVORITED", "WATCHED", "REVIEWED", "LISTED"}


def tell(world: World, *facts: Any) -> None:
    """Append facts about people, and fold them."""
    with connect(world.conninfo) as conn:
        for fact in facts:
            conn.execute(*append_alone([fact], fold_inline))


def follow(world: World, who: str = "carol", whom: str = "bob", *, is_accepted: bool = True) -> None:
    tell(world, UserFollowed(user_id=person(who), followee_id=person(whom), is_accepted=is_accepted))


async def act(world: World, *, audience: str = "PUBLIC") -> None:
    """Let bob do everything that a feed may show."""
    await say(world, "writeReview", movieId=ALIEN, text="Loud.", audience=audience)
    for name, given in (
        ("rateMovie", {"stars": 4.5}),
        ("reactToMovie", {"reaction": "LIKE"}),
        ("favoriteMovie", {}),
        ("markWatched", {"watchedOn": "2024-05-06"}),
    ):
        kind = name[0].upper() + name[1:]
        document = f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
        data = await world.data(document, {"input": {"movieId": ALIEN, **given}}, by="bob")
        assert data[name]["errors"] == []
    await done(world, "createList", "bob", title="For friends", visibility=audience)


async def feed(world: World, by: str | None = "carol") -> list[Any]:
    with connect(world.conninfo) as conn:
        catch_up(conn)
    data = await world.data(f"{{ viewer {{ feed(first: 50) {{ nodes {{ {ENTRY} }} totalCount }} }} }}", by=by)
    if data["viewer"] is None:
        return []
    assert data["viewer"]["feed"]["totalCount"] == len(data["viewer"]["feed"]["nodes"])
    return list(data["viewer"]["feed"]["nodes"])


def kinds(entries: Iterable[Any]) -> set[str]:
    return {entry["type"] for entry in entries}


async def test_k90_the_feed_has_what_those_did_whom_one_follows(world: World) -> None:
    show(world, "FOLLOWERS")
    follow(world)
    await act(world)
    nothing = {
        "actorName": "bob",
        "stars": None,
        "reaction": None,
        "watchedOn": None,
        "review": None,
        "list": None,
    }
    film = {"movie": {"title": "Not made yet"}}
    assert await feed(world) == [
        {**nothing, "type": "LISTED", "movie": None, "list": {"title": "For friends"}},
        {**nothing, "type": "WATCHED", **film, "watchedOn": "2024-05-06"},
        {**nothing, "type": "FAVORITED", **film},
        {**nothing, "type": "REACTED", **film, "reaction": "LIKE"},
        {**nothing, "type": "RATED", **film, "stars": 4.5},
        {**nothing, "type": "REVIEWED", **film, "review": {"text": "Loud."}},
    ]
    for other in ("alice", "bob", "adam", None):
        assert await feed(world, other) == []


@pytest.mark.parametrize(
    ("privacy", "audience", "expected"),
    [
        ("PUBLIC", "PUBLIC", KINDS),
        ("FOLLOWERS", "FOLLOWERS", KINDS),
        ("PRIVATE", "FOLLOWERS", {"REVIEWED", "LISTED"}),
        ("FOLLOWERS", "PRIVATE", KINDS - {"REVIEWED", "LISTED"}),
        ("PRIVATE", "PRIVATE", set()),
    ],
)
async def test_k13_the_feed_shows_what_they_show_their_followers(
    world: World, privacy: str, audience: str, expected: set[str]
) -> None:
    show(world, privacy)
    follow(world)
    await act(world, audience=audience)
    assert kinds(await feed(world)) == expected


async def test_who_only_asked_to_follow_or_was_removed_hears_nothing(world: World) -> None:
    show(world, "FOLLOWERS")
    await act(world, audience="FOLLOWERS")
    follow(world, is_accepted=False)
    assert await feed(world) == []
    follow(world)
    assert kinds(await feed(world)) == KINDS
    tell(world, FollowerRemoved(user_id=person("bob"), follower_id=person("carol"), previous=None))
    assert await feed(world) == []


async def test_what_holds_no_more_leaves_the_feed(world: World) -> None:
    show(world, "PUBLIC")
    follow(world)
    await act(world)
    for name in ("unfavoriteMovie", "deleteReview"):
        kind = name[0].upper() + name[1:]
        document = f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
        await world.data(document, {"input": {"movieId": ALIEN}}, by="bob")
    document = "mutation ($input: RateMovieInput!) { rateMovie(input: $input) { errors { code } } }"
    await world.data(document, {"input": {"movieId": ALIEN, "stars": 1}}, by="bob")
    lists = await world.data("{ viewer { lists { nodes { id } } } }", by="bob")
    await done(world, "deleteList", "bob", listId=lists["viewer"]["lists"]["nodes"][0]["id"])
    entries = await feed(world)
    assert [(entry["type"], entry["stars"]) for entry in entries] == [
        ("RATED", 1),
        ("WATCHED", None),
        ("REACTED", None),
    ]


async def test_what_is_imported_or_older_than_90_days_is_no_news(world: World) -> None:
    show(world, "PUBLIC", "alice")
    follow(world, whom="alice")
    assert await feed(world) == []  # all that the catalogue's people did is old
    with connect(world.conninfo) as conn:
        conn.execute(
            """
            insert into events (event_id, type, user_id, movie_id, correlation_id, source, data)
            select gen_random_uuid(), 'movie_favorited', %s, id, gen_random_uuid(), 'import', '{}' from movies limit 3""",
            (person("alice"),),
        )
    assert await feed(world) == []


async def test_followers_read_what_is_for_followers_wherever_it_is(world: World) -> None:
    await act(world, audience="FOLLOWERS")
    query = '{ node(id: "%s") { ... on Movie { reviews { nodes { text } } } } }'.replace("%s", ALIEN)
    lists = await world.data("{ viewer { lists { nodes { id } } } }", by="bob")
    which = lists["viewer"]["lists"]["nodes"][0]["id"]
    node = (
        f'{{ node(id: "{which}") {{ ... on List {{ title }} }} list(by: {{ id: "{which}" }}) {{ title }} }}'
    )
    hidden: dict[str, Any] = {"node": None, "list": None}
    shown = {"node": {"title": "For friends"}, "list": {"title": "For friends"}}
    for is_accepted in (None, False, True):
        if is_accepted is not None:
            follow(world, is_accepted=is_accepted)
        assert await world.data(node, by="carol") == (shown if is_accepted else hidden)
        reviews = (await world.data(query, by="carol"))["node"]["reviews"]["nodes"]
        assert reviews == ([{"text": "Loud."}] if is_accepted else [])
    for other in ("alice", "adam", None):
        assert await world.data(node, by=other) == hidden
