"""Slates: their pages, what the log knows of them, what was opened of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from app import ahead
from database.connect import connect
from projections.follow import catch_up
from tests.app.serving import Served, codes, serving
from tests.recommendations.conftest import Newcomer, becomes, serves
from tests.recommendations.tastes import (
    Person,
    titles,
)
from tests.waiting import SOON_S


async def test_pages_are_of_one_slate_while_the_person_acts(newcomer: Newcomer) -> None:
    person = await newcomer("paula")
    await person.react("Comedy", 4, 8)
    whole = await person.recommended(first=100)
    seen: list[str] = []
    after = None
    for number in (10, 20, 30, None):
        page = await person.recommended(first=20, after=after)
        assert page["slateId"] == whole["slateId"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        seen += titles(page)
        after = page["pageInfo"]["endCursor"]
        if number:
            await person.react("Horror", number)
    acted = {"Horror 10", "Horror 20", "Horror 30"}
    assert [title for title in seen if title not in acted] == [
        title for title in titles(whole) if title not in acted
    ]
    assert page["pageInfo"]["hasNextPage"] is False
    assert (await person.recommended(first=20))["slateId"] != whole["slateId"]


async def test_a_cursor_of_somebody_else_or_of_a_slate_that_is_gone_begins_a_slate_of_ones_own(
    newcomer: Newcomer,
) -> None:
    one, other = await newcomer("olga1"), await newcomer("otto")
    await one.react("Comedy", 6)
    theirs = await one.recommended(first=10)
    page = await other.recommended(first=10, after=theirs["pageInfo"]["endCursor"])
    assert page["slateId"] not in (None, theirs["slateId"])
    mine = await other.recommended(first=30)
    assert mine["slateId"] == page["slateId"]
    assert titles(page)[-5:] == titles(mine)[14:19] or titles(page)[-5:] == titles(mine)[15:20]


SERVED = "select data from events where type = 'recommendations_served' and user_id = %s order by position"


async def test_the_log_knows_what_was_shown_and_only_that_and_once(newcomer: Newcomer, database: str) -> None:
    person = await newcomer("lola")
    me = (await person.ask("{ viewer { id } }"))["viewer"]["id"].partition(":")[2]
    unseen = "{ viewer { recommendations { slateId totalCount } } }"
    await person.ask(unseen)
    first = await person.recommended(first=10)
    again = await person.recommended(first=30)

    with connect(database) as conn:

        def facts() -> list[dict[str, Any]]:
            return [data for (data,) in conn.execute(SERVED, (me,))]

        await becomes(lambda: sum(len(fact["movie_ids"]) for fact in facts()) >= 30)
        found = facts()
    assert {fact["slate_id"] for fact in found} == {first["slateId"]} == {again["slateId"]}
    assert [fact["first_rank"] for fact in found] == [1, 11]
    assert [movie for fact in found for movie in fact["movie_ids"]] == [
        edge["node"]["id"].partition(":")[2] for edge in again["edges"]
    ]
    assert {fact["algorithm"] for fact in found} == {"BLEND"}
    assert all(fact["model_id"] for fact in found)
    scores = [score for fact in found for score in fact["scores"]]
    assert scores == pytest.approx([edge["score"] for edge in again["edges"]], rel=1e-5)


CLICK = """mutation ($movie: ID!, $slate: ID!) {
  clickRecommendation(input: { movieId: $movie, slateId: $slate }) { errors { code } event { type } }
}"""
METRICS = """query ($id: ID!) { node(id: $id) { ... on Movie { dailyMetrics(first: 1) { nodes {
  recommendationCount clickCount clickThroughRate } } } } }"""


async def test_k62_k65_clicks_raise_the_click_through_rate(newcomer: Newcomer, database: str) -> None:
    ann, ben = await newcomer("anna"), await newcomer("bert")
    shown = [await person.recommended(first=1, filter={"originalLanguage": "fr"}) for person in (ann, ben)]
    clicked = shown[0]["edges"][0]["node"]["id"]
    click = {"movie": clicked, "slate": shown[0]["slateId"]}
    done = (await ann.ask(CLICK, **click))["clickRecommendation"]
    assert done == {"errors": [], "event": {"type": "recommendation_clicked"}}
    assert (await ann.ask(CLICK, **click))["clickRecommendation"] == {"errors": [], "event": None}

    async def metrics() -> Any:
        with connect(database) as conn:
            catch_up(conn)
        (today,) = (await ann.ask(METRICS, id=clicked))["node"]["dailyMetrics"]["nodes"]
        return today

    async with asyncio.timeout(SOON_S):
        while (today := await metrics())["recommendationCount"] < 2:
            await asyncio.sleep(0.05)
    assert today["clickCount"] == 1
    assert today["clickThroughRate"] == pytest.approx(1 / today["recommendationCount"], abs=1e-4)
    wrong = await ann.served.post(CLICK, token=ann.token, variables={"movie": clicked, "slate": "no"})
    assert codes(wrong) == ["BAD_ID"]


async def test_a_click_counts_in_a_list_that_showed_the_movie_to_who_clicks(
    newcomer: Newcomer, database: str
) -> None:
    ann, ben = await newcomer("clara"), await newcomer("carl")
    shown = await ann.recommended(first=2)
    (first, slate), last = (
        (shown["edges"][0]["node"]["id"], shown["slateId"]),
        shown["edges"][1]["node"]["id"],
    )
    seen = {edge["node"]["id"] for edge in shown["edges"]}
    everything = (await ann.ask("{ movies(first: 100) { nodes { id } } }"))["movies"]["nodes"]
    other = next(node["id"] for node in everything if node["id"] not in seen)
    tries = [(ben, first, slate), (ann, other, slate), (ann, first, str(uuid4()))]
    said = await asyncio.gather(*(who.ask(CLICK, movie=movie, slate=list_) for who, movie, list_ in tries))
    assert [each["clickRecommendation"]["errors"] for each in said] == [[{"code": "NOT_RECOMMENDED"}]] * 3
    for movie in (first, last):
        assert (await ann.ask(CLICK, movie=movie, slate=slate))["clickRecommendation"]["event"]
    with connect(database) as conn:
        clicks = conn.execute(
            "select data->>'slate_id' from events where type = 'recommendation_clicked'"
            " and (user_id = any (select id from users where username in ('clara', 'carl')))"
        ).fetchall()
    assert clicks == [(slate,)] * 2


STORED = """{ viewer { storedRecommendations(first: 100) { slateId edges {
  score algorithm generatedAt isClicked node { id title } reasons { text because { title } } } } } }"""


async def test_k61_recommendations_of_people_who_act_are_stored_ahead(
    newcomer: Newcomer, database: str, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "ROUND_S", 0.1)  # before the first of its rounds there is no model
    person = await newcomer("stella")
    await person.react("Comedy", 5, 6)

    async def stored() -> Any:
        return (await person.ask(STORED))["viewer"]["storedRecommendations"]

    assert (await stored())["edges"] == []
    worker = ahead.Ahead(database, models, explored=0)
    running = asyncio.create_task(asyncio.to_thread(worker.run))
    try:
        async with asyncio.timeout(SOON_S):
            while not (found := await stored())["edges"]:
                await asyncio.sleep(0.05)
    finally:
        worker.stop()
        await running
    now = await person.recommended(first=20)
    assert [edge["node"]["title"] for edge in found["edges"]] == titles(now)
    assert {edge["algorithm"] for edge in found["edges"]} == {"BLEND"}
    reasons = {reason["text"] for edge in found["edges"] for reason in edge["reasons"]}
    assert "Because you liked “Comedy 5”" in reasons
    assert not any(edge["isClicked"] for edge in found["edges"])
    first = found["edges"][0]["node"]["id"]
    await person.ask(CLICK, movie=first, slate=found["slateId"])
    assert [edge["node"]["id"] for edge in (await stored())["edges"] if edge["isClicked"]] == [first]
    model_id = (await person.served.http.get("/readyz")).json()["model"]
    with connect(database) as conn:
        asked = "select data from events where type = 'recommendations_served' and data->>'slate_id' = %s"
        async with asyncio.timeout(SOON_S):
            while not (told := conn.execute(asked, (found["slateId"],)).fetchall()):
                await stored()
                await asyncio.sleep(0.1)
    assert [data["model_id"] for (data,) in told] == [model_id]
    assert [data["movie_ids"] for (data,) in told] == [
        [edge["node"]["id"].partition(":")[2] for edge in found["edges"]]
    ]


async def test_what_is_stored_ahead_is_left_to_chance_as_what_is_shown(
    newcomer: Newcomer, database: str, models: Path
) -> None:
    person = await newcomer("charlotte")
    await person.react("Comedy", 5, 6)
    me = (await person.ask("{ viewer { id } }"))["viewer"]["id"].partition(":")[2]
    kept = "select propensity, model_id::text from user_recommendations where user_id = %s order by rank"
    worker = ahead.Ahead(database, models, explored=0.5)
    running = asyncio.create_task(asyncio.to_thread(worker.run))
    try:
        async with asyncio.timeout(SOON_S):
            with connect(database) as conn:
                while not (found := conn.execute(kept, (me,)).fetchall()):
                    await asyncio.sleep(0.05)
    finally:
        worker.stop()
        await running
    model_id = (await person.served.http.get("/readyz")).json()["model"]
    assert {model for _, model in found} == {model_id}
    chances = [round(chance, 6) for chance, _ in found]
    assert chances[0] == 1
    assert set(chances[1:]) == {0.5, 0.0125}


async def test_places_that_were_left_to_chance_are_recorded_with_their_probability(
    served: Served, database: str, models: Path
) -> None:
    model_id = (await served.http.get("/readyz")).json()["model"]
    async with serving(
        database, filled=False, models_dir=models, explored_share=0.5, sign_ups_per_address=1000
    ) as running:
        person = Person(running, await running.sign_up("chance"))
        await serves(running, UUID(model_id))
        found = await person.recommended(first=61)
        me = (await person.ask("{ viewer { id } }"))["viewer"]["id"].partition(":")[2]
    # the log is told before the server ends
    with connect(database) as conn:
        facts = [data for (data,) in conn.execute(SERVED, (me,)) if data["slate_id"] == found["slateId"]]
    chances = [chance for fact in facts for chance in fact["propensities"]]
    assert len(chances) == 61
    assert chances[0] == 1
    assert set(chances[1:21]) == {0.5, 0.0125}
    assert set(chances[21:]) == {0.75, 0.0125}
    assert chances[1:21].count(0.0125) == chances[21:].count(0.0125)
    scores = [edge["score"] for edge in found["edges"]]
    assert scores[0] == max(scores)
    assert scores != sorted(scores, reverse=True)
