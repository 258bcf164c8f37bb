"""Recommendations over HTTP, from signing up on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from database.connect import connect
from projections.follow import catch_up
from tests.app.serving import Json, Served, codes, serving
from tests.app.tastes import (
    EACH,
    KINDS,
    LIST,
    Person,
    add_movie,
    film,
    genre_of,
    kinds,
    settle,
    titles,
    train,
)
from tests.postgres import Databases
from tests.waiting import SOON_S

Newcomer = Callable[[str], Awaitable[Person]]


async def serves(served: Served, model_id: UUID) -> None:
    """Wait until a model serves."""
    async with asyncio.timeout(SOON_S):
        while (await served.http.get("/readyz")).json()["model"] != str(model_id):
            await asyncio.sleep(0.05)


async def becomes(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(SOON_S):
        while not true():
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def database(clones: Databases) -> Iterator[str]:
    """A database of two kinds of movies, for all tests of the file."""
    with clones.clone() as conninfo:
        with connect(conninfo) as conn:
            settle(conn)
        yield conninfo


@pytest.fixture(scope="module")
async def served(database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A server with a recommender, for people who sign up."""
    models = tmp_path_factory.mktemp("models")
    model_id = await asyncio.to_thread(train, database, models)
    async with serving(database, filled=False, models_dir=models, sign_ups_per_address=1000) as running:
        await serves(running, model_id)
        yield running


@pytest.fixture(scope="module")
async def stranger(served: Served) -> Person:
    """Somebody who has done nothing yet."""
    return Person(served, await served.sign_up("stefan"))


@pytest.fixture
def newcomer(served: Served) -> Newcomer:
    """Signs somebody up."""

    async def one(name: str) -> Person:
        return Person(served, await served.sign_up(name))

    return one


async def test_the_next_answer_knows_what_a_newcomer_likes(newcomer: Newcomer) -> None:
    for kind, name in (("Comedy", "carla"), ("Horror", "hugo")):
        person = await newcomer(name)
        before = await person.recommended(first=20)
        assert {edge["algorithm"] for edge in before["edges"]} == {"BLEND"}
        await person.react(kind, 3, 9, 11)
        after = await person.recommended(first=20)
        assert kinds(after)[:10] == [kind] * 10
        assert after["slateId"] != before["slateId"]
        assert not {f"{kind} {number}" for number in (3, 9, 11)} & set(titles(after))


def because(recommended: Json) -> set[str]:
    """Return the titles of all movies that something is recommended for."""
    reasons = [reason for edge in recommended["edges"] for reason in edge["reasons"]]
    return {reason["because"]["title"] for reason in reasons if reason["because"]}


async def test_a_like_that_is_taken_back_is_no_reason_any_more(newcomer: Newcomer) -> None:
    person = await newcomer("rita")
    await person.react("Comedy", 2, 5)
    await person.react("Horror", 7)
    before = await person.recommended(first=40)
    assert because(before) == {"Comedy 2", "Comedy 5", "Horror 7"}
    amounts = [
        reason["amount"] for edge in before["edges"] for reason in edge["reasons"] if reason["because"]
    ]
    assert all(0 < amount < 1 for amount in amounts)
    assert "Because you liked “Horror 7”" in str(before)
    await person.react("Horror", 7, reaction=None)
    after = await person.recommended(first=40)
    assert because(after) == {"Comedy 2", "Comedy 5"}
    assert "Horror 7" in titles(await person.recommended(first=100))


async def test_what_a_person_knows_never_comes_back_whatever_they_ask(newcomer: Newcomer) -> None:
    person = await newcomer("nora")
    await person.react("Comedy", 1, 2, 3)
    first = await person.recommended(first=20)
    gone = [edge["node"] for edge in first["edges"]][:3]
    words = ("dismissMovie(input: { movieId: $id })", "rateMovie(input: { movieId: $id, stars: 2 })", "")
    watched = "markWatched(input: { movieId: $id })"
    for node, word in zip(gone, words, strict=True):
        await person.ask(
            f"mutation ($id: ID!) {{ {word or watched} {{ errors {{ code }} }} }}", id=node["id"]
        )
    missing = {node["title"] for node in gone} | {"Comedy 1", "Comedy 2", "Comedy 3"}
    for algorithm in ("BLEND", "HYBRID", "COLLABORATIVE", "CONTENT_BASED", "TRENDING"):
        everything = await person.recommended(first=100, algorithm=algorithm)
        assert not missing & set(titles(everything))
        assert everything["totalCount"] == 2 * EACH - len(missing)
        assert {edge["algorithm"] for edge in everything["edges"]} == {algorithm}
    # and the slate that they are still in leaves them out, too
    rest = await person.recommended(first=100, after=first["edges"][0]["cursor"])
    assert rest["slateId"] == first["slateId"]
    assert not missing & set(titles(rest))


async def test_pages_are_of_one_slate_while_the_person_acts(newcomer: Newcomer) -> None:
    person = await newcomer("paula")
    await person.react("Comedy", 4, 8)
    whole = await person.recommended(first=100)
    seen, after = [], None
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


