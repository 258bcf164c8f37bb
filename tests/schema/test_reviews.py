"""Reviews: written, changed, taken back, and who may read them."""

from __future__ import annotations

from typing import Any

import pytest

from database.connect import connect
from events.people import UserErased
from tests.catalogue import movie, person
from tests.events.writing import write
from tests.projections.filling import fold_inline_anew
from tests.schema.test_lists import show
from tests.world import World

ALIEN, UNBORN = f"Movie:{movie('alien')}", f"Movie:{movie('unborn')}"
REVIEW = "id text hasSpoilers audience stars authorName isEdited movie { title }"
EVERYBODY = ("bob", "alice", "adam", None)


def mutation(name: str) -> str:
    return f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{
      errors {{ code path }} event {{ id type }} movie {{ viewerState {{ stars review {{ {REVIEW} }} }} }} }} }}"""


async def say(world: World, name: str, by: str | None = "bob", **given: Any) -> Any:
    return (await world.data(mutation(name), {"input": given}, by=by))[name]


async def wrote(world: World, text: str | None = "Loud.", **given: Any) -> Any:
    """Return bob's review after he wrote or changed it; bob shows himself to everybody."""
    show(world, "PUBLIC")
    payload = await say(world, "writeReview", movieId=UNBORN, **({"text": text} if text else {}), **given)
    assert payload["errors"] == []
    return payload["movie"]["viewerState"]["review"]


async def reviews(world: World, by: str | None) -> list[str]:
    """Return the texts that one of the people finds at the movie."""
    query = '{ node(id: "%s") { ... on Movie { reviews { nodes { text } totalCount } } } }'.replace(
        "%s", UNBORN
    )
    found = (await world.data(query, by=by))["node"]["reviews"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["text"] for node in found["nodes"]]


async def test_k90_a_review_is_written_changed_and_taken_back(world: World) -> None:
    first = await wrote(world, '  Loud "and" long. 🎬 \n', stars=3.5)
    assert first == {
        "id": first["id"],
        "text": 'Loud "and" long. 🎬',
        "hasSpoilers": False,
        "audience": "PUBLIC",
        "stars": 3.5,
        "authorName": "bob",
        "isEdited": False,
        "movie": {"title": "Not made yet"},
    }
    assert await wrote(world, None, hasSpoilers=True) == {**first, "hasSpoilers": True, "isEdited": True}
    changed = await wrote(world, "Louder.", stars=None, audience="PRIVATE")
    assert changed == {
        **first,
        "text": "Louder.",
        "hasSpoilers": True,
        "audience": "PRIVATE",
        "stars": None,
        "isEdited": True,
    }
    deleted = await say(world, "deleteReview", movieId=UNBORN)
    assert deleted["movie"]["viewerState"] == {"stars": 3.5, "review": None}
    assert (await say(world, "deleteReview", movieId=UNBORN))["event"] is None
    again = await wrote(world, "Again.")
    assert (again["id"] != first["id"], again["isEdited"]) == (True, False)


async def test_the_log_keeps_every_version_by_its_id_and_no_text(world: World) -> None:
    for text in ("A secret first", "A secret second"):
        await wrote(world, text)
    with connect(world.conninfo) as conn:
        log = conn.execute(
            "select data->>'text_id' from events where type = 'review_written' order by position"
        )
        texts = dict(conn.execute("select id::text, body from texts").fetchall())
        assert [texts[text_id] for (text_id,) in log.fetchall()] == ["A secret first", "A secret second"]
        assert "secret" not in str(conn.execute("select * from events").fetchall())


@pytest.mark.parametrize("first", [{"text": "Loud.", "stars": 2}, {"text": "Loud."}])
async def test_k82_what_was_written_can_be_taken_back(world: World, first: dict[str, Any]) -> None:
    nothing = {"stars": None, "review": None}
    written = await say(world, "writeReview", movieId=UNBORN, **first)
    assert (await say(world, "undo", eventId=written["event"]["id"]))["movie"]["viewerState"] == nothing
    before = await wrote(world, **first)
    changed = await say(
        world, "writeReview", movieId=UNBORN, text="Louder.", audience="FOLLOWERS", hasSpoilers=True
    )
    undone = await say(world, "undo", eventId=changed["event"]["id"])
    assert undone["movie"]["viewerState"]["review"] == {**before, "isEdited": True}
    deleted = await say(world, "deleteReview", movieId=UNBORN)
    undone = await say(world, "undo", eventId=deleted["event"]["id"])
    assert undone["movie"]["viewerState"]["review"] == before


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({}, "NO_REVIEW", "movieId"),
        ({"hasSpoilers": True}, "NO_REVIEW", "movieId"),
        ({"text": None}, "NO_REVIEW", "movieId"),
        ({"text": ""}, "TEXT_MISSING", "text"),
        ({"text": " \t\n"}, "TEXT_MISSING", "text"),
        ({"text": "x" * 5001}, "TEXT_TOO_LONG", "text"),
        ({"text": "x", "stars": 0.25}, "INVALID_STARS", "stars"),
        ({"text": "x", "stars": 5.5}, "INVALID_STARS", "stars"),
    ],
)
async def test_a_rule_refuses_in_the_payload_and_records_nothing(
    world: World, given: Any, code: str, path: str
) -> None:
    payload = await say(world, "writeReview", movieId=UNBORN, **given)
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, ["input", path])]
    assert payload["event"] is None
    with connect(world.conninfo) as conn:
        assert conn.execute("select count(*) from texts").fetchone() == (0,)


