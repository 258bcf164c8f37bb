"""Connections: every list, in every order, in both directions, while it changes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pytest

from database.connect import connect
from tests.catalogue import FILMS, movie, person
from tests.world import World

Json = Any


@dataclass(frozen=True)
class List:
    """A connection somewhere in the schema: `around` is the document with a place for the field."""

    name: str
    field: str
    around: str = "{ %s }"
    arguments: str = ""
    by: str = "alice"
    length: int = 0

    def query(self, selection: str) -> str:
        """Return a query with the variables $first, $after, $last and $before."""
        given = f"first: $first, after: $after, last: $last, before: $before {self.arguments}"
        head = "query ($first: Int, $after: String, $last: Int, $before: String) "
        return head + self.around % f"list: {self.field}({given}) {selection}"


_MINE = "{ viewer { %s } }"
_ALIEN = "{ movie(by: { tmdbId: 348 }) { %s } }"
LISTS = (
    List("movies", "movies", length=12),
    List("movies NEWEST", "movies", arguments="orderBy: NEWEST", length=12),
    List("movies POPULAR", "movies", arguments="orderBy: POPULAR", length=12),
    *(
        List(f"movies {order}", "movies", arguments=f"orderBy: {order}", length=12)
        for order in ("RELEASE_DATE", "ADDED", "STARS", "LIKES", "VIEWS", "POPULARITY", "RATING", "VOTES")
    ),
    List("movies RELEVANCE", "movies", arguments='search: "the", orderBy: RELEVANCE', length=3),
    List("movies filtered", "movies", arguments='filter: { genre: "drama" }, orderBy: NEWEST', length=4),
    List("trending", "trending", arguments="window: ALL", length=10),
    List("events", "events", by="ann", length=40),
    List("events OLDEST", "events", arguments="orderBy: OLDEST", by="ann", length=40),
    List("favorites", "favorites", _MINE, length=4),
    List("watchlist", "watchlist", _MINE, length=4),
    List("watchlist PRIORITY", "watchlist", _MINE, "orderBy: PRIORITY", length=4),
    List("ratings", "ratings", _MINE, length=4),
    List("history", "history", _MINE, length=24),
    List("recommendations", "recommendations", _MINE, length=4),
    List("similar", "similar", _ALIEN, length=7),
    List("dailyMetrics", "dailyMetrics", _ALIEN, length=10),
)
every_list = pytest.mark.parametrize("each", LISTS, ids=lambda each: each.name)

PAGE = """{
  totalCount edges { cursor node { __typename KEY } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}"""


def inside(data: Json) -> Json:
    """Return the connection, wherever it is in the data."""
    return data["list"] if "list" in data else next(inside(inner) for inner in data.values())


async def page(world: World, each: List, **given: Any) -> Json:
    """Return one page."""
    selection = PAGE.replace("KEY", "day" if each.field == "dailyMetrics" else "id")
    return inside(await world.data(each.query(selection), given, by=each.by))


def cursors(found: Json) -> list[str]:
    """Return what tells the items of a page apart."""
    return [edge["cursor"] for edge in found["edges"]]


async def whole(world: World, each: List) -> list[str]:
    """Return the cursors of the whole list, read at once."""
    return cursors(await page(world, each, first=100))


@every_list
async def test_a_list_has_the_order_it_promises_and_no_item_twice(shared: World, each: List) -> None:
    found = await page(shared, each, first=100)
    assert len(set(cursors(found))) == len(found["edges"]) == found["totalCount"]
    if each.length:
        assert found["totalCount"] == each.length


@every_list
@pytest.mark.parametrize("size", [1, 2, 3, 5])
async def test_k113_walking_either_way_meets_every_item_once_in_order(
    shared: World, each: List, size: int
) -> None:
    expected = await whole(shared, each)
    for count, cursor, edge, more, other in (
        ("first", "after", "endCursor", "hasNextPage", "hasPreviousPage"),
        ("last", "before", "startCursor", "hasPreviousPage", "hasNextPage"),
    ):
        met: list[str] = []
        given: dict[str, Any] = {count: size}
        while True:
            found = await page(shared, each, **given)
            info = found["pageInfo"]
            met = [*met, *cursors(found)] if count == "first" else [*cursors(found), *met]
            assert found["totalCount"] == len(expected)
            assert info["startCursor"] == cursors(found)[0]
            assert info["endCursor"] == cursors(found)[-1]
            assert info[other] is (cursor in given)
            assert info[more] is (len(met) < len(expected))
            if not info[more]:
                break
            given[cursor] = info[edge]
        assert met == expected


@every_list
async def test_every_window_between_two_cursors_is_what_a_slice_of_the_list_is(
    shared: World, each: List
) -> None:
    expected = await whole(shared, each)
    ends = [None, 0, len(expected) // 2, len(expected) - 1]
    for after, before, (count, size) in product(
        ends, ends, (("first", 0), ("first", 2), ("first", 100), ("last", 0), ("last", 2), ("last", 100))
    ):
        given: dict[str, Any] = {
            count: size,
            "after": None if after is None else expected[after],
            "before": None if before is None else expected[before],
        }
        low = 0 if after is None else after + 1
        high = len(expected) if before is None else before
        between = list(range(low, high))
        shown = (
            between[:size] if count == "first" else between[len(between) - size if size else len(between) :]
        )
        shown = between if size == 100 else shown
        found = await page(shared, each, **given)
        assert cursors(found) == [expected[index] for index in shown], given
        info = found["pageInfo"]
        if count == "first":
            next_page, previous = len(shown) < len(between) or before is not None, after is not None
        else:
            next_page, previous = before is not None, len(shown) < len(between) or after is not None
        assert (info["hasNextPage"], info["hasPreviousPage"]) == (next_page, previous), given
        ends_of = (cursors(found)[0], cursors(found)[-1]) if shown else (None, None)
        assert (info["startCursor"], info["endCursor"]) == ends_of


def falling(*texts: str) -> list[list[int]]:
    """Return what sorts texts of one length from the last to the first."""
    return [[-ord(c) for c in text] for text in texts]


def by_number(number: float | None, key: str) -> tuple[float, list[list[int]]]:
    """Return what sorts by a number, the largest first, and ties by id from the last to the first."""
    return -(number or 0), falling(key)


ORDERED: dict[str, tuple[str, Callable[[Json], Any]]] = {
    "movies": ("node { title id }", lambda edge: (edge["node"]["title"], edge["node"]["id"])),
    "movies NEWEST": (
        "node { releaseYear id }",
        lambda edge: (-(edge["node"]["releaseYear"] or 0), edge["node"]["id"]),
    ),
    "movies POPULAR": (
        "node { id stats { likeCount ratingCount } }",
        lambda edge: by_number(sum(edge["node"]["stats"].values()), edge["node"]["id"]),
    ),
    "movies RELEASE_DATE": (
        "node { releaseDate releaseYear id }",
        lambda edge: falling(
            edge["node"]["releaseDate"] or f"{edge['node']['releaseYear'] or 1:04}-01-01", edge["node"]["id"]
        ),
    ),
    "movies ADDED": ("node { databaseId }", lambda edge: -edge["node"]["databaseId"]),
    "movies STARS": (
        "node { id stats { averageStars } }",
        lambda edge: by_number(edge["node"]["stats"]["averageStars"], edge["node"]["id"]),
    ),
    "movies LIKES": (
        "node { id stats { likeCount } }",
        lambda edge: by_number(edge["node"]["stats"]["likeCount"], edge["node"]["id"]),
    ),
    "movies VIEWS": (
        "node { id stats { viewCount } }",
        lambda edge: by_number(edge["node"]["stats"]["viewCount"], edge["node"]["id"]),
    ),
    "movies POPULARITY": (
        "node { popularity id }",
        lambda edge: by_number(edge["node"]["popularity"], edge["node"]["id"]),
    ),
    "movies RATING": (
        "node { rating id }",
        lambda edge: by_number(edge["node"]["rating"], edge["node"]["id"]),
    ),
    "movies VOTES": (
        "node { voteCount id }",
        lambda edge: by_number(edge["node"]["voteCount"], edge["node"]["id"]),
    ),
    "trending": ("score node { id }", lambda edge: (-edge["score"], edge["node"]["id"])),
    "events": ("node { position }", lambda edge: -edge["node"]["position"]),
    "events OLDEST": ("node { position }", lambda edge: edge["node"]["position"]),
    "history": ("node { position }", lambda edge: -edge["node"]["position"]),
    "favorites": ("favoritedAt", lambda edge: [-ord(c) for c in edge["favoritedAt"]]),
    "watchlist": ("addedAt", lambda edge: [-ord(c) for c in edge["addedAt"]]),
    "watchlist PRIORITY": ("priority", lambda edge: ["HIGH", "MEDIUM", "LOW"].index(edge["priority"])),
    "ratings": ("ratedAt", lambda edge: [-ord(c) for c in edge["ratedAt"]]),
    "recommendations": ("score", lambda edge: -edge["score"]),
    "similar": ("score", lambda edge: -edge["score"]),
    "dailyMetrics": ("day", lambda edge: [-ord(c) for c in edge["day"]]),
}


@pytest.mark.parametrize("name", ORDERED)
async def test_k30_k46_the_order_is_what_its_name_says(shared: World, name: str) -> None:
    (each,) = (each for each in LISTS if each.name == name)
    fields, key = ORDERED[name]
    answer = await shared.data(each.query(f"{{ edges {{ {fields} }} }}"), {"first": 100}, by=each.by)
    edges = inside(answer)["edges"]
    assert len(edges) > 1
    assert edges == sorted(edges, key=key)


@every_list
@pytest.mark.parametrize(
    "given",
    [{"first": -1}, {"first": 101}, {"last": -1}, {"last": 2**31 - 1}, {"first": 1, "last": 1}],
    ids=str,
)
async def test_a_page_of_an_impossible_size_is_refused_and_nothing_else(
    shared: World, each: List, given: Json
) -> None:
    query = replace(each, around="{ genres { name }" + each.around[1:]).query("{ totalCount }")
    answer = await shared.ask(query, given, by=each.by)
    assert len(answer["data"].pop("genres")) == 8
    assert inside(answer["data"]) is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_PAGE_SIZE"]
    assert answer["errors"][0]["path"][-1] == "list"


def packed(*parts: object) -> str:
    """Return what a cursor would be of these parts."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


MALFORMED = [
    *(
        "",
        "x",
        "nonsense",
        "é",
        "WyI",
        packed(),
        packed("movies"),
        packed("movies", "a"),
        packed("movies", 1, 2),
    ),
    *(packed("movies", "a", "b"), packed("movies", "a\x00", str(movie("alien"))), packed("favorites", "1e5")),
    *(
        packed("favorites", "9" * 19),
        packed("favorites", "-"),
        packed("favorites", None),
        packed("favorites", ["1"]),
    ),
    *(packed("popularity_metrics", "2024-W01-1"), packed("popularity_metrics", "2024-02-30")),
    *(packed("movies", "a", "{" + str(movie("alien")) + "}"), packed("movies", "a", movie("alien").hex)),
    packed("movies", "a", "b", "c"),
    base64.b64encode(b"[" * 2000).decode(),
    base64.b64encode(b'{"a": 1}').decode(),
]


@pytest.mark.parametrize("bad", MALFORMED, ids=range(len(MALFORMED)))
@pytest.mark.parametrize("name", ["movies", "favorites", "dailyMetrics"])
async def test_a_malformed_cursor_is_refused_with_a_code(shared: World, name: str, bad: str) -> None:
    (each,) = (each for each in LISTS if each.name == name)
    for side in ("after", "before"):
        answer = await shared.ask(each.query("{ totalCount }"), {side: bad}, by=each.by)
        assert inside(answer["data"]) is None
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_CURSOR"]


async def test_a_cursor_of_another_list_or_order_is_refused(shared: World) -> None:
    made = {each.name: (await whole(shared, each))[0] for each in LISTS}
    same = {"movies NEWEST": ["movies filtered"], "movies filtered": ["movies NEWEST"]}
    for each, (name, cursor) in product(LISTS, made.items()):
        answer = await shared.ask(each.query("{ totalCount }"), {"after": cursor}, by=each.by)
        fits = name == each.name or name in same.get(each.name, [])
        codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
        assert codes == ([] if fits else ["BAD_CURSOR"]), (each.name, name)


async def test_the_default_order_and_its_name_have_the_same_cursors(shared: World) -> None:
    default, named = [
        await shared.data(f"{{ movies(first: 3 {order}) {{ edges {{ cursor }} }} }}")
        for order in ("", "orderBy: TITLE")
    ]
    assert default == named


async def test_pages_nested_in_pages_have_cursors_of_their_own(shared: World) -> None:
    nested = "{ list: movies(first: 3) { edges { node { similar(first: 1) { edges { cursor } } } cursor } } }"
    flat = "{ list: movies(first: 3) { edges { cursor } } }"
    found = inside(await shared.data(nested))["edges"]
    assert [edge["cursor"] for edge in found] == cursors(inside(await shared.data(flat)))


async def test_an_error_in_a_nested_list_says_in_which_place(shared: World) -> None:
    query = """{ movies(first: 2) {
      nodes { similar(first: -1) { totalCount } } edges { node { x: similar(after: "x") { totalCount } } }
    } }"""
    answer = await shared.ask(query)
    assert [error["path"] for error in answer["errors"]] == [
        *(["movies", "nodes", n, "similar"] for n in (0, 1)),
        *(["movies", "edges", n, "node", "x"] for n in (0, 1)),
    ]
    nothing = await shared.ask('{ movies(search: "zzz") { nodes { similar(first: -1) { totalCount } } } }')
    assert nothing == {"data": {"movies": {"nodes": []}}}


async def test_cursors_survive_what_comes_and_goes_between_two_pages(world: World) -> None:
    each = List("movies", "movies")
    titles = sorted((film.title, f"Movie:{movie(film.key)}") for film in FILMS)
    first = await page(world, each, first=4)
    assert [edge["node"]["id"] for edge in first["edges"]] == [key for _, key in titles[:4]]
    with connect(world.conninfo) as conn:
        # one before the cursor, one right after it; the item of the cursor itself goes
        for number, title in enumerate(("A", titles[3][0] + " again")):
            conn.execute("insert into movies (id, title) values (%s, %s)", (movie(f"new {number}"), title))
        conn.execute("delete from movies where id = %s", (titles[3][1].removeprefix("Movie:"),))
    rest = await page(world, each, first=100, after=first["pageInfo"]["endCursor"])
    assert [edge["node"]["id"] for edge in rest["edges"]] == [
        f"Movie:{movie('new 1')}",
        *(key for _, key in titles[4:]),
    ]
    assert rest["totalCount"] == 13
    assert rest["pageInfo"]["hasPreviousPage"] is True
    back = await page(world, each, last=100, before=first["pageInfo"]["endCursor"])
    before = sorted([*titles[:3], ("A", f"Movie:{movie('new 0')}")])
    assert [edge["node"]["id"] for edge in back["edges"]] == [key for _, key in before]
    assert back["pageInfo"]["hasNextPage"] is True


async def test_a_list_that_was_emptied_behind_a_cursor_says_so(world: World) -> None:
    each = List("favorites", "favorites", _MINE)
    first = await page(world, each, first=2)
    with connect(world.conninfo) as conn:
        conn.execute("update favorites set is_active = false where user_id = %s", (person("alice"),))
    rest = await page(world, each, first=2, after=first["pageInfo"]["endCursor"])
    assert rest == {
        "totalCount": 0,
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


async def test_a_list_without_a_size_has_twenty_items(shared: World) -> None:
    every = await shared.data("{ events { edges { cursor } pageInfo { hasNextPage } } }", by="ann")
    assert (len(every["events"]["edges"]), every["events"]["pageInfo"]["hasNextPage"]) == (20, True)


FILTERS: Sequence[tuple[str, Sequence[str]]] = (
    ('filter: { genre: "Film-Noir" }', ["third-man"]),
    ('filter: { genre: "film-noir" }', ["third-man"]),
    ('filter: { genre: "none" }', []),
    ("filter: { releasedFrom: 1995, releasedTo: 1996 }", ["heat", "toy-story", "fargo"]),
    ('filter: { genre: "thriller", releasedTo: 1982 }', ["thing", "third-man"]),
    ("filter: { maxRuntimeMinutes: 91 }", ["alien", "thing"]),
    ('filter: { originalLanguage: "EN", releasedTo: 1950 }', ["third-man", "quotes"]),
    ("filter: { minimumStars: 4.75 }", ["alien"]),
    ("filter: { minimumStars: 0 }", ["alien", "thing", "heat", "fargo"]),
    ("filter: { genreIds: [] }", []),
    ("filter: { minRuntimeMinutes: 99 }", ["lines"]),
    ('filter: { language: "DE" }', ["amelie"]),
    ('filter: { country: "fr" }', ["amelie"]),
    ('filter: { castName: "ACTOR 3" }', ["heat", "quotes"]),
    ('filter: { castName: "Actor" }', []),
    ('filter: { directorName: "dirèctor 1", releasedFrom: 1995 }', ["toy-story"]),
    ('filter: { castName: "Director 1" }', []),
    ("filter: { minimumRating: 8.3, minimumVotes: 13 }", ["alien", "heat"]),
    ("filter: { minimumVotes: 900 }", ["alien"]),
    ("filter: { adult: true }", ["lines"]),
    ("filter: { adult: false, releasedFrom: 2001, releasedTo: 2001 }", ["amelie"]),
    ("filter: null", [film.key for film in FILMS]),
    ('search: "thing"', ["thing", "thing-again"]),
    ('search: "THI"', ["thing", "thing-again", "third-man"]),
    ('search: "man third"', ["third-man"]),
    ('search: "amélie"', ["amelie"]),
    ('search: "amelie"', ["amelie"]),
    ('search: "WELT der"', ["amelie"]),
    ('search: "weltall"', ["alien"]),
    ('search: "waitress"', ["amelie"]),
    ('search: "welt waitress"', []),
    ('search: "alein"', ["alien"]),
    ('search: "에이리"', ["alien"]),
    ('search: "에리이언"', ["alien"]),
    ('search: "frago"', ["fargo"]),
    ('search: "strory toy"', ["toy-story"]),
    ('search: "tihr man"', []),
    ('search: "thirt man"', ["third-man"]),
    ('search: "what fargo is about"', ["fargo"]),
    ('search: "nothing of this"', []),
    ('search: ""', []),
    ('search: "!@# & | :* ()"', []),
    ('search: "\'; drop table movies --"', []),
    ("search: null", [film.key for film in FILMS]),
)


@pytest.mark.parametrize(("given", "keys"), FILTERS, ids=[given for given, _ in FILTERS])
async def test_k25_k29_the_catalogue_is_searched_and_filtered(
    shared: World, given: str, keys: Sequence[str]
) -> None:
    answer = await shared.data(f"{{ movies(first: 100, {given}) {{ totalCount nodes {{ id }} }} }}")
    assert {node["id"] for node in answer["movies"]["nodes"]} == {f"Movie:{movie(key)}" for key in keys}
    assert answer["movies"]["totalCount"] == len(keys)


async def test_a_word_of_any_length_may_be_searched_for(shared: World) -> None:
    query = "query ($search: String) { movies(search: $search) { totalCount } }"
    for search in ("a" * 10_000, "é" * 5_000, "a " * 5_000, "_", "²"):
        await shared.data(query, {"search": search})
    answer = await shared.ask(query, {"search": "a\x00b"})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
