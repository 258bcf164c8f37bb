"""How commands fail: one line that says what to do, and an exit code that scripts can tell apart."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import psycopg
import typer
from psycopg import errors
from pydantic import ValidationError
from typer.core import TyperGroup

from accounts.masters import MasterKeyMissing
from accounts.passwords import TooBusy
from app.cli.console import say
from app.embedded import EmbeddedError
from app.manifest import BadManifest
from app.wheels import WheelUnavailable
from catalog.remote import Away, Denied
from catalog.rows import UnreadableRelease
from events.activity_months import FileDiffers, MonthChanged
from events.cluster import LogMoved
from events.errors import Rejected
from events.models import NothingToRollBack, UnknownModel
from events.safe_position import LogBusy
from imports.told import BadExport
from projections.rebuild import RebuildBusy, RebuildFailed
from recsys.errors import (
    BeyondTheLog,
    NoModelServes,
    NothingExplored,
    NothingServed,
    NothingToLearn,
    TrainingBusy,
)

REFUSED = 1
USAGE = 2
UNAVAILABLE = 3

NOT_MIGRATED = "The database is not ready for this version: run `projectionist migrate`."


class Refused(Exception):
    """The command cannot do what it was asked; the message says why and what to do."""


class WrongUse(Exception):
    """The arguments make no sense together; the message says what to give instead."""


class Commands(TyperGroup):
    """The root of all commands: what they raise is said here, in one line, and becomes the exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            said = explained(error)
            if said is None:
                raise
            message, code = said
            say(f"Error: {message}")
            raise typer.Exit(code) from error


def explained(error: Exception) -> tuple[str, int] | None:
    """Return what to say of an error and the exit code; None for what is not ours to explain."""
    # SQLAlchemy wraps what the driver says
    cause = getattr(error, "orig", None)
    error = cause if isinstance(cause, Exception) else error
    for kinds, code, message in _KNOWN:
        if isinstance(error, kinds):
            return message(error), code
    if isinstance(error, OSError) and error.errno != errno.EPIPE:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}.", REFUSED
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _as_said(error: Exception) -> str:
    return str(error)


def _docstring(error: Exception) -> str:
    said = str(error) or type(error).__doc__ or type(error).__name__
    return " ".join(said.split())


def _settings(error: Exception) -> str:
    assert isinstance(error, ValidationError)
    return "; ".join(f"{variable(fault['loc'])}: {_reason(fault['msg'])}" for fault in error.errors())


def variable(location: tuple[int | str, ...]) -> str:
    """The environment variable of a setting that a validation names."""
    name = str(location[0]) if location else "settings"
    return name if name.isupper() else f"PROJECTIONIST_{name.upper()}"


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")


def _away(error: Exception) -> str:
    return f"PostgreSQL cannot be reached, or went away: {_first_line(error)}. Is it running, is DATABASE_URL right?"


def _service_away(error: Exception) -> str:
    return f"The service cannot be reached ({_first_line(error)}). What came is in; the same command goes on later."


def _service_denies(error: Exception) -> str:
    return f"The service refuses to answer ({_first_line(error)}). Is the token, or key, right?"


def _not_allowed(error: Exception) -> str:
    return f"The database refuses it: {_first_line(error)}. Use a DATABASE_URL of the user who migrates."


_KNOWN: tuple[tuple[type[Exception] | tuple[type[Exception], ...], int, Callable[[Exception], str]], ...] = (
    (Refused, REFUSED, _as_said),
    (WrongUse, USAGE, _as_said),
    (ValidationError, USAGE, _settings),
    ((EmbeddedError, WheelUnavailable), UNAVAILABLE, _as_said),
    (TooBusy, UNAVAILABLE, _as_said),
    (Away, UNAVAILABLE, _service_away),
    (Denied, REFUSED, _service_denies),
    ((Rejected, UnreadableRelease, BadExport, BadManifest, MasterKeyMissing), REFUSED, _as_said),
    ((RebuildBusy, RebuildFailed, LogBusy, LogMoved, FileDiffers, MonthChanged), REFUSED, _docstring),
    (
        (BeyondTheLog, NoModelServes, NothingExplored, NothingServed, NothingToLearn, NothingToRollBack),
        REFUSED,
        _docstring,
    ),
    ((TrainingBusy, UnknownModel), REFUSED, _docstring),
    (
        (errors.UndefinedTable, errors.UndefinedFunction, errors.UndefinedColumn),
        REFUSED,
        lambda _: NOT_MIGRATED,
    ),
    (errors.InsufficientPrivilege, REFUSED, _not_allowed),
    (errors.LockNotAvailable, UNAVAILABLE, lambda _: "Somebody is using what has to be changed. Try again."),
    ((psycopg.OperationalError, psycopg.InterfaceError), UNAVAILABLE, _away),
)
