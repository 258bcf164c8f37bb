"""What people choose to be told of, and what they were sent, over GraphQL."""

from __future__ import annotations

from typing import Any

import pytest

from tests.notifications.office import MONDAY, office
from tests.notifications.post import post_office
from tests.world import World

FIELDS = """weeklyDigest recommendationAlerts trendingAlerts pushRecommendations pushTrending
digestDay digestTime timeZone openTracking clickTracking"""
DEFAULTS = {
    "weeklyDigest": True,
    "recommendationAlerts": True,
    "trendingAlerts": False,
    "pushRecommendations": True,
    "pushTrending": False,
    "digestDay": 1,
    "digestTime": "09:00",
    "timeZone": "UTC",
    "openTracking": False,
    "clickTracking": False,
}
SET = f"""mutation ($i: SetNotificationPreferencesInput!) {{ setNotificationPreferences(input: $i) {{
  errors {{ code path }} viewer {{ notificationPreferences {{ {FIELDS} }} }} }} }}"""
SEEN = """{ viewer { notifications(first: 10) { totalCount nodes {
  kind channel status subject period sentAt failure } } } }"""


async def choose(world: World, **given: Any) -> Any:
    return (await world.data(SET, {"i": given}, by="alice"))["setNotificationPreferences"]


async def chosen(world: World, by: str = "alice") -> Any:
    answer = await world.data(f"{{ viewer {{ notificationPreferences {{ {FIELDS} }} }} }}", by=by)
    return answer["viewer"]["notificationPreferences"]


async def test_k70_k73_preferences_are_kept_and_null_is_the_default_again(world: World) -> None:
    assert await chosen(world) == DEFAULTS
    other = {
        "weeklyDigest": False,
        "recommendationAlerts": False,
        "trendingAlerts": True,
        "pushRecommendations": False,
        "pushTrending": True,
        "digestDay": 7,
        "digestTime": "23:59",
        "timeZone": "Asia/Kolkata",
        "openTracking": True,
        "clickTracking": True,
    }
    kept = await choose(world, **other)
    assert (kept["errors"], kept["viewer"]["notificationPreferences"]) == ([], other)
    kept = await choose(world, digestDay=2)
    assert kept["viewer"]["notificationPreferences"] == {**other, "digestDay": 2}
    kept = await choose(world, **dict.fromkeys(other))
    assert kept["viewer"]["notificationPreferences"] == DEFAULTS
    assert await chosen(world, "bob") == DEFAULTS


async def test_the_zone_is_the_profiles_until_another_is_chosen(world: World) -> None:
    update = 'mutation { updateProfile(input: {timeZone: "Europe/Oslo"}) { errors { code } } }'
    await world.data(update, by="alice")
    assert (await chosen(world))["timeZone"] == "Europe/Oslo"
    await choose(world, timeZone="Asia/Tokyo")
    assert (await chosen(world))["timeZone"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"digestDay": 0}, "INVALID_DIGEST_DAY"),
        ({"digestDay": 8}, "INVALID_DIGEST_DAY"),
        ({"digestTime": "24:00"}, "INVALID_DIGEST_TIME"),
        ({"digestTime": "9:00"}, "INVALID_DIGEST_TIME"),
        ({"digestTime": "09:00:00"}, "INVALID_DIGEST_TIME"),
        ({"digestTime": "09:00\n"}, "INVALID_DIGEST_TIME"),
        ({"timeZone": "Europe/Atlantis"}, "INVALID_TIME_ZONE"),
        ({"timeZone": ""}, "INVALID_TIME_ZONE"),
    ],
)
async def test_a_value_that_is_wrong_is_named_and_nothing_changes(
    world: World, given: dict[str, Any], code: str
) -> None:
    refused = await choose(world, weeklyDigest=False, **given)
    assert refused["errors"] == [{"code": code, "path": ["input", *given]}]
    assert await chosen(world) == DEFAULTS


async def test_every_wrong_value_is_named(world: World) -> None:
    refused = await choose(world, digestDay=9, digestTime="x", timeZone="y")
    assert len(refused["errors"]) == 3


async def test_strangers_have_no_preferences(world: World) -> None:
    answer = await world.ask(SET, {"i": {"weeklyDigest": False}})
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_k71_people_see_what_they_were_sent_and_nobody_elses(world: World) -> None:
    async with (
        post_office() as post,
        office(world.conninfo, post, filled=False) as worker,
    ):
        worker.only("alice", "bob")
        await worker.plan()
        await worker.day(MONDAY)
    for name in ("alice", "bob"):
        seen = (await world.data(SEEN, by=name))["viewer"]["notifications"]
        assert seen["totalCount"] == 1
        (node,) = seen["nodes"]
        assert node.pop("sentAt") is not None
        assert node.pop("subject").startswith("Your week in movies: ")
        assert node == {
            "kind": "WEEKLY_DIGEST",
            "channel": "EMAIL",
            "status": "SENT",
            "period": "2024-03-11",
            "failure": None,
        }
    assert (await world.data(SEEN, by="carol"))["viewer"]["notifications"]["totalCount"] == 0
