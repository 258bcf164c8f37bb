"""`PROJECTIONIST_WATCHLIST_ON_RATE`, through the whole server."""

from __future__ import annotations

from typing import Any

import pytest

from app.settings import Settings
from events.watchlist import OnRate
from tests.app.serving import serving
from tests.imports.exports import film, letterboxd
from tests.imports.test_over_http import previewed, shelf, told
from tests.privacy.test_over_http import HEAT, Person
from tests.world import access_token

pytestmark = pytest.mark.usefixtures("catalogue_template")

RATINGS: list[tuple[str, dict[str, Any]]] = [
    ("rateMovie", {"stars": 4.5}),
    ("reactToMovie", {"reaction": "DISLIKE"}),
    ("writeReview", {"text": "Loud.", "stars": 4.5}),
]
STATE = "stars reaction status watchlist { priority } review { text }"


async def state(person: Person) -> dict[str, Any]:
    query = f'{{ movie(by: {{ id: "{HEAT}" }}) {{ viewerState {{ {STATE} }} }} }}'
    found: dict[str, Any] = (await person.ask(query))["movie"]["viewerState"]
    return found


def test_k48_the_environment_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().watchlist_on_rate is OnRate.REMOVE
    monkeypatch.setenv("PROJECTIONIST_WATCHLIST_ON_RATE", "reject")
    assert Settings().watchlist_on_rate is OnRate.REJECT


@pytest.mark.parametrize("on_rate", OnRate)
async def test_k48_rating_what_is_listed_takes_it_off_or_is_refused(conninfo: str, on_rate: OnRate) -> None:
    async with serving(conninfo, watchlist_on_rate=on_rate) as served:
        person = Person(served, await served.sign_up("wanda"))
        for name, given in RATINGS:
            await person.does("addToWatchlist", movieId=HEAT, priority="HIGH")
            listed = await state(person)
            payload = await person.say(name, "event { id }", movieId=HEAT, **given)
            if on_rate is OnRate.REJECT:
                assert payload == {"errors": [{"code": "ON_WATCHLIST"}], "event": None}
                assert await state(person) == listed
            else:
                assert (payload["errors"], (await state(person))["watchlist"]) == ([], None)
                await person.does("undo", eventId=payload["event"]["id"])
                assert (await state(person))["watchlist"] == {"priority": "HIGH"}
            await person.does("removeFromWatchlist", movieId=HEAT)


async def test_k48_k49_where_ratings_are_refused_one_can_watch_or_take_it_off_first(conninfo: str) -> None:
    async with serving(conninfo, watchlist_on_rate=OnRate.REJECT) as served:
        person = Person(served, await served.sign_up("wanda"))
        await person.does("addToWatchlist", movieId=HEAT)
        watched = await person.does("markWatched", "event { id }", movieId=HEAT, stars=4, reaction="LIKE")
        held = await state(person)
        assert (held["stars"], held["reaction"], held["watchlist"]) == (4, "LIKE", None)
        await person.does("undo", eventId=watched["event"]["id"])
        assert (await state(person))["watchlist"] == {"priority": "MEDIUM"}
        await person.does("removeFromWatchlist", movieId=HEAT)
        rated = await person.does("rateMovie", "event { id }", movieId=HEAT, stars=2)
        cleared = await person.does("undo", "event { id }", eventId=rated["event"]["id"])
        await person.does("addToWatchlist", movieId=HEAT)
        again = await person.say("undo", "event { id }", eventId=cleared["event"]["id"])
        assert again == {"errors": [{"code": "ON_WATCHLIST"}], "event": None}


async def test_k48_an_import_that_was_previewed_takes_off_what_it_rates_where_rating_is_refused(
    conninfo: str,
) -> None:
    async with serving(conninfo, watchlist_on_rate=OnRate.REJECT) as served:
        bob = Person(served, access_token("bob"))
        await bob.does("removeFromWatchlist", movieId=HEAT)
        await bob.does("rateMovie", movieId=HEAT, stars=None)
        await bob.does("reactToMovie", movieId=HEAT, reaction=None)
        await bob.does("addToWatchlist", movieId=HEAT)
        key, preview = await previewed(
            served, letterboxd(ratings=[(*film("2020-01-05", "Heat", 1995, "h"), 4)])
        )
        (entry,) = preview["entries"]["nodes"]
        assert (entry["outcome"], entry["leavesWatchlist"]) == ("NEW", True)
        assert await told(served, "confirm", key) == "IMPORTED"
        after = await shelf(served)
        assert "Heat" not in [edge["node"]["title"] for edge in after["watchlist"]["edges"]]
        assert {"title": "Heat", "viewerState": {"reaction": None, "stars": 4}} in after["ratings"]["nodes"]
