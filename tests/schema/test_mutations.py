"""What people do with movies: each mutation, what it refuses, and how it is taken back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from database.connect import connect
from projections.registry import projections
from projections.verify import verify
from tests.catalogue import movie
from tests.world import World

FRESH = f"Movie:{movie('unborn')}"
"""A movie that bob has done nothing with."""
STATE = "reaction stars isFavorite status watchCount lastWatchedOn watchlist { priority }"
NOTHING = {
    "reaction": None,
    "stars": None,
    "isFavorite": False,
    "status": None,
    "watchCount": 0,
    "lastWatchedOn": None,
    "watchlist": None,
}
SEEN = {"status": "SEEN"}
LOW = {"watchlist": {"priority": "LOW"}, "status": "LATER"}
HIGH = {"watchlist": {"priority": "HIGH"}, "status": "LATER"}


@dataclass(frozen=True)
class Deed:
    """A mutation with its input, and what it makes of the state; `first` are deeds that come before it."""

    name: str
    given: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    event: str = ""
    first: tuple[Deed, ...] = ()
    twice: str | None = None
    """What saying it again records."""


REACT = Deed("reactToMovie", {"reaction": "LIKE"}, {"reaction": "LIKE", **SEEN}, "movie_reacted")
RATE = Deed("rateMovie", {"stars": 3.5}, {"stars": 3.5, **SEEN}, "movie_rated")
FAVORITE = Deed("favoriteMovie", {}, {"isFavorite": True}, "movie_favorited")
WATCHLIST = Deed("addToWatchlist", {"priority": "HIGH"}, HIGH, "watchlist_item_added")
DISMISS = Deed("dismissMovie", {}, {"status": "NOT_INTERESTED"}, "movie_dismissed")
DEEDS = (
    REACT,
    Deed("reactToMovie", {"reaction": "SUPER_LIKE"}, {"reaction": "SUPER_LIKE", **SEEN}, "movie_reacted", (REACT,)),
    Deed("reactToMovie", {"reaction": None}, {}, "reaction_cleared", (REACT,)),
    RATE,
    Deed("rateMovie", {"stars": 0.5}, {"stars": 0.5, **SEEN}, "movie_rated", (WATCHLIST,)),
    Deed("rateMovie", {"stars": 5}, {"stars": 5, "reaction": "LIKE", **SEEN}, "movie_rated", (REACT, RATE)),
    Deed("rateMovie", {"stars": None}, {}, "rating_cleared", (RATE,)),
    FAVORITE,
    Deed("unfavoriteMovie", {}, {}, "movie_unfavorited", (FAVORITE,)),
    WATCHLIST,
    Deed("addToWatchlist", {}, {**HIGH, "watchlist": {"priority": "MEDIUM"}}, "watchlist_item_added"),
    Deed("addToWatchlist", {"priority": "LOW"}, LOW, "watchlist_item_prioritized", (WATCHLIST,)),
    Deed("setWatchlistPriority", {"priority": "LOW"}, LOW, "watchlist_item_prioritized", (WATCHLIST,)),
    Deed("removeFromWatchlist", {}, {}, "watchlist_item_removed", (WATCHLIST,)),
    Deed(
        "markWatched",
        {"watchedOn": "2024-01-02"},
        {"watchCount": 1, "lastWatchedOn": "2024-01-02", **SEEN},
        "movie_watched",
        (WATCHLIST,),
        twice="movie_watched",
    ),
    Deed(
        "markWatched",
        {"watchedOn": "2023-05-05", "reaction": "OK", "stars": 2.5},
        {"watchCount": 1, "lastWatchedOn": "2023-05-05", "reaction": "OK", "stars": 2.5, "isFavorite": True, **SEEN},
        "movie_watched",
        (FAVORITE, WATCHLIST),
        twice="movie_watched",
    ),
    DISMISS,
    Deed("dismissMovie", {}, {"status": "NOT_INTERESTED", "stars": 3.5}, "movie_dismissed", (RATE,)),
    Deed("recordView", {}, {}, "movie_viewed", twice="movie_viewed"),
    Deed("giveRecommendationFeedback", {"type": "NEGATIVE"}, {}, "recommendation_feedback_given"),
    Deed("giveRecommendationFeedback", {"type": "ALREADY_SEEN"}, SEEN, "recommendation_feedback_given", (WATCHLIST,)),
)  # fmt: skip
every_deed = pytest.mark.parametrize(
    "deed", DEEDS, ids=lambda deed: f"{deed.name} {deed.given} {len(deed.first)}"
)


async def do(world: World, deed: Deed, *, by: str | None = "bob", **more: Any) -> Any:
    """Return the payload of a deed."""
    data = await world.data(mutation(deed.name), {"input": {"movieId": FRESH, **deed.given, **more}}, by=by)
    return data[deed.name]


def mutation(name: str, fields: str = "") -> str:
    """Return the document of a mutation about a movie."""
    kind = name[0].upper() + name[1:] + "Input!"
    return f"""mutation ($input: {kind}) {{ {name}(input: $input) {{
        errors {{ code message path }} event {{ id position type source movie {{ id }} }}
        movie {{ id viewerState {{ {STATE} }} }} {fields}
    }} }}"""


async def state(world: World, *, by: str = "bob") -> Any:
    """Return where the movie stands for one of the people, as a query says."""
    query = f'{{ node(id: "{FRESH}") {{ ... on Movie {{ viewerState {{ {STATE} }} }} }} }}'
    return (await world.data(query, by=by))["node"]["viewerState"]


async def history(world: World, *, by: str = "bob") -> list[str]:
    """Return the types of what one of the people did, the newest first."""
    data = await world.data("{ viewer { history(first: 100) { nodes { type } } } }", by=by)
    return [node["type"] for node in data["viewer"]["history"]["nodes"]]


@every_deed
async def test_a_deed_shows_in_its_answer_and_in_every_query_after_it(world: World, deed: Deed) -> None:
    for before in deed.first:
        await do(world, before)
    known = await history(world)
    payload = await do(world, deed)
    assert payload["errors"] == []
    assert payload["event"]["type"] == deed.event
    assert payload["event"]["movie"] == {"id": FRESH}
    expected = {**NOTHING, **deed.changes}
    assert payload["movie"] == {"id": FRESH, "viewerState": expected}
    assert await state(world) == expected
    assert await state(world, by="carol") == NOTHING
    recorded = await history(world)
    assert deed.event in recorded[: len(recorded) - len(known)]
    assert recorded[len(recorded) - len(known) :] == known


@every_deed
async def test_k52_saying_it_again_changes_nothing_and_counts_only_where_every_time_counts(
    world: World, deed: Deed
) -> None:
    for before in deed.first:
        await do(world, before)
    await do(world, deed)
    known = await history(world)
    again = await do(world, deed)
    assert again["errors"] == []
    assert (again["event"] and again["event"]["type"]) == deed.twice
    assert len(await history(world)) == len(known) + (deed.twice is not None)


@every_deed
async def test_taken_back_everything_is_as_it_was(world: World, deed: Deed) -> None:
    for before in deed.first:
        await do(world, before)
    before_it = await state(world)
    event = (await do(world, deed))["event"]["id"]
    known = await history(world)
    answer = await world.data(mutation("undo"), {"input": {"eventId": event}}, by="bob")
    payload = answer["undo"]
    if deed.name == "recordView":
        assert [error["code"] for error in payload["errors"]] == ["CANNOT_UNDO"]
        return
    assert payload["errors"] == []
    assert payload["movie"]["viewerState"] == await state(world) == before_it
    again = (await world.data(mutation("undo"), {"input": {"eventId": event}}, by="bob"))["undo"]
    assert [(error["code"], error["path"]) for error in again["errors"]] == [
        ("CANNOT_UNDO", ["input", "eventId"])
    ]
    assert again["event"] is None
    if len(await history(world)) == len(known) + 1:  # an undo of one event can be taken back itself
        assert await undone(world, payload["event"]["id"]) == []
        assert await state(world) == {**NOTHING, **deed.changes}


async def undone(world: World, event: str, *, by: str | None = "bob") -> list[tuple[str, list[str]]]:
    """Return the code and path of each refusal of an undo."""
    payload = (await world.data(mutation("undo"), {"input": {"eventId": event}}, by=by))["undo"]
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def test_what_something_newer_replaced_is_not_taken_back_even_if_it_says_the_same(world: World) -> None:
    first = (await do(world, RATE))["event"]["id"]
    await do(world, RATE, stars=1)
    assert await undone(world, first) == [("CANNOT_UNDO", ["input", "eventId"])]
    await do(world, RATE)
    assert await undone(world, first) == [("CANNOT_UNDO", ["input", "eventId"])]
    assert (await state(world))["stars"] == 3.5


async def test_nobody_takes_back_what_is_anothers_or_never_was(world: World) -> None:
    event = (await do(world, RATE))["event"]["id"]
    unknown = [("UNKNOWN_EVENT", ["input", "eventId"])]
    assert await undone(world, event, by="alice") == unknown
    assert await undone(world, event, by="adam") == unknown
    assert await undone(world, "Event:999999") == unknown
    assert (await state(world))["stars"] == 3.5
    for bad in ("", "Event:", "Event:0", "Event:-1", "Event:x", FRESH, "Event:" + "9" * 30):
        answer = await world.ask(mutation("undo"), {"input": {"eventId": bad}}, by="bob")
        assert [(e["extensions"]["code"], e["path"]) for e in answer["errors"]] == [("BAD_ID", ["undo"])]


@pytest.mark.parametrize(
    ("deed", "code", "path"),
    [
        (Deed("rateMovie", {"stars": 0.25}), "INVALID_STARS", ["input", "stars"]),
        (Deed("rateMovie", {"stars": 0}), "INVALID_STARS", ["input", "stars"]),
        (Deed("rateMovie", {"stars": 6}), "INVALID_STARS", ["input", "stars"]),
        (Deed("rateMovie", {"stars": 5.5}), "INVALID_STARS", ["input", "stars"]),
        (Deed("rateMovie", {"stars": -1}), "INVALID_STARS", ["input", "stars"]),
        (Deed("rateMovie", {"stars": 1e308}), "INVALID_STARS", ["input", "stars"]),
        (Deed("rateMovie", {"stars": 5e-324}), "INVALID_STARS", ["input", "stars"]),
        (Deed("rateMovie"), "MISSING_VALUE", ["input", "stars"]),
        (Deed("reactToMovie"), "MISSING_VALUE", ["input", "reaction"]),
        (Deed("markWatched", {"stars": 3.3}), "INVALID_STARS", ["input", "stars"]),
        (Deed("markWatched", {"watchedOn": "1888-10-13"}), "INVALID_WATCHED_ON", ["input", "watchedOn"]),
        (Deed("markWatched", {"watchedOn": "9999-12-31"}), "INVALID_WATCHED_ON", ["input", "watchedOn"]),
        (Deed("setWatchlistPriority", {"priority": "LOW"}), "NOT_ON_WATCHLIST", ["input", "movieId"]),
        (Deed("addToWatchlist", first=(RATE,)), "ALREADY_RATED", ["input", "movieId"]),
        (Deed("addToWatchlist", first=(REACT,)), "ALREADY_RATED", ["input", "movieId"]),
    ],
    ids=lambda value: f"{value.name} {value.given}" if isinstance(value, Deed) else "",
)
async def test_a_rule_refuses_in_the_payload_and_records_nothing(
    world: World, deed: Deed, code: str, path: list[str]
) -> None:
    for before in deed.first:
        await do(world, before)
    known, was = await history(world), await state(world)
    payload = await do(world, deed)
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, path)]
    assert payload["errors"][0]["message"]
    assert payload["event"] is None
    assert payload["movie"]["viewerState"] == await state(world) == was
    assert await history(world) == known


async def test_a_day_that_has_begun_somewhere_on_earth_is_not_in_the_future(world: World) -> None:
    there = (datetime.now(UTC) + timedelta(hours=14)).date()
    watched = await do(world, Deed("markWatched", {"watchedOn": there.isoformat()}))
    assert watched["errors"] == []
    tomorrow = (there + timedelta(days=1)).isoformat()
    refused = await do(world, Deed("markWatched", {"watchedOn": tomorrow}))
    assert refused["errors"][0]["code"] == "INVALID_WATCHED_ON"
    today = await do(world, Deed("markWatched"))
    assert today["movie"]["viewerState"]["watchCount"] == 2


@every_deed
async def test_a_movie_that_there_is_not_is_refused_in_the_payload(shared: World, deed: Deed) -> None:
    given = {"input": {**deed.given, "movieId": f"Movie:{movie('nothing')}"}}
    payload = (await shared.data(mutation(deed.name), given, by="bob"))[deed.name]
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [
        ("UNKNOWN_MOVIE", ["input", "movieId"])
    ]
    assert (payload["event"], payload["movie"]) == (None, None)


@every_deed
async def test_a_stranger_and_a_malformed_id_are_refused_with_a_code(shared: World, deed: Deed) -> None:
    for by, bad, code in (
        (None, FRESH, "UNAUTHENTICATED"),
        ("bob", "nonsense", "BAD_ID"),
        ("bob", f"Genre:{movie('alien')}", "BAD_ID"),
        ("bob", "Movie:x", "BAD_ID"),
        ("bob", "", "BAD_ID"),
    ):
        answer = await shared.ask(mutation(deed.name), {"input": {**deed.given, "movieId": bad}}, by=by)
        assert answer["data"] is None
        assert [(e["extensions"]["code"], e["path"]) for e in answer["errors"]] == [(code, [deed.name])]


WRONG: dict[tuple[str, str], list[Any]] = {
    ("rateMovie", "stars"): ["3", True, [3], {}, float("inf"), float("nan")],
    ("reactToMovie", "reaction"): ["LOVE", 1, "like", True, {}, ["LIKE", "OK"]],
    ("addToWatchlist", "priority"): [None, "URGENT", 1],
    ("giveRecommendationFeedback", "type"): ["BORING", 1, "positive", True, {}, ["POSITIVE", "NEGATIVE"]],
    ("giveRecommendationFeedback", "comment"): [1, True, ["a", "b"], {}],
    ("markWatched", "watchedOn"): ["yesterday", 20240101, "2024-02-30", "2024-1-1", {}],
    ("favoriteMovie", "source"): ["IMPORT", "SYSTEM", "web", 1],
    ("favoriteMovie", "idempotencyKey"): [1, True, ["a"], {}],
    ("favoriteMovie", "movieId"): [None, 1.5, [], {}, True],
    ("favoriteMovie", "unknown"): [1],
}


@pytest.mark.parametrize(
    ("name", "given"),
    [(name, {field: value}) for (name, field), values in WRONG.items() for value in values],
    ids=str,
)
async def test_a_value_of_a_wrong_type_is_refused_with_a_code(shared: World, name: str, given: Any) -> None:
    answer = await shared.ask(mutation(name), {"input": {"movieId": FRESH, **given}}, by="bob")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    assert answer.get("data") is None


@pytest.mark.parametrize("given", [None, "x", [], 1])
async def test_an_input_that_is_none_is_refused_with_a_code(shared: World, given: Any) -> None:
    answer = await shared.ask(mutation("rateMovie"), {"input": given}, by="bob")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    with_default = mutation("rateMovie").replace(
        "RateMovieInput!", f'RateMovieInput = {{ movieId: "{FRESH}", stars: 1 }}'
    )
    refused = await shared.ask(with_default, {"input": None}, by="bob")
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("stars", ["1e400", "-1e400", "1" * 400])
async def test_a_number_without_end_is_refused_with_a_code(shared: World, stars: str) -> None:
    query = (
        f'mutation {{ rateMovie(input: {{ movieId: "{FRESH}", stars: {stars} }}) {{ errors {{ code }} }} }}'
    )
    answer = await shared.ask(query, by="bob")
    assert answer.get("data") is None
    assert {error["extensions"]["code"] for error in answer["errors"]} <= {
        "BAD_USER_INPUT",
        "GRAPHQL_VALIDATION_FAILED",
    }


async def test_where_a_person_was_is_recorded(world: World) -> None:
    assert (await do(world, FAVORITE))["event"]["source"] == "web"
    assert (await do(world, RATE, source=None))["event"]["source"] == "web"
    for source in ("WEB", "MOBILE", "EMAIL", "PUSH"):
        seen = await do(world, Deed("recordView"), source=source)
        assert seen["event"]["source"] == source.lower()
    with connect(world.conninfo) as conn:
        found = conn.execute("select source from events order by position desc limit 4").fetchall()
    assert [source for (source,) in found] == ["push", "email", "mobile", "web"]


# --- idempotency keys ---


async def test_a_key_said_again_gets_the_first_answer_and_records_nothing(world: World) -> None:
    seen = Deed("recordView")
    first = await do(world, seen, idempotencyKey="one")
    known = await history(world)
    assert await do(world, seen, idempotencyKey="one") == first
    assert await history(world) == known
    other = await do(world, seen, idempotencyKey="two")
    assert other["event"]["position"] > first["event"]["position"]
    assert (await do(world, seen, by="carol", idempotencyKey="one"))["event"]["position"] > other["event"][
        "position"
    ]


async def test_a_key_for_something_else_is_refused(world: World) -> None:
    await do(world, RATE, idempotencyKey="one")
    for deed in (FAVORITE, Deed("rateMovie", {"stars": 1}), Deed("rateMovie", {"stars": None})):
        payload = await do(world, deed, idempotencyKey="one")
        assert [(error["code"], error["path"]) for error in payload["errors"]] == [
            ("IDEMPOTENCY_KEY_REUSED", ["input", "idempotencyKey"])
        ]
    assert (await state(world))["stars"] == 3.5


async def test_a_key_sent_many_times_at_once_records_once(world: World) -> None:
    answers = await asyncio.gather(*(do(world, Deed("recordView"), idempotencyKey="same") for _ in range(40)))
    assert len({answer["event"]["id"] for answer in answers}) == 1
    assert (await history(world)).count("movie_viewed") == 2  # and one of the catalogue's own


async def test_a_key_that_changed_nothing_still_counts_as_used(world: World) -> None:
    await do(world, FAVORITE)
    said = await do(world, FAVORITE, idempotencyKey="one")
    assert (said["event"], said["errors"]) == (None, [])
    reused = await do(world, RATE, idempotencyKey="one")
    assert reused["errors"][0]["code"] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize("key", ["", "a\x00b", "x" * 201])
async def test_a_key_that_cannot_be_kept_is_refused_with_a_code(world: World, key: str) -> None:
    answer = await world.ask(
        mutation("rateMovie"), {"input": {"movieId": FRESH, "stars": 1, "idempotencyKey": key}}, by="bob"
    )
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert await state(world) == NOTHING


@pytest.mark.parametrize("key", ['"', "\\", "{}", "NULL", "a,b", "é🎈", " ", "\n", "'; --", "x" * 200])
async def test_a_key_may_hold_any_other_character(world: World, key: str) -> None:
    first = await do(world, Deed("recordView"), idempotencyKey=key)
    assert await do(world, Deed("recordView"), idempotencyKey=key) == first


async def test_an_undo_has_a_key_too(world: World) -> None:
    given = {"input": {"eventId": (await do(world, RATE))["event"]["id"], "idempotencyKey": "back"}}
    first = await world.data(mutation("undo"), given, by="bob")
    assert await world.data(mutation("undo"), given, by="bob") == first
    assert first["undo"]["errors"] == []


# --- several at once ---


async def test_fields_of_one_document_run_one_after_the_other(world: World) -> None:
    fields = "errors { code } event { position type } movie { viewerState { stars watchlist { priority } } }"
    query = f"""mutation ($id: ID!) {{
      __typename
      a: addToWatchlist(input: {{ movieId: $id, priority: LOW }}) {{ {fields} }}
      b: rateMovie(input: {{ movieId: $id, stars: 2 }}) {{ {fields} }}
      c: addToWatchlist(input: {{ movieId: $id }}) {{ {fields} }}
      d: rateMovie(input: {{ movieId: $id, stars: null }}) {{ {fields} }}
      e: addToWatchlist(input: {{ movieId: $id }}) {{ {fields} }}
    }}"""
    data = await world.data(query, {"id": FRESH}, by="bob")
    assert list(data) == ["__typename", "a", "b", "c", "d", "e"]
    assert data.pop("__typename") == "Mutation"
    states = [
        (payload["movie"]["viewerState"]["stars"], payload["movie"]["viewerState"]["watchlist"])
        for payload in data.values()
    ]
    assert states == [
        (None, {"priority": "LOW"}),
        (2, None),
        (2, None),
        (None, None),
        (None, {"priority": "MEDIUM"}),
    ]
    assert [error["code"] for error in data["c"]["errors"]] == ["ALREADY_RATED"]
    positions = [payload["event"]["position"] for payload in data.values() if payload["event"]]
    assert positions == sorted(positions)


async def test_a_failing_field_ends_the_document_and_what_was_done_before_stays(world: World) -> None:
    query = f"""mutation {{
      a: rateMovie(input: {{ movieId: "{FRESH}", stars: 2 }}) {{ errors {{ code }} }}
      b: rateMovie(input: {{ movieId: "x", stars: 3 }}) {{ errors {{ code }} }}
      c: rateMovie(input: {{ movieId: "{FRESH}", stars: 4 }}) {{ errors {{ code }} }}
    }}"""
    answer = await world.ask(query, by="bob")
    assert answer["data"] is None
    assert [(e["extensions"]["code"], e["path"]) for e in answer["errors"]] == [("BAD_ID", ["b"])]
    assert (await state(world))["stars"] == 2


async def test_fragments_directives_and_nested_lists_work_in_payloads(world: World) -> None:
    query = """mutation ($input: RateMovieInput!, $no: Boolean = false, $after: String) {
      rateMovie(input: $input) { __typename ...P event @include(if: $no) { id } }
    }
    fragment P on MutationPayload { errors { code } ... on InteractionPayload { movie { similar(first: 2, after: $after) {
      nodes { title } totalCount } } ... on RateMoviePayload { event @skip(if: $no) { type movie { title } } } } }"""
    alien = {"input": {"movieId": f"Movie:{movie('alien')}", "stars": 1}}
    assert await world.data(query, alien, by="carol") == {
        "rateMovie": {
            "__typename": "RateMoviePayload",
            "errors": [],
            "movie": {"similar": {"nodes": [{"title": "The Thing"}] * 2, "totalCount": 7}},
            "event": {"type": "movie_rated", "movie": {"title": "Alien"}},
        }
    }
    bad = await world.ask(query, {**alien, "after": "x"}, by="carol")
    assert bad["data"]["rateMovie"]["movie"] == {"similar": None}
    assert [(e["extensions"]["code"], e["path"]) for e in bad["errors"]] == [
        ("BAD_CURSOR", ["rateMovie", "movie", "similar"])
    ]


async def test_many_people_at_once_lose_nothing_and_leave_true_tables(world: World) -> None:
    deeds = [REACT, RATE, FAVORITE, WATCHLIST, DISMISS, Deed("recordView"), Deed("unfavoriteMovie")]
    people = ("alice", "bob", "carol", "ann")
    answers = await asyncio.gather(
        *(
            do(world, deed, by=by, movieId=f"Movie:{movie(key)}")
            for key in ("heat", "stub")
            for by in people
            for deed in deeds
        )
    )
    recorded = [answer["event"]["position"] for answer in answers if answer["event"]]
    assert len(set(recorded)) == len(recorded)
    with connect(world.conninfo) as conn:
        kept = {position for (position,) in conn.execute("select position from events").fetchall()}
        wrong = [found for name, p in projections().items() if p.inline for found in verify(conn, name)]
    assert set(recorded) <= kept
    assert wrong == []


async def test_a_rebuild_is_asked_for_once_and_can_be_seen(world: World) -> None:
    query = """mutation ($name: String!) {
      rebuildProjection(input: { name: $name }) { errors { code path } projection { name status progress } }
    }"""
    for _ in range(2):
        data = await world.data(query, {"name": "watchlist"}, by="olga")
        assert data["rebuildProjection"] == {
            "errors": [],
            "projection": {"name": "watchlist", "status": "REBUILDING", "progress": {"step": "requested"}},
        }
    for unknown in ("", "nothing", "\x00", "users"):
        data = await world.data(query, {"name": unknown}, by="olga")
        assert data["rebuildProjection"] == {
            "errors": [{"code": "UNKNOWN_PROJECTION", "path": ["input", "name"]}],
            "projection": None,
        }
