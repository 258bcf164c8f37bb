"""Fields that Python answers: batches of rows beside the statement, and ordinary Strawberry resolvers."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import strawberry

import schema
from resolvers.context import Context
from resolvers.errors import Refused
from resolvers.mapping import Mapped, Python
from schema import Built
from schema.fields import mapped
from schema.queries import Query
from tests.catalogue import FILMS, movie
from tests.schema.twice import disagreement, plainly
from tests.world import World, opened

BATCHES: list[list[Mapping[str, Any]]] = []


class Closed(Refused):
    """The oracle is closed."""

    code = "ORACLE_CLOSED"


async def shouted(_: Context, rows: Sequence[Mapping[str, Any]]) -> Sequence[str | None]:
    """Answer from what the row is made of; one batch for all places of a field."""
    BATCHES.append(list(rows))
    return [row["title"].upper() + "!" if row["year"] else None for row in rows]


async def asked_by(context: Context, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Answer from the request alone, with JSON of any shape."""
    return [{"viewer": context.viewer_id is not None, "odd": "\x01\x02\n\"'", "rows": len(rows)}]


async def broken(_: Context, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Fail as programs do."""
    return [1 // 0 for _ in rows]


async def closed(_: Context, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Refuse with a code of its own."""
    raise Closed


@strawberry.type(name="Query", description="What can be asked, and more.")
class MoreQuery(Query):
    @strawberry.field(description="An ordinary resolver.")
    def answer(self, of: int = 6) -> int:
        return of * 7

    @strawberry.field(description="An ordinary resolver that fails.")
    async def failing(self) -> int | None:
        raise ZeroDivisionError("nobody is to read this")

    @mapped(Python({}, asked_by), "What Python knows of the request.")
    def asked(self) -> schema.scalars.Data | None: ...

    @mapped(Python({}, broken), "What Python fails to know.")
    def broken(self) -> int | None: ...

    @mapped(Python({}, closed), "What Python refuses to say.")
    def oracle(self) -> int | None: ...

    @mapped(Python({}, asked_by), "What only operators may ask Python.", role="operator")
    def secret(self) -> schema.scalars.Data | None: ...


def more() -> Built:
    """The schema with fields of Python's, on the root and on every movie: its tagline is shouted."""
    built = schema.build(query=MoreQuery)
    needs = {"title": "{t}.title", "year": "{t}.release_year", "id": "{t}.id"}
    sources = {**built.sources, ("Movie", "tagline"): Mapped(Python(needs, shouted))}
    built.engine.sources = sources
    return replace(built, sources=sources)


@pytest.fixture
async def world(conninfo: str) -> AsyncIterator[World]:
    BATCHES.clear()
    async with opened(conninfo, more()) as world:
        yield world


ALIEN = "movie(by: { tmdbId: 348 })"


async def test_one_batch_answers_a_field_in_all_its_places(world: World) -> None:
    data = await world.data("{ movies(first: 100) { nodes { title releaseYear tagline } } }")
    for node in data["movies"]["nodes"]:
        assert node["tagline"] == (node["title"].upper() + "!" if node["releaseYear"] else None)
    (rows,) = BATCHES
    assert len(rows) == len(FILMS)
    assert {row["id"] for row in rows} == {str(movie(film.key)) for film in FILMS}


async def test_places_at_several_depths_each_get_their_own_value(world: World) -> None:
    query = f"""{{ {ALIEN} {{
        tagline similar(first: 2) {{ edges {{ cursor node {{ loud: tagline genres {{ name }} }} score }} }}
      }}
      viewer {{ favorites(first: 1) {{ nodes {{ tagline }} }} }} none: movie(by: {{ tmdbId: 1 }}) {{ tagline }} }}"""
    data = await world.data(query, by="alice")
    assert data["movie"]["tagline"] == "ALIEN!"
    assert [edge["node"]["loud"] for edge in data["movie"]["similar"]["edges"]] == [
        "THE THING!",
        "THE THING!",
    ]
    assert data["viewer"]["favorites"]["nodes"] == [{"tagline": 'A "QUOTED" TITLE, A BACK\\SLASH!'}]
    assert data["none"] is None


async def test_a_request_that_needs_no_row_is_answered_too(world: World) -> None:
    data = await world.data("{ genres { name } asked again: asked }", by="bob")
    assert data["asked"] == data["again"] == {"viewer": True, "odd": "\x01\x02\n\"'", "rows": 1}
    assert world.built.engine.fell_back == 0


@pytest.mark.parametrize(
    ("field", "code"), [("broken", "INTERNAL_ERROR"), ("oracle", "ORACLE_CLOSED"), ("secret", "FORBIDDEN")]
)
async def test_a_failing_python_field_takes_nothing_else_down(
    world: World, field: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    query = f"{{ genres {{ name }} x: {field} asked {ALIEN} {{ title }} }}"
    answer = await world.ask(query, by="alice")
    assert (answer["data"]["x"], answer["data"]["movie"]) == (None, {"title": "Alien"})
    assert answer["data"]["asked"]["viewer"] is True
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [(["x"], code)]
    assert "division" not in json.dumps(answer)
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(logged) == (code == "INTERNAL_ERROR")
    assert disagreement(answer, await plainly(world, query, by="alice")) is None


async def test_a_failing_field_of_a_list_says_in_which_places(world: World) -> None:
    sources = {**world.built.sources, ("Movie", "tagline"): Mapped(Python({}, broken))}
    world.built.engine.sources = sources
    answer = await world.ask("{ movies(first: 2) { edges { node { title tagline } } } }")
    assert [edge["node"]["tagline"] for edge in answer["data"]["movies"]["edges"]] == [None, None]
    assert [error["path"] for error in answer["errors"]] == [
        ["movies", "edges", n, "node", "tagline"] for n in (0, 1)
    ]


async def test_ordinary_resolvers_can_be_mixed_in(world: World) -> None:
    query = f"""query ($n: Int!, $first: Int) {{ answer six: answer(of: $n) {ALIEN} {{ title
      similar(first: $first) {{ totalCount pageInfo {{ hasNextPage }} nodes {{ title }} }} }}
      viewer {{ username favorites(first: $first) {{ nodes {{ title }} }} }} asked }}"""
    data = await world.data(query, {"n": 1, "first": 2}, by="alice")
    assert (data["answer"], data["six"]) == (42, 7)
    assert data["movie"]["similar"] == {
        "totalCount": 7,
        "pageInfo": {"hasNextPage": True},
        "nodes": [{"title": "The Thing"}, {"title": "The Thing"}],
    }
    assert data["viewer"]["username"] == "alice"
    assert data["asked"]["viewer"] is True
    assert world.built.engine.fell_back == 1


async def test_a_failing_ordinary_resolver_takes_nothing_else_down(world: World) -> None:
    answer = await world.ask(
        f'{{ failing {ALIEN} {{ title }} movies(after: "x") {{ totalCount }} events {{ totalCount }} }}'
    )
    assert answer["data"] == {"failing": None, "movie": {"title": "Alien"}, "movies": None, "events": None}
    assert {error["path"][0]: error["extensions"]["code"] for error in answer["errors"]} == {
        "failing": "INTERNAL_ERROR",
        "movies": "BAD_CURSOR",
        "events": "UNAUTHENTICATED",
    }
    assert "nobody is to read this" not in json.dumps(answer)


async def test_introspection_goes_with_data(world: World) -> None:
    query = """{ __schema { queryType { name } } __type(name: "Movie") { name fields { name } }
      projections { name status lag { events seconds } handles } movies(first: 1) { nodes { id } } }"""
    data = await world.data(query, by="olga")
    assert data["__schema"] == {"queryType": {"name": "Query"}}
    assert {field["name"] for field in data["__type"]["fields"]} >= {"id", "title", "viewerState"}
    alone = await world.data("{ projections { name status lag { events seconds } handles } }", by="olga")
    assert data["projections"] == alone["projections"]


async def test_a_mutation_whose_payload_cannot_be_compiled_is_done_once(world: World) -> None:
    world.built.engine.sources = {
        key: source for key, source in world.built.sources.items() if key != ("Movie", "director")
    }
    given = f'input: {{ movieId: "Movie:{movie("unborn")}" }}'
    query = f"mutation {{ a: recordView({given}) {{ errors {{ code }} movie {{ title director }} }} }}"
    answer = await world.ask(query, by="bob")
    assert answer["data"]["a"] == {"errors": [], "movie": {"title": "Not made yet", "director": None}}
    assert world.built.engine.fell_back == 1
    history = "{ viewer { history(first: 1) { totalCount nodes { type movie { title } } } } }"
    data = await world.data(history, by="bob")
    assert data["viewer"]["history"] == {
        "totalCount": 7,
        "nodes": [{"type": "movie_viewed", "movie": {"title": "Not made yet"}}],
    }
