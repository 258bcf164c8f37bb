"""Lists that people make: what each mutation does, refuses and shows, and who sees what of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from database.connect import connect
from projections.registry import projections
from projections.verify import verify
from tests.catalogue import FILMS, movie, person
from tests.world import World

LIST = """id title description visibility link ownerName viewerRole items(first: 100) {
  totalCount edges { note addedByName node { title } } } collaborators { userId name hasJoined }"""
ALIEN, HEAT, FARGO, STUB = (f"Movie:{movie(key)}" for key in ("alien", "heat", "fargo", "stub"))
NOBODY, EVERYBODY = None, ("alice", "bob", "carol", "adam", None)


def mutation(name: str) -> str:
    return f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{
      {name}(input: $input) {{ errors {{ code message path }} list {{ {LIST} }} }} }}"""


async def say(world: World, name: str, by: str | None = "alice", **given: Any) -> Any:
    """Return the payload of a mutation about a list."""
    return (await world.data(mutation(name), {"input": given}, by=by))[name]


async def done(world: World, name: str, by: str = "alice", **given: Any) -> Any:
    """Return the list after a mutation that is not refused."""
    payload = await say(world, name, by, **given)
    assert payload["errors"] == []
    return payload["list"]


async def refused(world: World, name: str, by: str = "alice", **given: Any) -> tuple[str, list[str]]:
    """Return the code and path of why a mutation is refused."""
    (error,) = (await say(world, name, by, **given))["errors"]
    assert error["message"]
    return error["code"], error["path"]


async def made(world: World, *films: str, by: str = "alice", **given: Any) -> str:
    """Make a list with some movies and return its id."""
    made = await done(world, "createList", by, **{"title": "Of an evening", **given})
    for film in films:
        await done(world, "addToList", by, listId=made["id"], movieId=film)
    return str(made["id"])


def show(world: World, privacy: str, who: str = "bob") -> None:
    """Set to whom a person shows themself."""
    with connect(world.conninfo) as conn:
        conn.execute("update users set privacy = %s where id = %s", (privacy, person(who)))


async def shared(world: World, *films: str) -> str:
    """Make a list of alice's that bob works on."""
    show(world, "PUBLIC")
    which = await made(world, *films)
    await done(world, "inviteToList", listId=which, userId=f"User:{person('bob')}")
    await done(world, "joinList", "bob", listId=which)
    return which


async def seen(world: World, which: str, by: str | None) -> Any:
    """Return a list as one of the people sees it, by its id and as a node."""
    query = f"query ($id: ID!) {{ list(by: {{ id: $id }}) {{ {LIST} }} node(id: $id) {{ ... on List {{ {LIST} }} }} }}"
    data = await world.data(query, {"id": which}, by=by)
    assert data["list"] == data["node"]
    return data["list"]


def titles(shown: Any) -> list[str]:
    return [edge["node"]["title"] for edge in shown["items"]["edges"]]


async def events(world: World) -> int:
    with connect(world.conninfo) as conn:
        return int((conn.execute("select count(*) from events").fetchone() or (0,))[0])


async def test_k91_a_list_is_made_filled_ordered_and_noted(world: World) -> None:
    which = await made(world, ALIEN, HEAT, title="  Of an evening ", description='Quiet "ones" \\ 🎬\n')
    shown = await done(world, "addToList", listId=which, movieId=FARGO, note="With snow", afterMovieId=ALIEN)
    assert titles(shown) == ["Alien", "Fargo", "Heat"]
    assert (shown["title"], shown["description"]) == ("Of an evening", 'Quiet "ones" \\ 🎬')
    assert (shown["visibility"], shown["viewerRole"], shown["ownerName"]) == ("PRIVATE", "OWNER", "alice")
    assert shown["items"]["edges"][1] == {
        "note": "With snow",
        "addedByName": "alice",
        "node": {"title": "Fargo"},
    }
    assert titles(await done(world, "moveInList", listId=which, movieId=HEAT)) == ["Heat", "Alien", "Fargo"]
    moved = await done(world, "moveInList", listId=which, movieId=HEAT, afterMovieId=FARGO)
    assert titles(moved) == ["Alien", "Fargo", "Heat"]
    assert moved["items"]["edges"][1]["note"] == "With snow"
    noted = await done(world, "noteInList", listId=which, movieId=FARGO, note=None)
    assert noted["items"]["edges"][1]["note"] is None
    taken = await done(world, "removeFromList", listId=which, movieId=ALIEN)
    assert titles(taken) == ["Fargo", "Heat"]
    again = await done(world, "addToList", listId=which, movieId=ALIEN)
    assert titles(again) == ["Fargo", "Heat", "Alien"]
    assert await seen(world, which, "alice") == again


