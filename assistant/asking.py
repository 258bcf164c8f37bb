"""The assistant asks this server as any client does, on behalf of the person in the chat: what they may not, it may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from resolvers.answers import Answer
from resolvers.context import Context

MOVIE = "id title originalTitle releaseYear runtimeMinutes rating genres { name }"
"""What a tool selects of a movie."""


@dataclass(frozen=True, slots=True)
class Film:
    """A movie, as the catalogue has it."""

    id: str
    title: str
    original_title: str | None
    year: int | None
    runtime: int | None
    rating: float | None
    genres: tuple[str, ...]

    @property
    def uuid(self) -> UUID:
        """The key in its global id."""
        return UUID(self.id.partition(":")[2])

    @property
    def name(self) -> str:
        """What to call it: title and year, on one line."""
        title = " ".join(self.title.split())
        return f"{title} ({self.year})" if self.year else title


def film(node: Mapping[str, Any]) -> Film:
    """Return a selection of MOVIE."""
    return Film(
        id=node["id"],
        title=node["title"],
        original_title=node["originalTitle"],
        year=node["releaseYear"],
        runtime=node["runtimeMinutes"],
        rating=node["rating"],
        genres=tuple(genre["name"] for genre in node["genres"]),
    )


class Unanswered(Exception):
    """The server did not answer; the message is for people and says nothing of what was asked."""


async def ask(context: Context, document: str, variables: Mapping[str, Any]) -> Any:
    """Return the data of an operation. Raises Unanswered."""
    assert context.engine is not None
    operation = context.engine.prepare(document, None, variables)
    answer = operation if isinstance(operation, Answer) else await context.engine.run(operation, context)
    if answer.errors:
        raise Unanswered(answer.errors[0]["message"])
    return orjson.loads(answer.data or b"null")


async def movies(context: Context, field: str, variables: Mapping[str, Any], declared: str) -> list[Film]:
    """Return the movies of a connection that is a root field, called with these variables.

    Raises Unanswered.
    """
    data = await ask(context, f"query ({declared}) {{ found: {field} {{ nodes {{ {MOVIE} }} }} }}", variables)
    return [film(node) for node in data["found"]["nodes"] if node]


async def movies_by_id(context: Context, ids: list[UUID]) -> list[Film]:
    """Return movies by their keys, in that order, without those that are gone. Raises Unanswered."""
    document = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Movie {{ {MOVIE} }} }} }}"
    data = await ask(context, document, {"ids": [f"Movie:{each}" for each in ids]})
    return [film(node) for node in data["nodes"] if node]
