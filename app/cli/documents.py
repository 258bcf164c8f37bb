"""`projectionist documents`: whether the documents of a manifest run on this version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from graphql import OperationDefinitionNode, parse

import schema
from app.cli.console import Json, answer, answer_json
from app.cli.errors import REFUSED
from app.manifest import Trusted, load
from resolvers.answers import Answer
from resolvers.engine import Engine
from resolvers.errors import BadInput

commands = typer.Typer(no_args_is_help=True, help="Trusted documents: the only ones that a server may run.")


@commands.command(epilog="Example: projectionist documents check persisted-query-manifest.json --json")
def check(
    manifest: Annotated[Path, typer.Argument(help="A manifest of Apollo's or Relay's tools.")],
    as_json: Json = False,
) -> None:
    """Check each document of a manifest against the schema of this version; exit 1 where one would not run."""
    documents = load(manifest)
    found = list(_faults(documents))
    if as_json:
        listed = [{"id": one.id, "name": one.name, "fault": fault} for one, fault in found]
        answer_json({"documents": len(documents), "faults": listed})
    elif not found:
        answer(f"All {len(documents)} documents run.")
    else:
        for one, fault in found:
            answer(f"{one.name or 'unnamed'} ({one.id}): {fault}")
    if found:
        raise typer.Exit(REFUSED)


def _faults(documents: Sequence[Trusted]) -> Iterator[tuple[Trusted, str]]:
    engine = schema.build().engine
    texts: dict[str, str] = {}
    for one in documents:
        if texts.setdefault(one.id, one.body) != one.body:
            yield one, "Another document has the same id."
        for fault in _faults_of(one, engine):
            yield one, fault


def _faults_of(one: Trusted, engine: Engine) -> list[str]:
    prepared = engine.prepare(one.body, one.name, {})
    if isinstance(prepared, Answer):
        # variables are not known here, so those that are missing are no fault
        faults = [error for error in prepared.errors if error["extensions"]["code"] != BadInput.code]
        if faults:
            return [_said(error) for error in faults]
    definitions = parse(one.body).definitions
    kinds = {node.operation.value for node in definitions if isinstance(node, OperationDefinitionNode)}
    return [f"It is no {one.type}."] if one.type and one.type not in kinds else []


def _said(error: dict[str, object]) -> str:
    places = error.get("locations")
    where = f" (line {places[0]['line']}, column {places[0]['column']})" if isinstance(places, list) else ""
    return f"{error['message']}{where}"
