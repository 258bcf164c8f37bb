"""What was computed ahead and is shown counts like any slate: the log is told of it once, and clicks raise the rate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from database.connect import connect
from events.slates import Algorithm, serve_places
from projections.follow import catch_up
from projections.popularity_metrics import popularity_metrics
from projections.verify import verify
from tests.app.serving import serving
from tests.catalogue import movie, person, slate
from tests.privacy.test_over_http import Person
from tests.world import access_token

PAGE = """query ($first: Int, $after: String, $last: Int, $before: String) { viewer { storedRecommendations(
  first: $first, after: $after, last: $last, before: $before) { slateId edges { cursor node { id } } } } }"""
METRICS = "dailyMetrics(first: 1) { nodes { recommendationCount clickCount clickThroughRate } }"
Looks = Callable[[Person], Awaitable[None]]


@pytest.fixture
def database(conninfo: str, catalogue_template: str) -> str:
    """The catalogue, where what is stored has been there for a while."""
    with connect(conninfo) as conn:
        conn.execute("update user_recommendations set generated_at = now() - interval '1 hour'")
    return conninfo


def told(database: str, name: str = "alice") -> list[tuple[int, list[str]]]:
    """What the log says that somebody was shown: the first rank and the movies of each fact."""
    served = (
        "select (data->>'first_rank')::int, data->'movie_ids', data->>'slate_id', data->>'algorithm' from events"
        " where type = 'recommendations_served' and user_id = %s order by 1, position"
    )
    with connect(database) as conn:
        rows = conn.execute(served.encode(), (person(name),)).fetchall()
    assert {row[2:] for row in rows} <= {(str(slate(name)), "BLEND"), (str(slate(name)), "TRENDING")}
    return [(first, movies) for first, movies, *_ in rows]


def stored(database: str, name: str = "alice", algorithm: str = "BLEND") -> list[str]:
    """The movies that are stored for somebody, in their order."""
    asked = (
        "select movie_id::text from user_recommendations where user_id = %s and algorithm = %s order by rank"
    )
    with connect(database) as conn:
        return [row[0] for row in conn.execute(asked, (person(name), algorithm)).fetchall()]


async def page(alice: Person, **given: Any) -> Any:
    answer = await alice.served.ask(PAGE, token=alice.token, variables=given)
    assert "errors" not in answer
    return answer["data"]["viewer"]["storedRecommendations"]


async def looked(database: str, look: Looks, name: str = "alice") -> list[tuple[int, list[str]]]:
    """Let somebody look; return what the log says once the server has ended."""
    async with serving(database) as served:
        await look(Person(served, access_token(name)))
    return told(database, name)


async def test_a_page_that_is_shown_is_told_once_however_often_and_by_whatever_server(database: str) -> None:
    async def look(alice: Person) -> None:
        for _ in range(3):  # the first is planned, the others are answered at once
            assert len((await page(alice, first=3))["edges"]) == 3

    ahead = stored(database)
    assert await looked(database, look) == [(1, ahead[:3])]
    assert await looked(database, look) == [(1, ahead[:3])]
    async with serving(database) as one, serving(database) as other:
        for served in (one, other) * 3:
            await page(Person(served, access_token("alice")), first=5)
    assert told(database) == [(1, ahead[:3]), (4, ahead[3:5])]


async def test_pages_either_way_are_told_by_their_ranks(database: str) -> None:
    async def look(alice: Person) -> None:
        first = await page(alice, first=2)
        await page(alice, first=1, after=first["edges"][-1]["cursor"])
        last = await page(alice, last=2)
        await page(alice, last=1, before=last["edges"][0]["cursor"])
        await page(alice, first=100, after=last["edges"][-1]["cursor"])

    ahead = stored(database)
    count = len(ahead)
    assert count > 6
    found = await looked(database, look)
    assert [movie for _, movies in found for movie in movies] == [*ahead[:3], *ahead[count - 3 :]]
    assert [first for first, _ in found] == [1, count - 2]


@pytest.mark.parametrize(
    ("query", "is_told"),
    [
        ("{ viewer { storedRecommendations(first: 1) { nodes { title } } } }", True),
        ("{ viewer { storedRecommendations(first: 1) { edges { isClicked } } } }", True),
        (
            "{ viewer { storedRecommendations(first: 1) { slateId totalCount pageInfo { endCursor } } } }",
            False,
        ),
        ("{ viewer { storedRecommendations(first: 1) { edges { cursor score } } } }", False),
        ("{ viewer { storedRecommendations(first: 0) { nodes { title } } } }", False),
        ("{ viewer { storedRecommendations(first: 101) { nodes { title } } } }", False),
        ('{ viewer { storedRecommendations(after: "x") { nodes { title } } } }', False),
        ("{ viewer { favorites(first: 1) { nodes { title } } } }", False),
    ],
)
async def test_movies_that_are_shown_are_told_and_nothing_else(
    database: str, query: str, is_told: bool
) -> None:
    async def look(alice: Person) -> None:
        for _ in range(2):
            await alice.served.post(query, token=alice.token)

    assert await looked(database, look) == ([(1, stored(database)[:1])] if is_told else [])


async def test_lists_of_other_algorithms_and_under_other_names_are_told_too(database: str) -> None:
    async def look(alice: Person) -> None:
        await alice.ask(
            "{ viewer { one: storedRecommendations(first: 2) { nodes { id } }"
            " two: storedRecommendations(first: 1, algorithm: TRENDING) { nodes { id } } } }"
        )

    expected = [(1, stored(database)[:2]), (1, stored(database, algorithm="TRENDING")[:1])]
    assert sorted(await looked(database, look)) == sorted(expected)


async def test_what_was_stored_a_moment_ago_is_told_when_it_is_looked_at_again(database: str) -> None:
    def store(ago: str) -> None:
        with connect(database) as conn:
            conn.execute(f"update user_recommendations set generated_at = now() - interval '{ago}'".encode())

    async def look(alice: Person) -> None:
        await page(alice, first=1)

    store("-1 minute")  # stored after they looked
    assert await looked(database, look) == []
    store("1 minute")
    assert await looked(database, look) == [(1, stored(database)[:1])]


async def test_a_slate_that_takes_its_place_is_told_anew_and_strangers_have_none(database: str) -> None:
    async def look(bob: Person) -> None:
        await page(bob, first=1)
        stranger = await bob.served.ask(PAGE)
        assert stranger["data"] == {"viewer": None}

    ahead = stored(database, "bob")
    assert await looked(database, look, "bob") == [(1, ahead[:1])]
    with connect(database) as conn:
        conn.execute("delete from user_recommendations where user_id = %s", (person("bob"),))
        conn.execute(
            "insert into user_recommendations (user_id, algorithm, rank, movie_id, score, slate_id, generated_at)"
            " values (%s, 'BLEND', 1, %s, 0.5, %s, now() - interval '1 hour')",
            (person("bob"), movie("alien"), slate("bob")),
        )
    assert await looked(database, look, "bob") == [(1, ahead[:1]), (1, [str(movie("alien"))])]


async def test_k62_k65_a_click_on_what_was_computed_ahead_raises_the_rate(database: str) -> None:
    async def look(alice: Person) -> None:
        found = await page(alice, first=2)
        given = {"movieId": found["edges"][0]["node"]["id"], "slateId": found["slateId"]}
        clicked = await alice.does("clickRecommendation", "event { type }", **given)
        assert clicked["event"] == {"type": "recommendation_clicked"}

    await looked(database, look)
    first, second = stored(database)[:2]
    with connect(database) as conn:
        catch_up(conn)
        assert verify(conn, popularity_metrics.name) == []
    async with serving(database) as served:
        alice = Person(served, access_token("alice"))
        found = await alice.ask(
            f'{{ first: node(id: "Movie:{first}") {{ ... on Movie {{ {METRICS} }} }}'
            f' second: node(id: "Movie:{second}") {{ ... on Movie {{ {METRICS} }} }} }}'
        )
    rates = [found[name]["dailyMetrics"]["nodes"][0] for name in ("first", "second")]
    assert rates == [
        {"recommendationCount": 1, "clickCount": 1, "clickThroughRate": 1.0},
        {"recommendationCount": 1, "clickCount": 0, "clickThroughRate": 0.0},
    ]


async def test_who_was_erased_meanwhile_is_told_of_nothing(database: str) -> None:
    async with serving(database) as served:
        await page(Person(served, access_token("alice")), first=1)
        with connect(database) as conn:
            conn.execute("delete from users where id = %s", (person("alice"),))
    assert told(database) == []


async def test_a_place_that_another_server_is_just_telling_of_is_not_waited_for(database: str) -> None:
    async def look(alice: Person) -> None:
        await page(alice, first=2)

    ahead = stored(database)
    with connect(database) as conn, conn.transaction():
        conn.execute(
            "select from user_recommendations where user_id = %s and rank = 1 for update", (person("alice"),)
        )
        assert await looked(database, look) == [(2, ahead[1:2])]
    assert await looked(database, look) == [(1, ahead[:1]), (2, ahead[1:2])]


def test_places_with_holes_between_them_are_facts_of_their_own() -> None:
    movies = [movie(key) for key in ("alien", "heat", "fargo")]
    places = [(rank, each, 0.5, 1.0) for rank, each in zip((1, 2, 4), movies, strict=True)]
    facts = serve_places(
        user_id=person("alice"),
        slate_id=slate("alice"),
        algorithm=Algorithm.BLEND,
        model_id=None,
        places=places,
    )
    assert [(fact.first_rank, fact.movie_ids) for fact in facts] == [
        (1, tuple(movies[:2])),
        (4, tuple(movies[2:])),
    ]
