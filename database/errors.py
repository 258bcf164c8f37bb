"""How a statement that was sent to PostgreSQL can fail."""

from __future__ import annotations

from psycopg import errors, pq
from psycopg.pq import abc


class DatabaseUnavailable(Exception):
    """The database cannot be reached, or the connection broke before the answer came."""


class StatementFailed(Exception):
    """PostgreSQL refused a statement; `sqlstate` says why."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(f"{sqlstate}: {message}")
        self.sqlstate = sqlstate
        self.kind: type[Exception] = errors.lookup(sqlstate) if _known(sqlstate) else errors.DatabaseError

    @classmethod
    def of(cls, result: abc.PGresult) -> StatementFailed:
        """Return what a failed result says."""
        sqlstate = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"XX000").decode()
        message = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"").decode(errors="replace")
        return cls(sqlstate, message)


def _known(sqlstate: str) -> bool:
    try:
        errors.lookup(sqlstate)
    except KeyError:
        return False
    return True