async def test_what_is_said_twice_is_recorded_once(world: World) -> None:
    which = await made(world, ALIEN, HEAT)
    known = await events(world)
    for name, given in (
        ("addToList", {"movieId": ALIEN}),
        ("moveInList", {"movieId": ALIEN}),
        ("moveInList", {"movieId": HEAT, "afterMovieId": ALIEN}),
        ("moveInList", {"movieId": HEAT, "afterMovieId": HEAT}),
        ("noteInList", {"movieId": ALIEN, "note": None}),
        ("removeFromList", {"movieId": STUB}),
        ("updateList", {"visibility": "PRIVATE"}),
        ("inviteToList", {"userId": f"User:{person('alice')}"}),
        ("leaveList", {"userId": f"User:{person('bob')}"}),
    ):
        await done(world, name, listId=which, **given)
    assert await events(world) == known


async def test_a_list_is_changed_and_deleted_by_its_owner(world: World) -> None:
    which = await made(world, ALIEN, description="First")
    renamed = await done(world, "updateList", listId=which, title="Of a morning", visibility="PUBLIC")
    assert (renamed["title"], renamed["description"], renamed["visibility"]) == (
        "Of a morning",
        "First",
        "PUBLIC",
    )
    assert (await done(world, "updateList", listId=which, description=None))["description"] is None
    query = "{ viewer { lists { nodes { title items { totalCount } } totalCount } } }"
    lists = (await world.data(query, by="alice"))["viewer"]["lists"]
    assert lists == {"nodes": [{"title": "Of a morning", "items": {"totalCount": 1}}], "totalCount": 1}
    assert await done(world, "deleteList", listId=which) is None
    assert await seen(world, which, "alice") is None
    assert (await world.data(query, by="alice"))["viewer"]["lists"]["totalCount"] == 0
    assert await refused(world, "updateList", listId=which, title="x") == (
        "UNKNOWN_LIST",
        ["input", "listId"],
    )
    assert await refused(world, "deleteList", listId=which) == ("UNKNOWN_LIST", ["input", "listId"])


@pytest.mark.parametrize(
    ("name", "given", "code", "path"),
    [
        ("createList", {"title": ""}, "TEXT_MISSING", "title"),
        ("createList", {"title": " \n"}, "TEXT_MISSING", "title"),
        ("createList", {"title": "x" * 201}, "TEXT_TOO_LONG", "title"),
        ("createList", {"title": "x", "description": "x" * 5001}, "TEXT_TOO_LONG", "description"),
        ("updateList", {"title": " "}, "TEXT_MISSING", "title"),
        ("addToList", {"movieId": FARGO, "note": "x" * 5001}, "TEXT_TOO_LONG", "note"),
        ("addToList", {"movieId": FARGO, "afterMovieId": STUB}, "NOT_IN_LIST", "afterMovieId"),
        ("addToList", {"movieId": f"Movie:{movie('nothing')}"}, "UNKNOWN_MOVIE", "movieId"),
        ("moveInList", {"movieId": ALIEN, "afterMovieId": STUB}, "NOT_IN_LIST", "afterMovieId"),
        ("moveInList", {"movieId": STUB}, "NOT_IN_LIST", "movieId"),
        ("noteInList", {"movieId": STUB, "note": "x"}, "NOT_IN_LIST", "movieId"),
        ("inviteToList", {"userId": f"User:{person('nobody')}"}, "UNKNOWN_PERSON", "userId"),
        (
            "inviteToList",
            {"userId": f"User:{person('carol')}"},
            "UNKNOWN_PERSON",
            "userId",
        ),  # shows herself to nobody
        ("joinList", {}, "NOT_INVITED", "listId"),
        ("leaveList", {}, "UNKNOWN_LIST", "listId"),
    ],
)
async def test_a_rule_refuses_in_the_payload_and_records_nothing(
    world: World, name: str, given: Any, code: str, path: str
) -> None:
    which = await made(world, ALIEN, HEAT)
    known = await events(world)
    about = {} if name == "createList" else {"listId": which}
    assert await refused(world, name, **about, **given) == (code, ["input", path])
    assert await events(world) == known
    with connect(world.conninfo) as conn:
        assert conn.execute("select count(*) from texts").fetchone() == (1,)


