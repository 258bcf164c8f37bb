"""The diary: viewings with their days, put on another day, taken out, taken back; and the years."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from database.connect import connect
from projections.verify import verify
from tests.catalogue import movie, person
from tests.projections.filling import fold_inline_anew
from tests.world import World

ALIEN, HEAT, UNBORN = (f"Movie:{movie(key)}" for key in ("alien", "heat", "unborn"))
ENTRY = "viewingId watchedOn isRewatch stars reaction node { title }"


def mutation(name: str) -> str:
    return f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{
      errors {{ code path }} event {{ id type data }} movie {{ viewerState {{ watchCount lastWatchedOn }} }} }} }}"""


async def say(world: World, name: str, by: str | None = "bob", **given: Any) -> Any:
    return (await world.data(mutation(name), {"input": given}, by=by))[name]


async def watched(world: World, film: str, day: str, **given: Any) -> str:
    """Put a viewing into bob's diary and return its id."""
    payload = await say(world, "markWatched", movieId=film, watchedOn=day, **given)
    assert payload["errors"] == []
    return f"Viewing:{payload['event']['data']['viewing_id']}"


async def diary(world: World, by: str | None = "bob", arguments: str = "(first: 100)") -> list[Any]:
    data = await world.data(
        f"{{ viewer {{ diary{arguments} {{ edges {{ {ENTRY} }} totalCount }} }} }}", by=by
    )
    found = data["viewer"]["diary"]
    assert found["totalCount"] == len(found["edges"])
    return list(found["edges"])


async def test_k92_a_diary_has_each_viewing_with_what_was_thought_of_it_then(world: World) -> None:
    second = await watched(world, ALIEN, "2023-05-01", stars=5)
    first = await watched(world, ALIEN, "2020-02-29", stars=2.5, reaction="OK")
    other = await watched(world, HEAT, "2023-05-01")
    assert await diary(world) == [
        {
            "viewingId": other,
            "watchedOn": "2023-05-01",
            "isRewatch": False,
            "stars": None,
            "reaction": None,
            "node": {"title": "Heat"},
        },
        {
            "viewingId": second,
            "watchedOn": "2023-05-01",
            "isRewatch": True,
            "stars": 5,
            "reaction": None,
            "node": {"title": "Alien"},
        },
        {
            "viewingId": first,
            "watchedOn": "2020-02-29",
            "isRewatch": False,
            "stars": 2.5,
            "reaction": "OK",
            "node": {"title": "Alien"},
        },
    ]
    assert [entry["viewingId"] for entry in await diary(world, arguments="(year: 2020)")] == [first]
    assert [entry["viewingId"] for entry in await diary(world, arguments="(year: 2023, month: 5)")] == [
        other,
        second,
    ]
    assert await diary(world, arguments="(year: 2023, month: 4)") == []
    assert [e["viewingId"] for e in await diary(world, arguments=f'(movieId: "{HEAT}")')] == [other]
    assert await diary(world, "carol") == []


@pytest.mark.parametrize(
    ("arguments", "is_fine"),
    [
        ("(year: 1888)", True),
        ("(year: 1887)", False),
        ("(year: 9998)", True),
        ("(year: 9999)", False),
        ("(year: -1)", False),
        ("(month: 1)", True),
        ("(month: 0)", False),
        ("(month: 12)", True),
        ("(month: 13)", False),
        ("(year: null, month: null)", True),
    ],
)
async def test_years_and_months_that_there_are_not_are_refused(
    world: World, arguments: str, is_fine: bool
) -> None:
    answer = await world.ask(f"{{ viewer {{ diary{arguments} {{ totalCount }} }} }}", by="bob")
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert codes == ([] if is_fine else ["BAD_USER_INPUT"])


async def test_k92_a_year_is_summed_up(world: World) -> None:
    for day in ("2023-01-01", "2023-12-31", "2022-12-31"):
        await watched(world, ALIEN, day)
    await watched(world, UNBORN, "2023-06-01")
    query = "{ viewer { diaryYears { year watchCount movieCount rewatchCount hours unknownRuntimeCount } } }"
    assert (await world.data(query, by="bob"))["viewer"]["diaryYears"] == [
        {
            "year": 2023,
            "watchCount": 3,
            "movieCount": 2,
            "rewatchCount": 1,
            "hours": 3.0,
            "unknownRuntimeCount": 1,
        },
        {
            "year": 2022,
            "watchCount": 1,
            "movieCount": 1,
            "rewatchCount": 0,
            "hours": 1.5,
            "unknownRuntimeCount": 0,
        },
    ]
    assert (await world.data(query, by="carol"))["viewer"]["diaryYears"] == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])  # never the same day
async def test_without_a_day_it_is_the_day_where_the_person_lives(world: World, zone: str) -> None:
    with connect(world.conninfo) as conn:
        conn.execute("insert into profiles (user_id, time_zone) values (%s, %s)", (person("bob"), zone))
    before = datetime.now(ZoneInfo(zone)).date()
    payload = await say(world, "markWatched", movieId=ALIEN)
    after = datetime.now(ZoneInfo(zone)).date()
    day = date.fromisoformat(payload["movie"]["viewerState"]["lastWatchedOn"])
    assert before <= day <= after


