"""What is recommended, over HTTP, from signing up on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.app.serving import Json, Served, codes
from tests.recommendations.conftest import Newcomer
from tests.recommendations.tastes import (
    EACH,
    KINDS,
    LIST,
    Person,
    film,
    genre_of,
    kinds,
    titles,
)


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


CHOOSE = """mutation ($ids: [ID!]!) {
  setFavoriteGenres(input: { genreIds: $ids }) { errors { code } viewer { favoriteGenres { name } } }
}"""


async def test_a_newcomer_who_chose_genres_begins_with_these(newcomer: Newcomer) -> None:
    for kind in KINDS:
        person = await newcomer(f"chose{kind}")
        unknown = f"Genre:{film('no genre', 1)}"
        refused = (await person.ask(CHOOSE, ids=[unknown]))["setFavoriteGenres"]
        assert refused == {"errors": [{"code": "UNKNOWN_GENRE"}], "viewer": {"favoriteGenres": []}}
        mine = f"Genre:{genre_of(kind)}"
        done = (await person.ask(CHOOSE, ids=[mine, mine]))["setFavoriteGenres"]
        assert done == {"errors": [], "viewer": {"favoriteGenres": [{"name": kind}]}}
        found = await person.recommended(first=40)
        assert kinds(found) == [kind] * EACH
        await person.ask(CHOOSE, ids=[])
        assert len(set(kinds(await person.recommended(first=40)))) == 2


async def test_twenty_genres_may_be_chosen(stranger: Person) -> None:
    for number, code in ((20, "UNKNOWN_GENRE"), (21, "BAD_USER_INPUT")):
        given = {"ids": [f"Genre:{film('no genre', n)}" for n in range(number)]}
        response = await stranger.served.post(CHOOSE, token=stranger.token, variables=given)
        assert code in response.text