async def test_the_longest_texts_are_taken(world: World) -> None:
    made = await done(world, "createList", title="x" * 200, description="é" * 5000)
    assert (len(made["title"]), len(made["description"])) == (200, 5000)


# --- who sees and may do what ---


@pytest.mark.parametrize(
    ("visibility", "see"),
    [
        ("PRIVATE", {"alice", "bob"}),
        ("UNLISTED", {"alice", "bob"}),
        ("FOLLOWERS", {"alice", "bob"}),
        ("PUBLIC", {*EVERYBODY}),
    ],
)
async def test_k13_a_list_is_seen_by_whom_it_is_for_and_nobody_else(
    world: World, visibility: str, see: set[str | None]
) -> None:
    which = await shared(world, ALIEN)
    await done(world, "updateList", listId=which, visibility=visibility)
    for by in EVERYBODY:
        shown = await seen(world, which, by)
        assert (shown is not None) is (by in see), by
        if shown:
            assert (shown["link"] is not None) is (by == "alice" and visibility == "UNLISTED")
            assert titles(shown) == ["Alien"]


@pytest.mark.parametrize("by", ["carol", "adam"])
@pytest.mark.parametrize("visibility", ["PRIVATE", "PUBLIC"])
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("updateList", {"title": "Mine now"}),
        ("updateList", {"renewLink": True}),
        ("deleteList", {}),
        ("addToList", {"movieId": FARGO}),
        ("moveInList", {"movieId": HEAT}),
        ("noteInList", {"movieId": ALIEN, "note": "x"}),
        ("removeFromList", {"movieId": ALIEN}),
        ("inviteToList", {"userId": f"User:{person('carol')}"}),
        ("leaveList", {"userId": f"User:{person('bob')}"}),
        ("leaveList", {}),
    ],
)
async def test_nobody_changes_a_list_of_anothers(
    world: World, name: str, given: Any, visibility: str, by: str
) -> None:
    which = await shared(world, ALIEN, HEAT)
    show(world, "PUBLIC", "carol")
    before = await done(world, "updateList", listId=which, visibility=visibility)
    known = await events(world)
    payload = await say(world, name, by, listId=which, **given)
    assert [error["code"] for error in payload["errors"]] == ["UNKNOWN_LIST"]
    assert (payload["list"] is not None) is (visibility == "PUBLIC")
    assert await events(world) == known
    assert await seen(world, which, "alice") == before


async def test_k91_collaborators_change_the_movies_and_nothing_else(world: World) -> None:
    which = await shared(world, ALIEN)
    show(world, "PUBLIC", "carol")
    shown = await done(world, "addToList", "bob", listId=which, movieId=HEAT, note="See it")
    assert shown["items"]["edges"][1] == {"note": "See it", "addedByName": "bob", "node": {"title": "Heat"}}
    assert titles(await done(world, "moveInList", "bob", listId=which, movieId=HEAT)) == ["Heat", "Alien"]
    assert titles(await done(world, "removeFromList", "bob", listId=which, movieId=ALIEN)) == ["Heat"]
    owner_only = [
        ("updateList", {"title": "x"}),
        ("deleteList", {}),
        ("inviteToList", {"userId": f"User:{person('carol')}"}),
        ("leaveList", {"userId": f"User:{person('alice')}"}),
    ]
    for name, given in owner_only:
        assert await refused(world, name, "bob", listId=which, **given) == (
            "NOT_LIST_OWNER",
            ["input", "listId"],
        )
    await done(world, "leaveList", listId=which, userId=f"User:{person('bob')}")
    assert await refused(world, "addToList", "bob", listId=which, movieId=FARGO) == (
        "UNKNOWN_LIST",
        ["input", "listId"],
    )
    assert await seen(world, which, "bob") is None


