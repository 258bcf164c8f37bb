"""The replica of a command that reads much of the log and writes nothing: that of PROJECTIONIST_DATABASE_REPLICA_URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
from psycopg import errors

from app.cli.console import say
from app.cli.database import Conn, connected, session
from app.cli.errors import Refused
from app.cli.machine_checks import Check
from app.settings import Settings
from events.replica import Reading, ReplicaUnfit, read_there
from events.safe_position import LogBusy


@contextmanager
def reading(primary: Conn | None = None) -> Iterator[Reading]:
    """Give the replica with the end of the log, else the database itself, with a warning where a replica was set.

    What the replica gives is all that the database had when it was asked. Raises Refused where the replica itself ends
    what is read, since reading goes on where it began or not at all; LogBusy.
    """
    with ExitStack() as stack:
        found = stack.enter_context(connected()) if primary is None else primary
        source = _found(found, stack)
        if isinstance(source, str):
            say(f"Warning: the replica is passed over: {source}. The database itself is read.")
            source = Reading(found)
        try:
            yield source
        except errors.SerializationFailure:
            if source.conn is found:
                raise
            raise Refused(
                "The replica dropped rows that were being read. Set hot_standby_feedback = on there, and try again."
            ) from None


def check(primary: Conn) -> Check:
    """Whether commands read the replica."""
    try:
        with ExitStack() as stack:
            source = _found(primary, stack)
    except (LogBusy, psycopg.Error):
        source = "whether it has what the database has cannot be told now"
    if isinstance(source, str):
        remedy = "Commands read the database instead: see to it, or unset PROJECTIONIST_DATABASE_REPLICA_URL."
        return Check("replica", "warn", source, remedy)
    return Check("replica", "ok", "has what the database has" if source.safe is not None else "none is set")


def _found(primary: Conn, stack: ExitStack) -> Reading | str:
    """Return where to read, the database itself where no replica is set; else why the replica is not read."""
    settings = Settings()
    if settings.database_replica_url is None:
        return Reading(primary)
    try:
        replica = stack.enter_context(session(settings.database_replica_url))
        return read_there(primary, replica, most_lag_s=settings.replica_lag_s)
    except ReplicaUnfit as unfit:
        return str(unfit)
    except (psycopg.OperationalError, Refused):
        return "it does not let us in"
