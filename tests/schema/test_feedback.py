"""What people say of recommendations: recorded, replaced, taken back, and whose it is."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from database.connect import connect
from events.people import UserErased
from tests.catalogue import movie, person
from tests.events.writing import write
from tests.projections.filling import fold_inline_anew
from tests.world import World

UNBORN = f"Movie:{movie('unborn')}"
TYPES = {"POSITIVE": None, "NEGATIVE": None, "NOT_INTERESTED": "NOT_INTERESTED", "ALREADY_SEEN": "SEEN"}
"""Each with the status that it sets."""
STATE = "status watchlist { priority } feedback { type comment slateId givenAt }"
NOTHING = {"status": None, "watchlist": None, "feedback": None}


async def say(world: World, name: str, by: str | None = "bob", **given: Any) -> Any:
    document = f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{
      errors {{ code path }} event {{ id type }} movie {{ viewerState {{ {STATE} }} }} }} }}"""
    return (await world.data(document, {"input": given}, by=by))[name]


async def give(world: World, by: str | None = "bob", **given: Any) -> Any:
    return await say(world, "giveRecommendationFeedback", by, movieId=UNBORN, **given)


async def state(world: World, by: str | None = "bob") -> Any:
    query = f'{{ node(id: "{UNBORN}") {{ ... on Movie {{ viewerState {{ {STATE} }} }} }} }}'
    return (await world.data(query, by=by))["node"]["viewerState"]


async def history(world: World) -> list[str]:
    data = await world.data("{ viewer { history(first: 100) { nodes { type } } } }", by="bob")
    return [node["type"] for node in data["viewer"]["history"]["nodes"]]


@pytest.mark.parametrize("kind", TYPES)
async def test_k50_feedback_is_kept_and_taken_back(world: World, kind: str) -> None:
    slate_id = str(uuid4())
    payload = await give(world, type=kind, comment='  Too "loud". 🎬 \n', slateId=slate_id)
    assert (payload["errors"], payload["event"]["type"]) == ([], "recommendation_feedback_given")
    held = payload["movie"]["viewerState"]
    given_at = held["feedback"].pop("givenAt")
    assert held == {
        "status": TYPES[kind],
        "watchlist": None,
        "feedback": {"type": kind, "comment": 'Too "loud". 🎬', "slateId": slate_id},
    }
    held["feedback"]["givenAt"] = given_at
    assert await state(world) == held
    assert (await history(world))[0] == "recommendation_feedback_given"
    cleared = await give(world, type=None)
    assert cleared["movie"]["viewerState"] == await state(world) == NOTHING
    assert (await give(world, type=None))["event"] is None


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("first", [None, *TYPES])
async def test_k50_k82_undone_it_is_what_it_was_before(world: World, first: str | None, kind: str) -> None:
    if first:
        await give(world, type=first, comment="The first word.")
    before = await state(world)
    given = await give(world, type=kind, comment="The last word.")
    undone = await say(world, "undo", eventId=given["event"]["id"])
    assert undone["errors"] == []
    after = undone["movie"]["viewerState"]
    if first:  # it is given anew by undoing
        after["feedback"]["givenAt"] = before["feedback"]["givenAt"]
    assert after == before


@pytest.mark.parametrize("kind", TYPES)
async def test_what_is_not_wanted_or_was_seen_leaves_the_watchlist_until_that_is_undone(
    world: World, kind: str
) -> None:
    listed = {"status": "LATER", "watchlist": {"priority": "HIGH"}, "feedback": None}
    await say(world, "addToWatchlist", movieId=UNBORN, priority="HIGH")
    given = await give(world, type=kind)
    held = given["movie"]["viewerState"]
    assert (held["status"], held["watchlist"] is None) == (TYPES[kind] or "LATER", TYPES[kind] is not None)
    undone = await say(world, "undo", eventId=given["event"]["id"])
    assert (undone["errors"], undone["movie"]["viewerState"]) == ([], listed)


