"""What is asked: each document with variables, as a request over HTTP, and as the statement that it compiles to."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import schema
from benchmarks.catalogue import GENRES, MOVIES, PEOPLE, YEARS, movie, movie_sql, person, person_sql
from benchmarks.http_load import request
from benchmarks.servers import documents
from resolvers.documents import Operation
from resolvers.plan import bind, compile_plan
from resolvers.selection import Document, Values, form_of

Chance = random.Random

_COLON = re.compile(r"(?<!:):(?=\w)")


def _movie(chance: Chance) -> str:
    return f"Movie:{movie(chance.randint(1, MOVIES))}"


VARIABLES: Mapping[str, Callable[[Chance], dict[str, Any]]] = {
    "Movie": lambda chance: {"by": {"id": _movie(chance)}},
    "BrowseMovies": lambda chance: {
        "filter": {"genre": chance.choice(GENRES).lower()},
        "orderBy": "NEWEST",
        "first": 20,
    },
    "Refetch": lambda chance: {"id": _movie(chance)},
    "Home": lambda chance: {},
    "MyRatings": lambda chance: {"first": 20},
    "MyHistory": lambda chance: {"first": 20},
}
"""Each of a random person's requests."""


@dataclass(frozen=True)
class Question:
    """A document with variables and who asks; `name` is its operation's."""

    name: str
    variables: dict[str, Any]
    person: int
    document: str

    @classmethod
    def drawn(cls, name: str, chance: Chance) -> Question:
        """Return one of many like it."""
        return cls(name, VARIABLES[name](chance), chance.randint(1, PEOPLE), documents()[name])

    def request(self, signed: Sequence[str]) -> bytes:
        """Return it as a request over HTTP; `signed` are the people's tokens."""
        return request(self.document, self.name, self.variables, signed[self.person])


def requests(name: str, signed: Sequence[str], number: int) -> list[bytes]:
    """Return so many requests of different people; `signed` are the people's tokens."""
    chance = random.Random(name)
    return [Question.drawn(name, chance).request(signed) for _ in range(number)]


_SCRIPT = """\\set again random(1, 100)
\\if :fresh = 1 or :again = 1
\\set person random(1, {people})
\\set number random(1, {movies})
select {person} as viewer, {movie} as movie
\\gset
\\set fresh 0
\\endif
\\set year random({first}, {last})
{statement};
"""


def script(question: Question) -> tuple[str, dict[str, str]]:
    """Return the statement that a question compiles to as a script of `pgbench`, and the variables to define.

    A year is drawn anew each time. A client stays with a person and a movie for some hundred requests: texts can only
    come from the server, and to ask for them each time would cost a round trip.
    """
    statement, values = compiled(question)
    viewer = str(person(question.person))
    drawn = {viewer: "viewer", _movie_of(question): "movie", str(question.variables.get("year")): "year"}
    defined = {"fresh": "1", "viewer": viewer, "movie": viewer}
    # pgbench takes a colon before a letter for a variable, even in a literal
    statement = _COLON.sub(":' || '", statement)
    for number, value in enumerate(values, 1):
        name = drawn.get(value, f"value{number}")
        if value is not None:
            defined[name] = value
        # nor can it define a null
        put_in = "null::" if value is None else f":{name}::"
        statement = statement.replace(f"${number}::", put_in)
    text = _SCRIPT.format(
        people=PEOPLE,
        movies=MOVIES,
        person=person_sql(":person::integer"),
        movie=movie_sql(":number::integer"),
        first=YEARS[0],
        last=YEARS[-1],
        statement=statement,
    )
    return text, defined


def _movie_of(question: Question) -> str | None:
    given = question.variables.get("by", {}).get("id") or question.variables.get("id")
    return given.partition(":")[2] if given else None


def compiled(
    question: Question, roles: frozenset[str] = frozenset({"person"})
) -> tuple[str, list[str | None]]:
    """Return the statement for one request and its parameters. Raises RuntimeError for what does not compile."""
    built = schema.build()
    operation = built.engine.prepare(question.document, question.name, question.variables)
    if not isinstance(operation, Operation):
        raise RuntimeError(f"{question.name} is not an operation: {operation.errors}")
    forms = {name: form_of(value) for name, value in operation.variables.items()}
    document = Document(built.graphql, operation.node, operation.parsed.fragments, forms)
    plan = compile_plan(document, built.sources, roles, {})
    if plan.one is None:
        raise RuntimeError(f"{question.name} has no statement")
    values = bind(plan.parameters, Values(operation.variables, str(person(question.person))))
    return plan.one.sql.decode(), [None if value is None else value.decode() for value in values]
