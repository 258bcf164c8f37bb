"""`projectionist`: every command, its help, and how it ends.

Exit codes: 0 done; 1 a check failed or the command was refused; 2 wrong use; 3 a service is away; 130 Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from app.cli import (
    activity,
    catalogue_imports,
    doctor,
    documents,
    evaluation,
    events,
    imports,
    keys,
    movies,
    notifications,
    projections,
    recsys,
    remote_imports,
    server,
    users,
)
from app.cli.console import answer, say
from app.cli.errors import REFUSED, Commands

commands = typer.Typer(
    name="projectionist",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A GraphQL backend for movie recommendations, on an append-only log of what people do.",
    epilog="Begin with: projectionist serve --demo. Exit codes: 0 done, 1 refused or a check failed, 2 wrong use, "
    "3 a service is away, 130 Ctrl-C.",
)
server.add_to(commands)
catalogue_imports.add_to(imports.commands)
remote_imports.add_to(imports.commands)
commands.add_typer(imports.commands, name="import")
commands.add_typer(events.commands, name="events")
commands.add_typer(projections.commands, name="projections")
commands.add_typer(activity.commands, name="activity")
evaluation.add_to(recsys.commands)
commands.add_typer(recsys.commands, name="recsys")
commands.add_typer(movies.commands, name="movies")
commands.add_typer(users.commands, name="users")
commands.add_typer(keys.commands, name="keys")
commands.add_typer(notifications.commands, name="notifications")
commands.add_typer(documents.commands, name="documents")
doctor.add_to(commands)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        answer(version("projectionist"))
        raise typer.Exit


@commands.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options of all commands."""


def main() -> None:
    """Run the command line of this process; SIGTERM ends it as Ctrl-C does, so that embedded servers are stopped."""
    signal.signal(signal.SIGTERM, _end)
    try:
        commands()
    except Exception as bug:
        if os.environ.get("PROJECTIONIST_LOG_LEVEL") == "debug":
            raise
        said = (str(bug).strip() or "no further word").splitlines()[0]
        say(f"Error: {type(bug).__name__}: {said}. A bug: PROJECTIONIST_LOG_LEVEL=debug shows where.")
        sys.exit(REFUSED)


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)
