"""`projectionist doctor`: is everything as it should be, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated

import psycopg
import typer
from pydantic import ValidationError

from app.cli import replica
from app.cli.checks import of_the_database
from app.cli.console import OUT, Json, answer, answer_json
from app.cli.database import database, session
from app.cli.errors import REFUSED, explained
from app.cli.machine_checks import OF_THE_MACHINE, Check
from app.cli.progress import rebuild_shown, steps_shown
from app.embedded import EmbeddedError
from app.settings import Settings
from events.cluster import has_moved, rebase
from projections.deploy import deploy

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    moved: Annotated[
        bool,
        typer.Option(
            "--rebase",
            help="After a restore into another cluster: settle the log here and rebuild every projection. "
            "Stop servers and workers first; needs the user who migrates.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check settings, disk, PostgreSQL, Redis, guards, projections, seals, recommender: exit 1 when a check fails."""
    if moved:
        _rebase()
    found = []
    for check in _checks():
        found.append(check)
        if not as_json:
            _print(check)
    if as_json:
        answer_json(found)
    if any(check.status == "fail" for check in found):
        raise typer.Exit(REFUSED)


def _print(check: Check) -> None:
    OUT.print(f"{check.status:<4}", style=_COLOURS[check.status], end=" ")
    answer(f"{check.name}: {check.found}.{' ' + check.remedy if check.remedy else ''}")


def _checks() -> Iterator[Check]:
    try:
        settings = Settings()
    except ValidationError as error:
        yield Check("settings", "fail", _said(error), "Correct these variables of the environment.")
        return
    yield Check("settings", "ok", "understood")
    for check in OF_THE_MACHINE:
        yield check(settings)
    try:
        with database(settings) as conninfo, _any_session(conninfo) as conn:
            yield from of_the_database(conninfo, conn, settings)
            yield replica.check(conn)
    except (psycopg.Error, EmbeddedError) as error:
        remedy = "Start it, or correct DATABASE_URL." if settings.database_url else "See its server.log."
        yield Check("postgresql", "fail", _said(error), remedy)


def _any_session(conninfo: str) -> psycopg.Connection[tuple[object, ...]]:
    """As the application where its role is there, else as whoever DATABASE_URL says."""
    with suppress(Exception):
        return session(conninfo)
    return psycopg.connect(conninfo, autocommit=True)


def _said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return (explained(error) or ("",))[0]
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _rebase() -> None:
    with database() as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as owner:
            if not has_moved(owner):
                answer("The log is at home: nothing to rebase.")
                return
            settled = rebase(owner)
        with session(conninfo) as conn, steps_shown() as tell:
            built = deploy(conn, on_progress=rebuild_shown(tell))
    answer(f"The log is settled up to position {settled:,}; rebuilt: {', '.join(built)}.")


def add_to(commands: typer.Typer) -> None:
    """Register the command."""
    commands.command(epilog="Example: projectionist doctor --json")(doctor)
