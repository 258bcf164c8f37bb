"""Two kinds of movies, people who like the one or the other, and a recommender that was trained on them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg

from database.connect import connect
from events.pair import Reaction
from events.reactions import MovieReacted
from projections.deploy import deploy
from projections.follow import catch_up
from recsys.config import Config
from recsys.lifecycle import promote, train_model
from recsys.store import ModelStore
from tests.app.serving import Json, Served
from tests.events.writing import write

Conn = psycopg.Connection[tuple[Any, ...]]

KINDS = ("Horror", "Comedy")
EACH = 40
"""Movies of each kind."""
PEOPLE = 60
CONFIG: dict[str, Any] = {
    "dimensions": 8,
    "rounds": 8,
    "neighbors": 40,
    "popularity_weight": 0.3,
}


def film(kind: str, number: int) -> UUID:
    """The id of a movie, 1 to EACH."""
    return uuid5(UUID(int=20), f"{kind} {number}")


def genre_of(kind: str) -> UUID:
    """The id of a kind's genre."""
    return uuid5(UUID(int=21), kind)


def add_movie(conn: Conn, kind: str, number: int) -> None:
    """Add a movie of a kind; its year and runtime follow from its number."""
    conn.execute(
        "insert into movies (id, title, release_year, runtime_minutes, original_language)"
        " values (%s, %s, %s, %s, %s)",
        (
            film(kind, number),
            f"{kind} {number}",
            1980 + number,
            80 + number,
            "fr" if number % 4 == 0 else "en",
        ),
    )
    conn.execute(
        "insert into movie_genres (movie_id, genre_id, rank) values (%s, %s, 0)",
        (film(kind, number), genre_of(kind)),
    )


def settle(conn: Conn) -> None:
    """Add the movies and the people; the horrors with the least numbers are liked most."""
    for kind in KINDS:
        conn.execute(
            "insert into genres (id, name, slug) values (%s, %s, %s)", (genre_of(kind), kind, kind.lower())
        )
        for number in range(1, EACH + 1):
            add_movie(conn, kind, number)
    chance = random.Random(1)
    for person in range(PEOPLE):
        kind = KINDS[person % 2]
        for number in sorted(range(1, EACH + 1), key=lambda n: chance.random() * n)[: 12 - person % 2]:
            fact = MovieReacted(
                user_id=uuid5(UUID(int=22), str(person)),
                movie_id=film(kind, number),
                reaction=Reaction.LIKE,
                previous=None,
            )
            write(conn, fact)
    deploy(conn)
    catch_up(conn)


def train(conninfo: str, models: Path, *, serve: bool = True, seed: int = 1) -> UUID:
    """Train a recommender, and let it serve unless told otherwise; return its id."""
    with connect(conninfo) as conn:
        store = ModelStore(models)
        made = train_model(conn, store, Config(**CONFIG, seed=seed))
        if serve:
            promote(conn, store, made.model_id)
    return made.model_id


LIST = """query ($first: Int, $after: String, $algorithm: Algorithm! = BLEND, $filter: RecommendationFilter) {
  viewer { recommendations(first: $first, after: $after, algorithm: $algorithm, filter: $filter) {
    slateId totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor score algorithm node { id title } reasons { text amount because { id title } } }
  } }
}"""
REACT = """mutation ($id: ID!, $reaction: Reaction) {
  reactToMovie(input: { movieId: $id, reaction: $reaction }) { errors { code } }
}"""


@dataclass(frozen=True)
class Person:
    """Somebody who has signed up."""

    served: Served
    token: str

    async def ask(self, query: str, **variables: Any) -> Json:
        """Return the data of an operation that has no errors."""
        answer = await self.served.ask(query, token=self.token, variables=variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def react(self, kind: str, *numbers: int, reaction: str | None = "LIKE") -> None:
        """React to movies of a kind."""
        for number in numbers:
            done = await self.ask(REACT, id=f"Movie:{film(kind, number)}", reaction=reaction)
            assert done["reactToMovie"]["errors"] == []

    async def recommended(self, **variables: Any) -> Json:
        """Return the connection of recommendations."""
        return (await self.ask(LIST, **variables))["viewer"]["recommendations"]


def titles(recommended: Json) -> Sequence[str]:
    """Return what is recommended, by title."""
    return [edge["node"]["title"] for edge in recommended["edges"]]


def kinds(recommended: Json) -> Sequence[str]:
    """Return the kind of each movie that is recommended."""
    return [title.split()[0] for title in titles(recommended)]