async def test_an_invitation_is_seen_taken_refused_and_taken_back(world: World) -> None:
    which = await made(world, ALIEN)
    show(world, "FOLLOWERS")
    query = "{ viewer { sharedLists { nodes { title viewerRole } } } }"

    def role(data: Any) -> list[str]:
        return [node["viewerRole"] for node in data["viewer"]["sharedLists"]["nodes"]]

    bob = {"listId": which, "userId": f"User:{person('bob')}"}
    invited = await done(world, "inviteToList", **bob)
    assert invited["collaborators"] == [{"userId": bob["userId"], "name": "bob", "hasJoined": False}]
    assert role(await world.data(query, by="bob")) == ["INVITED"]
    assert titles(await seen(world, which, "bob")) == ["Alien"]
    assert await refused(world, "addToList", "bob", listId=which, movieId=HEAT) == (
        "UNKNOWN_LIST",
        ["input", "listId"],
    )
    assert await done(world, "leaveList", "bob", listId=which) is None
    assert role(await world.data(query, by="bob")) == []
    assert await refused(world, "joinList", "bob", listId=which) == ("NOT_INVITED", ["input", "listId"])
    await done(world, "inviteToList", **bob)
    await done(world, "leaveList", **bob)
    assert await refused(world, "joinList", "bob", listId=which) == ("NOT_INVITED", ["input", "listId"])
    await done(world, "inviteToList", **bob)
    assert (await done(world, "joinList", "bob", listId=which))["viewerRole"] == "JOINED"
    assert role(await world.data(query, by="bob")) == ["JOINED"]
    await done(world, "deleteList", listId=which)
    assert role(await world.data(query, by="bob")) == []


async def test_who_was_only_invited_is_nobody_elses_business(world: World) -> None:
    which = await shared(world, ALIEN)
    await done(world, "updateList", listId=which, visibility="PUBLIC")
    show(world, "PUBLIC", "carol")
    await done(world, "inviteToList", listId=which, userId=f"User:{person('carol')}")
    names = {by: [c["name"] for c in (await seen(world, which, by))["collaborators"]] for by in EVERYBODY}
    assert names == {
        "alice": ["bob", "carol"],
        "bob": ["bob"],
        "carol": ["bob", "carol"],
        "adam": ["bob"],
        None: ["bob"],
    }


async def test_a_link_finds_an_unlisted_list_until_it_is_renewed(world: World) -> None:
    which = await made(world, ALIEN)
    link = (await done(world, "updateList", listId=which, visibility="UNLISTED"))["link"]
    assert len(link) == 22
    query = "query ($link: String!) { list(by: { link: $link }) { title link items { nodes { title } } } }"

    async def found(link: str, by: str | None = None) -> Any:
        return (await world.data(query, {"link": link}, by=by))["list"]

    expected = {"title": "Of an evening", "link": None, "items": {"nodes": [{"title": "Alien"}]}}
    assert await found(link) == await found(link, "carol") == expected
    for wrong in ("", link[:-1], link + "x", link.swapcase(), "Of an evening", "%", which):
        assert await found(wrong) is None
    renewed = (await done(world, "updateList", listId=which, renewLink=True))["link"]
    assert renewed != link
    assert await found(link) is None
    assert await found(renewed) == expected
    await done(world, "updateList", listId=which, visibility="PRIVATE")
    assert await found(renewed) is None
    assert (await done(world, "updateList", listId=which, visibility="UNLISTED"))["link"] == renewed
    await done(world, "deleteList", listId=which)
    assert await found(renewed) is None


async def test_no_text_and_no_link_is_in_the_log(world: World) -> None:
    which = await made(world, title="A secret title", description="A secret text", visibility="UNLISTED")
    await done(world, "addToList", listId=which, movieId=ALIEN, note="A secret note")
    link = (await seen(world, which, "alice"))["link"]
    with connect(world.conninfo) as conn:
        log = str(conn.execute("select * from events").fetchall())
        assert conn.execute("select count(*) from texts").fetchone() == (4,)
    assert "secret" not in log
    assert link not in log


