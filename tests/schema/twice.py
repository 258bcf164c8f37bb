"""The second opinion: an operation through plain Strawberry execution, and when two answers are the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isclose
from typing import Any

import orjson

from resolvers.answers import Answer, failed
from tests.world import World

Json = Any


async def plainly(
    world: World,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    by: str | None = None,
    name: str | None = None,
) -> Json:
    """Return the response to an operation that Strawberry executes field by field."""
    result = await world.built.strawberry.execute(
        query, variable_values=dict(variables or {}), context_value=world.context(by), operation_name=name
    )
    errors = getattr(result, "errors", None) or []
    shown = [failed(error, "second") for error in errors]
    return json.loads(Answer(orjson.dumps(getattr(result, "data", None)), shown).body())


def difference(one: Json, other: Json, path: str = "") -> str | None:
    """Return where two JSON values differ; numbers are compared by value. None when they are the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            return f"{path}: {list(one)} against {list(other)}"
        return next((d for key in one if (d := difference(one[key], other[key], f"{path}.{key}"))), None)
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{path}: {len(one)} items against {len(other)}"
        pairs = enumerate(zip(one, other, strict=True))
        return next((d for i, (a, b) in pairs if (d := difference(a, b, f"{path}[{i}]"))), None)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    if isclose(one, other) if numbers else one == other and type(one) is type(other):
        return None
    return f"{path}: {one!r} against {other!r}"


def errors_of(answer: Json) -> set[tuple[str, str]]:
    """Return the path and code of every error."""
    return {
        (json.dumps(error.get("path", [])), error["extensions"]["code"]) for error in answer.get("errors", ())
    }


def disagreement(compiled: Json, plain: Json) -> str | None:
    """Return how two responses differ, None when they say the same.

    Where errors take the whole of the data along, it is left open which of them is found first.
    """
    if found := difference(compiled["data"], plain["data"]):
        return found
    ours, theirs = errors_of(compiled), errors_of(plain)
    if compiled["data"] is None:
        return None if ours and theirs else f"errors: {ours} against {theirs}"
    return None if ours == theirs else f"errors: {ours} against {theirs}"