async def test_a_viewing_is_put_on_another_day_and_that_can_be_taken_back(world: World) -> None:
    viewing = await watched(world, ALIEN, "2023-05-01", stars=4, reaction="LIKE")
    before = await diary(world)
    changed = await say(world, "changeViewing", viewingId=viewing, watchedOn="2023-05-02")
    assert changed["errors"] == []
    assert changed["movie"]["viewerState"]["lastWatchedOn"] == "2023-05-02"
    assert changed["movie"]["viewerState"]["watchCount"] == 1
    (entry,) = await diary(world)
    assert (entry["watchedOn"], entry["stars"], entry["reaction"]) == ("2023-05-02", 4, "LIKE")
    assert (await say(world, "undo", eventId=changed["event"]["id"]))["errors"] == []
    assert await diary(world) == before


async def test_a_viewing_is_taken_out_and_that_can_be_taken_back(world: World) -> None:
    viewing = await watched(world, ALIEN, "2023-05-01", stars=4)
    other = await watched(world, ALIEN, "2023-05-01")
    before = await diary(world)
    deleted = await say(world, "deleteViewing", viewingId=viewing)
    assert deleted["movie"]["viewerState"]["watchCount"] == 1
    assert [entry["viewingId"] for entry in await diary(world)] == [other]
    assert (await say(world, "undo", eventId=deleted["event"]["id"]))["errors"] == []
    again = await diary(world)
    assert sorted(again, key=str) == sorted(
        [{**entry, "isRewatch": entry["viewingId"] == viewing} for entry in before], key=str
    )


@pytest.mark.parametrize("name", ["changeViewing", "deleteViewing"])
async def test_nobody_touches_the_diary_of_another(world: World, name: str) -> None:
    viewing = await watched(world, ALIEN, "2023-05-01")
    day = {"watchedOn": "2023-05-02"} if name == "changeViewing" else {}
    before = await diary(world)
    for by in ("carol", "adam"):
        payload = await say(world, name, by, viewingId=viewing, **day)
        assert [(error["code"], error["path"]) for error in payload["errors"]] == [
            ("NO_VIEWING", ["input", "viewingId"])
        ]
    assert await diary(world) == before
    stranger = await world.ask(mutation(name), {"input": {"viewingId": viewing, **day}})
    assert [error["extensions"]["code"] for error in stranger["errors"]] == ["UNAUTHENTICATED"]
    for bad in ("x", "Viewing:x", ALIEN):
        answer = await world.ask(mutation(name), {"input": {"viewingId": bad, **day}}, by="bob")
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_ID"]


async def test_a_day_that_cannot_be_is_refused_and_a_viewing_that_is_gone_too(world: World) -> None:
    viewing = await watched(world, ALIEN, "2023-05-01")
    for day in ("9999-12-31", "1888-10-13"):
        payload = await say(world, "changeViewing", viewingId=viewing, watchedOn=day)
        assert [error["code"] for error in payload["errors"]] == ["INVALID_WATCHED_ON"]
    await say(world, "deleteViewing", viewingId=viewing)
    gone: dict[str, dict[str, str]] = {"deleteViewing": {}, "changeViewing": {"watchedOn": "2023-05-02"}}
    for name, given in gone.items():
        payload = await say(world, name, viewingId=viewing, **given)
        assert [error["code"] for error in payload["errors"]] == ["NO_VIEWING"]


async def test_viewings_that_version_1_recorded_are_in_the_diary_and_can_be_taken_out(world: World) -> None:
    """Their id is that of the event, and what took one back was caused by it."""
    with connect(world.conninfo) as conn:
        ids = [
            row[0] for row in conn.execute("select gen_random_uuid() from generate_series(1, 3)").fetchall()
        ]
        for n, (event_id, kind, cause) in enumerate(
            [
                (ids[0], "movie_watched", None),
                (ids[1], "movie_watched", None),
                (ids[2], "watch_retracted", ids[0]),
            ]
        ):
            conn.execute(
                """
                insert into events (event_id, type, user_id, movie_id, correlation_id, causation_id, data)
                values (%s, %s, %s, %s, gen_random_uuid(), %s,
                        jsonb_build_object('watched_on', '2019-03-04', 'times', %s::int, 'last_watched_on', '2019-03-04',
                                           'status', 'SEEN'))""",
                (event_id, kind, person("bob"), movie("heat"), cause, (1, 2, 1)[n]),
            )
        fold_inline_anew(conn)
        assert verify(conn, "diary") == []
    (entry,) = await diary(world)
    assert entry["viewingId"] == f"Viewing:{ids[1]}"
    assert (await say(world, "deleteViewing", viewingId=entry["viewingId"]))["errors"] == []
    assert await diary(world) == []
    with connect(world.conninfo) as conn:
        assert verify(conn, "diary") == []


@pytest.mark.parametrize(
    "day", ["20240301", "2024-W09-5", "2024-3-1", "2024-02-30", " 2024-03-01", "", 20240301]
)
async def test_a_day_is_written_in_one_way(world: World, day: object) -> None:
    given = {"movieId": ALIEN, "watchedOn": day}
    answer = await world.ask(mutation("markWatched"), {"input": given}, by="bob")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