@pytest.mark.parametrize("by", ["alice", None])
@pytest.mark.parametrize("name", ["updateList", "deleteList", "joinList", "leaveList"])
async def test_a_stranger_and_a_malformed_id_are_refused_with_a_code(
    world: World, name: str, by: str | None
) -> None:
    for bad in ("nonsense", "List:x", f"Movie:{movie('alien')}", ""):
        answer = await world.ask(mutation(name), {"input": {"listId": bad}}, by=by)
        assert answer["data"] is None
        codes = {error["extensions"]["code"] for error in answer["errors"]}
        assert codes <= ({"BAD_ID"} if by else {"BAD_ID", "UNAUTHENTICATED"})


# --- idempotency, and several at once ---


async def test_a_list_made_twice_with_one_key_is_one_list(world: World) -> None:
    first = await done(world, "createList", title="Once", idempotencyKey="one")
    assert await done(world, "createList", title="Once", idempotencyKey="one") == first
    assert await refused(world, "createList", title="Twice", idempotencyKey="one") == (
        "IDEMPOTENCY_KEY_REUSED",
        ["input", "idempotencyKey"],
    )
    other = await done(world, "createList", "bob", title="Once", idempotencyKey="one")
    assert other["id"] != first["id"]
    which = first["id"]
    added = await done(world, "addToList", listId=which, movieId=ALIEN, idempotencyKey="two")
    await done(world, "removeFromList", listId=which, movieId=ALIEN)
    assert titles(added) == ["Alien"]
    assert titles(await done(world, "addToList", listId=which, movieId=ALIEN, idempotencyKey="two")) == []


async def test_people_who_work_at_once_lose_nothing_and_leave_true_tables(world: World) -> None:
    which = await shared(world, ALIEN)
    films = [f"Movie:{movie(film.key)}" for film in FILMS[1:]]
    await asyncio.gather(
        *(
            done(world, "addToList", by, listId=which, movieId=film, afterMovieId=ALIEN)
            for film in films
            for by in ("alice", "bob")
        ),
        *(made(world, ALIEN, by=by) for by in ("alice", "bob", "carol")),
    )
    await asyncio.gather(
        *(
            done(world, "moveInList", by, listId=which, movieId=film)
            for film in films
            for by in ("alice", "bob")
        ),
        *(done(world, "noteInList", "bob", listId=which, movieId=film, note="x") for film in films),
    )
    shown = await seen(world, which, "alice")
    assert (
        len(set(titles(shown))) == shown["items"]["totalCount"] - 1 == len(FILMS) - 1
    )  # two have the same title
    assert titles(shown)[-1] == "Alien"
    with connect(world.conninfo) as conn:
        assert conn.execute(
            "select count(*) - count(distinct rank) from list_items where is_active"
        ).fetchone() == (
            3,  # the first movie of each of three other lists
        )
        assert [found for name, p in projections().items() if p.inline for found in verify(conn, name)] == []


async def test_pages_of_a_list_hold_while_it_is_ordered(world: World) -> None:
    which = await made(world, *(f"Movie:{movie(film.key)}" for film in FILMS))
    query = """query ($id: ID!, $after: String) { list(by: { id: $id }) {
      items(first: 4, after: $after) { nodes { title } pageInfo { endCursor hasNextPage } } } }"""
    found: list[str] = []
    after, more = None, True
    while more:
        page = (await world.data(query, {"id": which, "after": after}, by="alice"))["list"]["items"]
        found += [node["title"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        await done(world, "moveInList", listId=which, movieId=ALIEN)
    assert found == [film.title for film in FILMS]


async def test_c7_a_movie_that_was_rated_can_be_put_on_a_list_to_see_again(world: World) -> None:
    which = await made(world, title="Again")
    assert titles(await done(world, "addToList", listId=which, movieId=ALIEN)) == ["Alien"]
    query = f'{{ node(id: "{ALIEN}") {{ ... on Movie {{ viewerState {{ stars }} }} }} }}'
    assert (await world.data(query, by="alice"))["node"]["viewerState"] == {"stars": 4.5}
