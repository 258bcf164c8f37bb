"""The selection language: what a client writes is what it gets, in its order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.catalogue import FILMS, genre, movie, person
from tests.schema.twice import disagreement, plainly
from tests.world import World

ALIEN = f"Movie:{movie('alien')}"
HEAT = f"Movie:{movie('heat')}"
HORROR = f"Genre:{genre('Horror')}"
ALICE = f"User:{person('alice')}"


async def both(
    world: World, query: str, variables: Any = None, *, by: str | None = "alice", name: str | None = None
) -> Any:
    """Return the data of an operation that has no errors, and is the same by plain execution."""
    answer = await world.ask(query, variables, by=by, name=name)
    assert "errors" not in answer
    assert disagreement(answer, await plainly(world, query, variables, by=by, name=name)) is None
    return answer["data"]


async def codes(world: World, query: str, variables: Any = None, *, name: str | None = None) -> list[str]:
    """Return the codes of the errors of an operation that has no data."""
    answer = await world.ask(query, variables, by="alice", name=name)
    assert answer.get("data") is None
    return [error["extensions"]["code"] for error in answer["errors"]]


MERGED: dict[str, tuple[str, Any]] = {
    "fields of one key are one field": (
        "{ movie(by: { tmdbId: 348 }) { title } movie(by: { tmdbId: 348 }) { releaseYear title } }",
        {"movie": {"title": "Alien", "releaseYear": 1979}},
    ),
    "what they select is merged at every depth": (
        """{ movie(by: { tmdbId: 348 }) { similar(first: 1) { edges { cursor } } } ...F }
        fragment F on Query { movie(by: { tmdbId: 348 }) { similar(first: 1) { edges { node { title } } } } }""",
        {
            "movie": {
                "similar": {
                    "edges": [{"cursor": "WyJzaW1pbGFyX21vdmllcyIsIjEiXQ", "node": {"title": "The Thing"}}]
                }
            }
        },
    ),
    "one field under two aliases with arguments of their own": (
        "{ a: movie(by: { tmdbId: 348 }) { t: title } b: movie(by: { tmdbId: 949 }) { t: title u: title } }",
        {"a": {"t": "Alien"}, "b": {"t": "Heat", "u": "Heat"}},
    ),
    "an alias may be the name of another field": (
        "{ movie(by: { tmdbId: 348 }) { title: director id: title director: releaseYear } }",
        {"movie": {"title": "Director 0", "id": "Alien", "director": 1979}},
    ),
    "the order is that of the document": (
        """{ b: __typename movie(by: { tmdbId: 348 }) { releaseYear ...T __typename } a: __typename }
        fragment T on Movie { title }""",
        {
            "b": "Query",
            "movie": {"releaseYear": 1979, "title": "Alien", "__typename": "Movie"},
            "a": "Query",
        },
    ),
    "fragments in fragments, used twice": (
        """{ x: movie(by: { tmdbId: 348 }) { ...A } y: movie(by: { tmdbId: 949 }) { ...A ...B } }
        fragment A on Movie { ...B releaseYear } fragment B on Movie { title ... on Node { id } }""",
        {
            "x": {"title": "Alien", "id": ALIEN, "releaseYear": 1979},
            "y": {"title": "Heat", "id": HEAT, "releaseYear": 1995},
        },
    ),
    "a fragment without a condition": (
        "{ ... { ... @include(if: true) { __typename } } }",
        {"__typename": "Query"},
    ),
    "a fragment on another type applies to nothing": (
        f'{{ node(id: "{ALIEN}") {{ __typename ... on Genre {{ name }} ... on Node {{ id }} }} }}',
        {"node": {"__typename": "Movie", "id": ALIEN}},
    ),
    "__typename wherever there is a type": (
        """{ __typename viewer { __typename favorites(first: 1) { __typename edges { __typename node { __typename
        genres { __typename } stats { __typename } viewerState { __typename watchlist { __typename } } } }
        pageInfo { __typename } } } }""",
        {
            "__typename": "Query",
            "viewer": {
                "__typename": "User",
                "favorites": {
                    "__typename": "FavoriteConnection",
                    "edges": [
                        {
                            "__typename": "FavoriteEdge",
                            "node": {
                                "__typename": "Movie",
                                "genres": [{"__typename": "Genre"}],
                                "stats": {"__typename": "MovieStats"},
                                "viewerState": {
                                    "__typename": "ViewerState",
                                    "watchlist": {"__typename": "WatchlistEntry"},
                                },
                            },
                        }
                    ],
                    "pageInfo": {"__typename": "PageInfo"},
                },
            },
        },
    ),
    "nothing but __typename": ("{ __typename }", {"__typename": "Query"}),
    "everything skipped": ("{ genres @skip(if: true) { name } ... @include(if: false) { __typename } }", {}),
    "everything below skipped": (
        "{ movie(by: { tmdbId: 348 }) { title @skip(if: true) } genres { name @include(if: false) } }",
        {"movie": {}, "genres": [{}] * 8},
    ),
    "skip wins over include": (
        "{ a: __typename @skip(if: true) @include(if: true) b: __typename @skip(if: false) @include(if: true) }",
        {"b": "Query"},
    ),
    "a field skipped here and asked for there": (
        "{ movie(by: { tmdbId: 348 }) { title @skip(if: true) ...T } } fragment T on Movie { title }",
        {"movie": {"title": "Alien"}},
    ),
    "a fragment skipped here and asked for there": (
        "{ movie(by: { tmdbId: 348 }) { ...T @skip(if: true) ...T } } fragment T on Movie { title }",
        {"movie": {"title": "Alien"}},
    ),
    "texts that must be escaped": (
        f"""{{ nodes(ids: ["Movie:{movie("quotes")}", "Movie:{movie("lines")}", "Movie:{movie("amelie")}"]) {{
        ... on Movie {{ title overview }} }} }}""",
        {
            "nodes": [
                {"title": film.title, "overview": f"What {film.title} is about."}
                for film in (FILMS[7], FILMS[9], FILMS[8])
            ]
        },
    ),
    "names of SQL and of Python are aliases like others": (
        "{ "
        + " ".join(f"{key}: __typename" for key in ("select", "p", "a1", "q", "null_", "__x", "None"))
        + " }",
        dict.fromkeys(("select", "p", "a1", "q", "null_", "__x", "None"), "Query"),
    ),
}


@pytest.mark.parametrize("case", MERGED)
async def test_fields_are_merged_as_the_specification_says(shared: World, case: str) -> None:
    query, expected = MERGED[case]
    assert json.dumps(await both(shared, query)) == json.dumps(expected)


FLAGS = """
query Q($yes: Boolean! = true, $no: Boolean = false, $given: Boolean!) {
  a: __typename @include(if: $yes)  b: __typename @include(if: $no)  c: __typename @include(if: $given)
  d: __typename @skip(if: $yes)     e: __typename @skip(if: $no)     f: __typename @skip(if: $given)
  ... on Query @include(if: $given) { g: __typename ...F @skip(if: $no) }
}
fragment F on Query { h: __typename @include(if: $yes) }
"""


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ({"given": True}, "aceg" + "h"),
        ({"given": False}, "aef"),
        ({"given": True, "yes": False, "no": True}, "bcdg"),
        ({"given": False, "yes": False, "no": False}, "def"),
        ({"given": True, "yes": True, "no": True}, "abcg"),
    ],
    ids=str,
)
async def test_directives_take_variables_and_their_defaults(shared: World, given: Any, keys: str) -> None:
    assert list(await both(shared, FLAGS, given)) == list(keys)


async def test_a_directive_does_not_take_null(shared: World) -> None:
    query = "query ($b: Boolean = true) { genres { name } __typename @include(if: $b) }"
    assert await codes(shared, query, {"b": None}) == ["BAD_USER_INPUT"]
    assert await codes(shared, "query ($b: Boolean) { __typename @include(if: $b) }") == [
        "GRAPHQL_VALIDATION_FAILED"
    ]


SEVERAL = """
query First { movie(by: { tmdbId: 348 }) { ...T } }
query Second { movie(by: { tmdbId: 949 }) { ...T } }
fragment T on Movie { title }
"""


async def test_of_several_operations_the_named_one_runs(shared: World) -> None:
    assert await both(shared, SEVERAL, name="First") == {"movie": {"title": "Alien"}}
    assert await both(shared, SEVERAL, name="Second") == {"movie": {"title": "Heat"}}
    assert await both(shared, SEVERAL, name="First") == {"movie": {"title": "Alien"}}


async def test_an_operation_that_cannot_be_told_is_refused(shared: World) -> None:
    assert await codes(shared, SEVERAL) == ["BAD_OPERATION"]
    assert await codes(shared, SEVERAL, name="Third") == ["BAD_OPERATION"]
    assert await codes(shared, "{ __typename }", name="Third") == ["BAD_OPERATION"]
    assert await codes(shared, "fragment F on Query { __typename }") == ["GRAPHQL_VALIDATION_FAILED"]
    assert await codes(shared, "{ __typename } query Q { __typename }") == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize(
    ("query", "given", "count"),
    [
        ("query ($f: MovieFilter) { movies(filter: $f) { totalCount } }", {}, 12),
        ("query ($f: MovieFilter) { movies(filter: $f) { totalCount } }", {"f": None}, 12),
        ("query ($f: MovieFilter) { movies(filter: $f) { totalCount } }", {"f": {}}, 12),
        ("query ($f: MovieFilter) { movies(filter: $f) { totalCount } }", {"f": {"genre": None}}, 12),
        ("query ($f: MovieFilter) { movies(filter: $f) { totalCount } }", {"f": {"genre": "Drama"}}, 4),
        ('query ($f: MovieFilter = { genre: "Drama" }) { movies(filter: $f) { totalCount } }', {}, 4),
        (
            'query ($f: MovieFilter = { genre: "Drama" }) { movies(filter: $f) { totalCount } }',
            {"f": None},
            12,
        ),
        ("query ($g: String) { movies(filter: { genre: $g }) { totalCount } }", {}, 12),
        ("query ($g: String) { movies(filter: { genre: $g }) { totalCount } }", {"g": None}, 12),
        ("query ($g: String) { movies(filter: { genre: $g }) { totalCount } }", {"g": "Drama"}, 4),
        ('query ($g: String = "Horror") { movies(filter: { genre: $g }) { totalCount } }', {}, 3),
        ("query ($i: [ID!]) { movies(filter: { genreIds: $i }) { totalCount } }", {"i": HORROR}, 3),
        ("query ($i: [ID!]) { movies(filter: { genreIds: $i }) { totalCount } }", {"i": [HORROR, HORROR]}, 3),
        ("query ($i: [ID!]) { movies(filter: { genreIds: $i }) { totalCount } }", {"i": []}, 0),
        ("query ($i: [ID!]) { movies(filter: { genreIds: $i }) { totalCount } }", {"i": None}, 12),
        ("query ($i: ID!) { movies(filter: { genreIds: [$i] }) { totalCount } }", {"i": HORROR}, 3),
        (f'{{ movies(filter: {{ genreIds: "{HORROR}" }}) {{ totalCount }} }}', {}, 3),
        (
            f'{{ movies(filter: {{ genreIds: ["{HORROR}", "Genre:{genre("Comedy")}"] }}) {{ totalCount }} }}',
            {},
            6,
        ),
        ("{ movies(filter: { genreIds: [] }) { totalCount } }", {}, 0),
        (
            "query ($y: Int) { movies(filter: { releasedFrom: $y, releasedTo: $y }) { totalCount } }",
            {"y": 1995},
            2,
        ),
        ("{ movies(filter: { minimumStars: 3 }) { totalCount } }", {}, 4),
        ("query ($s: Float) { movies(filter: { minimumStars: $s }) { totalCount } }", {"s": 3}, 4),
        ("query ($a: String) { movies(after: $a) { totalCount } }", {"a": None}, 12),
    ],
    ids=range(23),
)
async def test_what_is_left_out_and_what_is_null_count_as_the_specification_says(
    shared: World, query: str, given: Any, count: int
) -> None:
    assert (await both(shared, query, given))["movies"]["totalCount"] == count


@pytest.mark.parametrize("how", ["literal", "variable", "default"])
async def test_an_enum_may_be_a_literal_a_variable_or_a_default(shared: World, how: str) -> None:
    titles = {"TITLE": 'A "quoted" title, a back\\slash', "NEWEST": "The Thing", "POPULAR": "Alien"}
    for order, title in titles.items():
        query, given = {
            "literal": (f"{{ movies(first: 1, orderBy: {order}) {{ nodes {{ title }} }} }}", {}),
            "variable": (
                "query ($o: MovieOrder) { movies(first: 1, orderBy: $o) { nodes { title } } }",
                {"o": order},
            ),
            "default": (
                f"query ($o: MovieOrder = {order}) {{ movies(first: 1, orderBy: $o) {{ nodes {{ title }} }} }}",
                {},
            ),
        }[how]
        assert (await both(shared, query, given))["movies"]["nodes"] == [{"title": title}]


async def test_a_default_of_the_schema_holds_for_what_is_left_out_but_not_for_null(shared: World) -> None:
    query = "query ($w: TrendingWindow) { trending(window: $w) { totalCount } genres { slug } }"
    assert (await both(shared, query))["trending"] == {"totalCount": 10}
    answer = await shared.ask(query, {"w": None})
    assert answer["data"]["trending"] is None
    assert len(answer["data"]["genres"]) == 8
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert disagreement(answer, await plainly(shared, query, {"w": None})) is None


async def test_what_a_variable_may_not_be_null_for_fails_alone(shared: World) -> None:
    query = (
        'query ($i: ID = "x", $k: ID) { node(id: $i) { id } movie(by: { id: $k }) { id } genres { slug } }'
    )
    answer = await shared.ask(query, {"i": None})
    assert (answer["data"]["node"], answer["data"]["movie"], len(answer["data"]["genres"])) == (None, None, 8)
    assert {error["path"][0]: error["extensions"]["code"] for error in answer["errors"]} == {
        "node": "BAD_USER_INPUT",
        "movie": "BAD_USER_INPUT",
    }


@pytest.mark.parametrize(
    "literal",
    ["{}", "{ id: null }", '{ id: "x", tmdbId: 1 }', '{ id: "x", id: "y" }', "null", '"x"', "[]", "{ x: 1 }"],
)
async def test_a_lookup_by_a_literal_has_exactly_one_key(shared: World, literal: str) -> None:
    found = await codes(shared, f"{{ movie(by: {literal}) {{ id }} }}")
    assert set(found) <= {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}


@pytest.mark.parametrize(
    "value",
    [{}, {"id": None}, {"id": "x", "tmdbId": 1}, {"id": "x", "tmdbId": None}, None, "x", [], {"x": 1}],
    ids=str,
)
async def test_a_lookup_by_a_variable_has_exactly_one_key(shared: World, value: Any) -> None:
    query = "query ($by: MovieLookup!) { movie(by: $by) { id } }"
    assert set(await codes(shared, query, {"by": value})) == {"BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("by", "title"),
    [
        ({"id": ALIEN}, "Alien"),
        ({"id": ALIEN.lower().replace("movie", "Movie")}, "Alien"),
        ({"databaseId": 1}, "Alien"),
        ({"tmdbId": 949}, "Heat"),
        ({"imdbId": "tt0113277"}, "Heat"),
        ({"imdbId": " TT0113277"}, "Heat"),
        ({"imdbId": "113277"}, "Heat"),
        ({"id": f"Movie:{movie('nothing')}"}, None),
        ({"databaseId": -1}, None),
        ({"tmdbId": 2**31 - 1}, None),
        ({"imdbId": "nonsense"}, None),
    ],
    ids=str,
)
async def test_a_movie_is_found_by_any_of_its_ids(shared: World, by: Any, title: str | None) -> None:
    data = await both(shared, "query ($by: MovieLookup!) { movie(by: $by) { title } }", {"by": by})
    assert data["movie"] == (title and {"title": title})


BAD_IDS = [
    *(
        "",
        "x",
        "Movie",
        "Movie:",
        ":x",
        "Movie:x",
        "Movie:" + "1" * 65,
        "Movie:\u0000",
        "Event:x",
        "Event:1.5",
    ),
    *("Event:" + "9" * 19, "Genre:urn:uuid:" + str(genre("Drama")), f"Movie:{{{movie('alien')}}}"),
    *(f"Movie:{movie('alien').hex}", f"Movie:{movie('alien')}\n", f"Movie: {movie('alien')}", "Film 1:x"),
]


@pytest.mark.parametrize("bad", BAD_IDS, ids=range(len(BAD_IDS)))
async def test_a_malformed_id_is_refused_with_a_code_and_nothing_else_is(shared: World, bad: str) -> None:
    query = "query ($id: ID!) { node(id: $id) { id } genres { slug } }"
    answer = await shared.ask(query, {"id": bad})
    assert answer["data"]["node"] is None
    assert len(answer["data"]["genres"]) == 8
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_ID"]
    assert disagreement(answer, await plainly(shared, query, {"id": bad})) is None


NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


async def test_nodes_keep_the_order_they_are_asked_for_in(shared: World) -> None:
    ids = [HORROR, "Event:16", ALICE, ALIEN, "Unknown:1", HEAT, ALIEN, f"Movie:{movie('nothing')}", "Event:1"]
    found = (await both(shared, NODES, {"ids": ids}))["nodes"]
    assert [node and node["id"] for node in found] == [*ids[:4], None, HEAT, ALIEN, None, None]
    assert (await both(shared, NODES, {"ids": []}))["nodes"] == []
    assert (await both(shared, NODES, {"ids": HEAT}))["nodes"] == [{"__typename": "Movie", "id": HEAT}]


async def test_nobody_fetches_again_what_is_anothers(shared: World) -> None:
    for by, own in (("alice", [True, False, True]), ("bob", [False, True, False]), (None, [False] * 3)):
        ids = [ALICE, f"User:{person('bob')}", "Event:16"]
        found = (await both(shared, NODES, {"ids": ids}, by=by))["nodes"]
        assert [node is not None for node in found] == own


async def test_errors_of_one_nullable_field_do_not_take_the_others_down(shared: World) -> None:
    answer = await shared.ask(
        """query ($bad: String) {
          viewer { username ratings(after: $bad) { totalCount } favorites(first: 1) { totalCount } }
          events { totalCount } projections { name } node(id: "x") { id } genres { name }
        }""",
        {"bad": "bad"},
        by="alice",
    )
    viewer = answer["data"]["viewer"]
    assert viewer == {"username": "alice", "ratings": None, "favorites": {"totalCount": 4}}
    assert len(answer["data"]["genres"]) == 8
    assert {".".join(error["path"]): error["extensions"]["code"] for error in answer["errors"]} == {
        "viewer.ratings": "BAD_CURSOR",
        "events": "FORBIDDEN",
        "projections": "FORBIDDEN",
        "node": "BAD_ID",
    }
