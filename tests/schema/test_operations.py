"""The documents in tests/operations: each runs as it stands, and says what the JSON beside it says.

A case is an operation, who asks it, its variables, its answer in full, and how many statements it takes. The cases of
a file are one story over one catalogue: `=Rate.rateMovie.event.id` stands for a value of an earlier answer.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, OperationType, parse

import schema
from accounts.keys import HOUSE
from resolvers.documents import Operation
from resolvers.fragments import Fragments
from tests.catalogue import PEOPLE, person
from tests.counting import counted
from tests.schema.twice import disagreement, plainly
from tests.world import World, opened, settled

FOLDER = Path(__file__).parent.parent / "operations"
FILES = sorted(path.stem for path in FOLDER.glob("*.graphql"))


def operations(document: str) -> dict[str, OperationType]:
    """Return the operations of a document by name."""
    return {
        node.name.value: node.operation
        for node in parse(document).definitions
        if isinstance(node, OperationDefinitionNode) and node.name
    }


def filled(value: Any, answers: dict[str, Any]) -> Any:
    """Return variables with the values of earlier answers in their places."""
    match value:
        case dict():
            return {name: filled(inner, answers) for name, inner in value.items()}
        case list():
            return [filled(inner, answers) for inner in value]
        case str() if value.startswith("="):
            found: Any = answers
            for name in value[1:].split("."):
                found = found[name]
            return found
        case _:
            return value


def feeds(world: World, document: str, given: Any, case: Any) -> int:
    """Return how many lists of a query come from Python: each reads what the person said, before the statement."""
    engine = world.built.engine
    operation = engine.prepare(document, case["operation"], given)
    assert isinstance(operation, Operation)
    return len(engine._plan(operation, world.context(case["by"]).roles, None).feeds) if case["by"] else 0


@pytest.mark.parametrize("file", FILES)
async def test_k113_operations_answer_what_is_written_beside_them_in_as_many_statements(
    world: World, file: str, subtests: pytest.Subtests
) -> None:
    document = (FOLDER / f"{file}.graphql").read_text()
    answers: dict[str, Any] = {}
    # a data key is asked for once a minute, and not by each request
    await world.services.keys.get(world.services.pool, [HOUSE, *map(person, PEOPLE)])
    for case in json.loads((FOLDER / f"{file}.json").read_text()):
        name = case["operation"]
        with subtests.test(msg=name):
            given = filled(case["variables"], answers)
            with counted() as sent:
                answer = await world.ask(document, given, by=case["by"], name=name)
            answers[name] = answer["data"]
            assert settled(answer) == case["answer"]
            assert len(sent) == case["statements"], sent
            if operations(document)[name] is OperationType.QUERY:
                assert case["statements"] == 1 + feeds(world, document, given, case)
                assert (
                    disagreement(answer, await plainly(world, document, given, by=case["by"], name=name))
                    is None
                )


@pytest.mark.parametrize("file", FILES)
async def test_answers_are_the_same_with_movies_that_are_kept(conninfo: str, file: str) -> None:
    fragments = Fragments(10_000_000)
    fragments.told(True)  # the stories change nothing of the catalogue
    document = (FOLDER / f"{file}.graphql").read_text()
    answers: dict[str, Any] = {}
    async with opened(conninfo, schema.build(fragments=fragments)) as world:
        for case in json.loads((FOLDER / f"{file}.json").read_text()):
            name = case["operation"]
            given = filled(case["variables"], answers)
            for _ in range(2 if operations(document)[name] is OperationType.QUERY else 1):
                answer = await world.ask(document, given, by=case["by"], name=name)
                assert settled(answer) == case["answer"]
            answers[name] = answer["data"]
    # a movie card of the contract says where the movie stands for the viewer
    assert any(selection.kept for selection in fragments.selections()) is (file == "everything")


@pytest.mark.parametrize("file", FILES)
def test_every_operation_has_a_case(file: str) -> None:
    named = operations((FOLDER / f"{file}.graphql").read_text())
    cases = {case["operation"] for case in json.loads((FOLDER / f"{file}.json").read_text())}
    assert cases == {name for name, kind in named.items() if kind is not OperationType.SUBSCRIPTION}