async def test_k52_feedback_said_twice_or_with_the_same_key_is_recorded_once(world: World) -> None:
    key = {"type": "NEGATIVE", "comment": "Too long.", "idempotencyKey": "one"}
    first = await give(world, **key)
    assert await give(world, **key) == first
    reused = await give(world, **{**key, "comment": "Too short."})
    assert [error["code"] for error in reused["errors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    await give(world, type="POSITIVE")
    assert (await give(world, type="POSITIVE"))["event"] is None
    assert (await history(world)).count("recommendation_feedback_given") == 2
    assert (await state(world))["feedback"]["comment"] is None


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({}, "MISSING_VALUE", "type"),
        ({"comment": "Why?"}, "MISSING_VALUE", "type"),
        ({"type": "NEGATIVE", "comment": ""}, "TEXT_MISSING", "comment"),
        ({"type": "NEGATIVE", "comment": " \t\n"}, "TEXT_MISSING", "comment"),
        ({"type": "NEGATIVE", "comment": "é" * 5001}, "TEXT_TOO_LONG", "comment"),
    ],
)
async def test_a_rule_refuses_in_the_payload_and_records_nothing(
    world: World, given: Any, code: str, path: str
) -> None:
    payload = await give(world, **given)
    assert payload["errors"] == [{"code": code, "path": ["input", path]}]
    assert (payload["event"], payload["movie"]["viewerState"]) == (None, NOTHING)
    assert await state(world) == NOTHING
    with connect(world.conninfo) as conn:
        assert conn.execute("select count(*) from texts").fetchone() == (0,)


async def test_a_comment_of_5000_characters_is_taken(world: World) -> None:
    payload = await give(world, type="NEGATIVE", comment="é" * 5000)
    assert payload["movie"]["viewerState"]["feedback"]["comment"] == "é" * 5000


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"type": "BORING"}, "BAD_USER_INPUT"),
        ({"type": "NEGATIVE", "comment": "a\x00b"}, "BAD_USER_INPUT"),
        ({"type": "NEGATIVE", "slateId": "nonsense"}, "BAD_ID"),
        ({"type": "NEGATIVE", "slateId": UNBORN}, "BAD_ID"),
    ],
)
async def test_what_is_malformed_is_refused_with_a_code(world: World, given: Any, code: str) -> None:
    document = """mutation ($i: GiveRecommendationFeedbackInput!) {
      giveRecommendationFeedback(input: $i) { errors { code } } }"""
    answer = await world.ask(document, {"i": {"movieId": UNBORN, **given}}, by="bob")
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    assert await state(world) == NOTHING


async def test_k101_feedback_is_its_authors_alone(world: World) -> None:
    given = await give(world, type="NOT_INTERESTED", comment="Not for me.")
    for by in ("alice", "adam"):
        assert (await state(world, by))["feedback"] is None
        undone = await say(world, "undo", by, eventId=given["event"]["id"])
        assert [error["code"] for error in undone["errors"]] == ["UNKNOWN_EVENT"]
    assert await state(world, None) is None
    assert (await state(world))["feedback"]["comment"] == "Not for me."


async def test_the_log_has_no_comment_and_an_erased_author_takes_theirs_along(world: World) -> None:
    await give(world, type="NEGATIVE", comment="A secret first")
    await give(world, type="NEGATIVE", comment="A secret second")
    with connect(world.conninfo) as conn:
        assert "secret" not in str(conn.execute("select * from events").fetchall())
        assert conn.execute("select count(*) from texts").fetchone() == (2,)
        conn.execute("delete from users where id = %s", (person("bob"),))
        assert conn.execute("select count(*) from texts").fetchone() == (0,)
        write(conn, UserErased(user_id=person("bob")))
        fold_inline_anew(conn)
        assert conn.execute("select count(*) from recommendation_feedback").fetchone() == (0,)
