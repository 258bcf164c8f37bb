"""The schema: what clients see. `schema.graphql` beside this file is printed from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from inspect import isawaitable
from pathlib import Path
from typing import Any

import strawberry
from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLSchema,
    GraphQLStreamDirective,
    experimental_execute_incrementally,
)
from strawberry.schema.config import StrawberryConfig

from resolvers.documents import Operation
from resolvers.engine import Engine
from resolvers.fragments import Fragments
from resolvers.introspection import SchemaAnswers
from resolvers.limits import Limits
from resolvers.mapping import Sources
from resolvers.parts import at_once
from schema.descriptions import describe
from schema.fields import sources_of
from schema.mutations import Mutation
from schema.queries import Query
from schema.scalars import SCALARS
from schema.subscriptions import Subscription

SDL = Path(__file__).with_name("schema.graphql")


class _Schema(strawberry.Schema):
    """Errors are formatted and logged by the engine, with the request's id and without internals."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Do nothing: see the class."""


@dataclass(frozen=True)
class Built:
    """A schema with its mapping and the engine that runs it."""

    strawberry: strawberry.Schema
    graphql: GraphQLSchema
    sources: Sources
    engine: Engine


@cache
def _schema(query: type) -> _Schema:
    """Return the schema, made once a process: nothing in it is of a server."""
    schema = _Schema(
        query=query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS, enable_experimental_incremental_execution=True),
    )
    graphql = schema._schema  # noqa: SLF001 - Strawberry has no public way to the schema it built
    # it comes with @defer; answers are split by the engine, and never by an executor
    graphql.directives = tuple(each for each in graphql.directives if each is not GraphQLStreamDirective)
    for kind in graphql.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            # Strawberry checks this by itself in its own execution only
            kind.is_one_of = kind.extensions["strawberry-definition"].is_one_of
    describe(graphql)
    return schema


def build(
    *,
    poster_base_url: str = "https://image.tmdb.org/t/p/w500",
    limits: Limits | None = None,
    query: type = Query,
    fragments: Fragments | None = None,
) -> Built:
    """Return the schema, ready to run; `query` may be a subclass of Query with more fields.

    With `fragments`, movies that were rendered are kept there.
    """
    schema = _schema(query)
    graphql = schema._schema  # noqa: SLF001 - Strawberry has no public way to the schema it built
    sources = sources_of(graphql, poster_base_url=poster_base_url)

    answers = SchemaAnswers()

    async def execute(operation: Operation, context: Any) -> tuple[Any, list[GraphQLError]]:
        known = answers.get(operation)
        if known is not None:
            return known, []
        # plain `execute` takes no schema that has @defer
        running = experimental_execute_incrementally(
            graphql,
            at_once(operation),
            variable_values=dict(operation.raw),
            context_value=context,
        )
        result: Any = await running if isawaitable(running) else running
        if not result.errors:
            answers.keep(operation, result.data)
        return result.data, result.errors or []

    return Built(schema, graphql, sources, Engine(graphql, sources, execute, limits or Limits(), fragments))


def sdl() -> str:
    """Return the schema in the schema definition language."""
    return build().strawberry.as_str() + "\n"