FILTERS: list[tuple[dict[str, Any], Callable[[str, int], bool]]] = [
    ({"genres": ["horror"]}, lambda kind, _: kind == "Horror"),
    ({"genres": ["Comedy", "nothing"]}, lambda kind, _: kind == "Comedy"),
    ({"genreIds": [f"Genre:{genre_of('Comedy')}"]}, lambda kind, _: kind == "Comedy"),
    ({"releasedFrom": 2010}, lambda _, number: number >= 30),
    ({"releasedFrom": 2000, "releasedTo": 2001}, lambda _, number: number in (20, 21)),
    ({"maxRuntimeMinutes": 85}, lambda _, number: number <= 5),
    ({"originalLanguage": "FR"}, lambda _, number: number % 4 == 0),
    ({"excludeIds": [f"Movie:{film('Horror', 1)}"]}, lambda kind, number: (kind, number) != ("Horror", 1)),
    ({"genres": []}, lambda *_: True),
    ({"genres": ["nothing"]}, lambda *_: False),
    ({"genres": None, "releasedTo": 1980}, lambda *_: False),
]


@pytest.mark.parametrize(("chosen", "passes"), FILTERS, ids=[str(each[0]) for each in FILTERS])
async def test_filters_let_just_those_through(
    stranger: Person, chosen: dict[str, Any], passes: Callable[[str, int], bool]
) -> None:
    found = await stranger.recommended(first=100, filter=chosen)
    expected = {f"{kind} {n}" for kind in KINDS for n in range(1, EACH + 1) if passes(kind, n)}
    assert set(titles(found)) == expected
    assert found["totalCount"] == len(expected)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"first": 101}, "BAD_PAGE_SIZE"),
        ({"first": -1}, "BAD_PAGE_SIZE"),
        ({"after": "WyJuIl0"}, "BAD_CURSOR"),
        ({"filter": {"excludeIds": ["Genre:1"]}}, "BAD_ID"),
        ({"filter": {"genreIds": ["nothing"]}}, "BAD_ID"),
    ],
)
async def test_what_cannot_be_is_an_error_there_and_the_rest_is_answered(
    stranger: Person, wrong: dict[str, Any], code: str
) -> None:
    query = LIST.replace("viewer {", "viewer { username", 1)
    response = await stranger.served.post(query, token=stranger.token, variables=wrong)
    assert codes(response) == [code]
    assert response.json()["errors"][0]["path"] == ["viewer", "recommendations"]
    assert response.json()["data"] == {"viewer": {"username": "stefan", "recommendations": None}}


async def test_who_did_not_sign_in_is_recommended_nothing(served: Served) -> None:
    assert (await served.ask(LIST))["data"] == {"viewer": None}


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


async def test_clicks_raise_the_click_through_rate(newcomer: Newcomer, database: str) -> None:
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


async def test_without_a_model_what_is_popular_is_recommended_and_says_so(
    conninfo: str, tmp_path: Path
) -> None:
    with connect(conninfo) as conn:
        settle(conn)
    async with serving(conninfo, filled=False, models_dir=tmp_path) as running:
        person = Person(running, await running.sign_up("tina"))
        await person.react("Horror", 2)
        found = await person.recommended(first=100)
        assert {edge["algorithm"] for edge in found["edges"]} == {"TRENDING"}
        assert len(set(titles(found))) == found["totalCount"] == 2 * EACH - 1
        scores = [edge["score"] for edge in found["edges"]]
        assert scores == sorted(scores, reverse=True)
        texts = {reason["text"] for edge in found["edges"][:5] for reason in edge["reasons"]}
        assert texts == {"Many people like it now"}
        model_id = await asyncio.to_thread(train, conninfo, tmp_path)
        await serves(running, model_id)
        found = await person.recommended(first=10)
        assert {edge["algorithm"] for edge in found["edges"]} == {"BLEND"}
        # one whose files are damaged after it was promoted is refused, and the one before goes on
        away = tmp_path / "elsewhere"
        await asyncio.to_thread(train, conninfo, away, seed=2)
        await asyncio.sleep(1.5)
        assert (await running.http.get("/readyz")).json()["model"] == str(model_id)
        assert {e["algorithm"] for e in (await person.recommended(first=10))["edges"]} == {"BLEND"}


async def test_a_movie_that_is_new_is_recommended_by_its_features(conninfo: str, tmp_path: Path) -> None:
    with connect(conninfo) as conn:
        settle(conn)
    model_id = await asyncio.to_thread(train, conninfo, tmp_path)
    async with serving(conninfo, filled=False, models_dir=tmp_path) as running:
        await serves(running, model_id)
        person = Person(running, await running.sign_up("nils"))
        await person.react("Comedy", 3, 5, 7)
        before = await person.recommended(first=100, algorithm="CONTENT_BASED")
        with connect(conninfo) as conn, conn.transaction():
            add_movie(conn, "Comedy", EACH + 1)
            add_movie(conn, "Horror", EACH + 1)
        async with asyncio.timeout(SOON_S):
            while (found := await person.recommended(first=100, algorithm="CONTENT_BASED"))[
                "totalCount"
            ] == before["totalCount"]:
                await asyncio.sleep(0.05)
        order = titles(found)
        assert order.index(f"Comedy {EACH + 1}") < order.index(f"Horror {EACH + 1}")
