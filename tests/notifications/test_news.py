"""A digest tells what people did whom one follows, as far as they show it when it goes out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from database.connect import connect
from projections.follow import catch_up
from tests.app.serving import Served, serving
from tests.catalogue import movie
from tests.notifications.office import HOUR, Office
from tests.notifications.post import Post
from tests.notifications.test_digests import part

ALIEN, HEAT = f"Movie:{movie('alien')}", f"Movie:{movie('heat')}"


class Circle:
    """Ann, who gets digests, and Ben, whom she follows."""

    def __init__(self, office: Office, post: Post, served: Served) -> None:
        self.office, self.post, self.served = office, post, served
        self.later = timedelta()
        self.trends = True
        self.tokens: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    async def sign_up(self, *names: str) -> None:
        for name in names:
            self.tokens[name] = await self.served.sign_up(name)
            viewer = (await self.served.ask("{ viewer { id } }", token=self.tokens[name]))["data"]["viewer"]
            self.ids[name] = viewer["id"]

    async def say(self, who: str, name: str, selection: str = "", **given: Any) -> Any:
        kind = f"{name[0].upper()}{name[1:]}Input!"
        document = f"mutation ($i: {kind}) {{ {name}(input: $i) {{ errors {{ code }} {selection} }} }}"
        answer = await self.served.ask(document, token=self.tokens[who], variables={"i": given})
        payload = answer["data"][name]
        assert payload["errors"] == []
        return payload

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    async def make(self) -> None:
        """Make the digest that is due this hour."""
        with connect(self.office.conninfo) as conn:
            catch_up(conn)
        if not self.trends:
            self.office.rows("delete from trending")
        self.office.rows("delete from notification_rounds")
        await self.office.plan(self.now - timedelta(days=1))
        await self.office.make(self.now)

    async def news(self) -> list[str]:
        """Make it and send it, and return its news."""
        await self.make()
        return await self.sent()

    async def sent(self) -> list[str]:
        """Send what was made, and return its news."""
        self.post.messages.clear()
        await self.office.send(self.now)
        if not self.post.messages:
            return []
        (mail,) = self.post.messages
        _, _, rest = "\n".join(part(mail, "plain").splitlines()).partition("From people you follow\n\n")
        return [line[2:] for line in rest.partition("\n\n")[0].splitlines() if line.startswith("- ")]


@pytest.fixture
async def circle(worker: Office, post: Post) -> AsyncIterator[Circle]:
    async with serving(worker.conninfo, filled=False, sign_ups_per_address=100) as served:
        found = Circle(worker, post, served)
        await found.sign_up("annabel", "benjamin")
        worker.rows("update users set deactivated_at = now() where username = 'alice'")
        day, at = found.now.isoweekday(), found.now.strftime("%H:00")
        await found.say("annabel", "setNotificationPreferences", digestDay=day, digestTime=at)
        await found.say(
            "benjamin", "setNotificationPreferences", weeklyDigest=False, recommendationAlerts=False
        )
        await found.say("benjamin", "setPrivacy", privacy="PUBLIC")
        await found.say("annabel", "followUser", userId=found.ids["benjamin"])
        yield found


async def test_it_tells_of_reviews_viewings_and_lists(circle: Circle) -> None:
    await circle.say("benjamin", "writeReview", movieId=ALIEN, text="Loud and secret.", audience="FOLLOWERS")
    await circle.say("benjamin", "markWatched", movieId=HEAT, stars=4.5)
    await circle.say("benjamin", "createList", title="Of an\nevening", visibility="PUBLIC")
    assert await circle.news() == [
        "benjamin made the list Of an evening",
        "benjamin watched Heat: 4.5 of 5 stars (1995)",
        "benjamin reviewed Alien (1979)",
    ]
    (mail,) = circle.post.messages
    assert circle.post.to[-1] == "annabel@example.org"
    assert f"https://movies.example/movies/{movie('alien')}" in part(mail, "html")
    assert "secret" not in mail.as_string()


async def test_what_is_not_shown_to_followers_is_no_news(circle: Circle) -> None:
    await circle.say("benjamin", "writeReview", movieId=ALIEN, text="Mine.", audience="PRIVATE")
    await circle.say("benjamin", "createList", title="Mine", visibility="PRIVATE")
    await circle.say("benjamin", "createList", title="By link", visibility="UNLISTED")
    await circle.say("benjamin", "rateMovie", movieId=HEAT, stars=1)
    assert await circle.news() == []


async def test_what_strangers_do_is_no_news(circle: Circle) -> None:
    await circle.sign_up("caroline")
    await circle.say("caroline", "setPrivacy", privacy="PUBLIC")
    await circle.say("caroline", "writeReview", movieId=ALIEN, text="Loud.", audience="PUBLIC")
    assert await circle.news() == []


async def take_back(circle: Circle) -> None:
    await circle.say("benjamin", "deleteReview", movieId=ALIEN)


async def hide(circle: Circle) -> None:
    await circle.say("benjamin", "writeReview", movieId=ALIEN, text="Loud.", audience="PRIVATE")


async def deactivate(circle: Circle) -> None:
    await circle.say("benjamin", "deactivateAccount", password="a fish called benjamin")


async def unfollow(circle: Circle) -> None:
    await circle.say("annabel", "unfollowUser", userId=circle.ids["benjamin"])


@pytest.mark.parametrize("change", [take_back, hide, deactivate, unfollow])
async def test_what_does_not_hold_when_it_goes_out_is_left_out(
    circle: Circle, change: Callable[[Circle], Awaitable[None]]
) -> None:
    await circle.say("benjamin", "writeReview", movieId=ALIEN, text="Loud.", audience="FOLLOWERS")
    await circle.make()
    await change(circle)
    assert await circle.sent() == []
    assert len(circle.post.messages) == 1  # with what is trending


async def test_a_digest_may_have_news_only(circle: Circle) -> None:
    await circle.say("benjamin", "writeReview", movieId=ALIEN, text="Loud.", audience="FOLLOWERS")
    circle.trends = False
    assert await circle.news() == ["benjamin reviewed Alien (1979)"]
    assert circle.post.messages[0]["subject"] == "Your week in movies: news from people you follow"
    subjects = "{ viewer { notifications { nodes { subject } } } }"
    viewer = (await circle.served.ask(subjects, token=circle.tokens["annabel"]))["data"]["viewer"]
    assert viewer["notifications"]["nodes"] == [{"subject": circle.post.messages[0]["subject"]}]


async def test_a_digest_of_which_nothing_is_left_is_not_sent(circle: Circle) -> None:
    await circle.say("benjamin", "writeReview", movieId=ALIEN, text="Loud.", audience="FOLLOWERS")
    circle.trends = False
    await circle.make()
    await take_back(circle)
    assert await circle.sent() == []
    assert circle.post.messages == []
    assert circle.office.rows("select status, failure from notifications") == [("FAILED", "NOTHING_LEFT")]


async def test_each_thing_is_news_once(circle: Circle) -> None:
    await circle.say("benjamin", "writeReview", movieId=ALIEN, text="Loud.", audience="FOLLOWERS")
    assert await circle.news() == ["benjamin reviewed Alien (1979)"]
    circle.later = timedelta(days=7)
    assert await circle.news() == []


async def test_a_first_digest_goes_back_a_week(circle: Circle) -> None:
    await circle.say("benjamin", "writeReview", movieId=ALIEN, text="Loud.", audience="FOLLOWERS")
    await circle.say("benjamin", "markWatched", movieId=HEAT)
    with connect(circle.office.conninfo) as conn:
        catch_up(conn)
    ago = "update activities set occurred_at = %s where type = %s"
    circle.office.rows(ago, circle.now - timedelta(days=7), "review_written")
    circle.office.rows(ago, circle.now - timedelta(days=7) + HOUR, "movie_watched")
    assert await circle.news() == ["benjamin watched Heat (1995)"]


async def test_nobody_fills_a_digest_alone(circle: Circle) -> None:
    await circle.sign_up("caroline")
    await circle.say("caroline", "setPrivacy", privacy="PUBLIC")
    await circle.say("caroline", "setNotificationPreferences", weeklyDigest=False, recommendationAlerts=False)
    await circle.say("annabel", "followUser", userId=circle.ids["caroline"])
    await circle.say("caroline", "markWatched", movieId=ALIEN)
    for key in ("alien", "thing", "heat", "fargo", "amelie", "toy-story"):
        await circle.say("benjamin", "markWatched", movieId=f"Movie:{movie(key)}")
    told = await circle.news()
    assert len(told) == 5
    assert "caroline watched Alien (1979)" in told[:2]