async def test_a_text_of_5000_characters_is_taken_and_a_nul_is_not(world: World) -> None:
    assert len((await wrote(world, "é" * 5000))["text"]) == 5000
    answer = await world.ask(
        mutation("writeReview"), {"input": {"movieId": UNBORN, "text": "a\x00b"}}, by="bob"
    )
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("audience", "readers"),
    [("PUBLIC", {*EVERYBODY}), ("FOLLOWERS", {"bob"}), ("PRIVATE", {"bob"})],
)
async def test_k13_a_review_is_read_by_whom_it_is_for_on_every_way_to_it(
    world: World, audience: str, readers: set[str | None]
) -> None:
    review = await wrote(world, audience=audience)
    node = f'{{ node(id: "{review["id"]}") {{ ... on Review {{ text }} }} nodes(ids: ["{review["id"]}"]) {{ id }} }}'
    for by in EVERYBODY:
        may = by in readers
        data = await world.data(node, by=by)
        assert (data["node"] is not None, data["nodes"] != [None]) == (may, may), by
        assert await reviews(world, by) == (["Loud."] if may else [])
        if by and by != "bob":
            own = await world.data("{ viewer { reviews { totalCount } } }", by=by)
            assert own["viewer"]["reviews"] == {"totalCount": 0}
    await say(world, "deleteReview", movieId=UNBORN)
    for by in EVERYBODY:
        assert (await world.data(node, by=by)) == {"node": None, "nodes": [None]}
        assert await reviews(world, by) == []


async def test_an_erased_author_takes_the_texts_along(world: World) -> None:
    review = await wrote(world)
    with connect(world.conninfo) as conn:
        conn.execute("delete from users where id = %s", (person("bob"),))
        assert conn.execute("select count(*) from texts").fetchone() == (0,)
    query = f'{{ node(id: "{review["id"]}") {{ ... on Review {{ text authorName }} }} }}'
    assert await world.data(query) == {"node": {"text": None, "authorName": None}}
    with connect(world.conninfo) as conn:
        write(conn, UserErased(user_id=person("bob")))
        fold_inline_anew(conn)
    assert await world.data(query) == {"node": None}
    assert await reviews(world, None) == []


@pytest.mark.parametrize("privacy", ["PUBLIC", "FOLLOWERS", "PRIVATE"])
async def test_k13_a_new_review_is_for_those_to_whom_its_author_shows_themself(
    world: World, privacy: str
) -> None:
    show(world, privacy)
    first = await say(world, "writeReview", movieId=UNBORN, text="Loud.")
    show(world, "PUBLIC")
    changed = await say(world, "writeReview", movieId=UNBORN, text="Louder.")
    for payload in (first, changed):
        assert payload["movie"]["viewerState"]["review"]["audience"] == privacy


async def test_reviews_of_a_movie_come_in_pages_the_newest_first(world: World) -> None:
    for by in ("alice", "bob", "carol"):
        payload = await say(world, "writeReview", by, movieId=ALIEN, text=f"By {by}", audience="PUBLIC")
        assert payload["errors"] == []
    query = """query ($after: String) { movie(by: { tmdbId: 348 }) { reviews(first: 2, after: $after) {
      nodes { text } pageInfo { endCursor hasNextPage } } } }"""
    page = (await world.data(query))["movie"]["reviews"]
    assert [node["text"] for node in page["nodes"]] == ["By carol", "By bob"]
    rest = (await world.data(query, {"after": page["pageInfo"]["endCursor"]}))["movie"]["reviews"]
    assert [node["text"] for node in rest["nodes"]] == ["By alice"]
