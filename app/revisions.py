"""Which migrations there are, and which a database lacks: known without the libraries that apply them.

Those take 26 MB, which a server would keep for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psycopg

import migrations

REVISIONS = tuple(
    sorted(file.name[:4] for file in (Path(migrations.__file__).parent / "versions").glob("[0-9]*.py"))
)
"""Each follows the one before it."""


def pending_after(applied: Sequence[str]) -> list[str]:
    """Return the revisions that follow those a database says it is at, oldest first."""
    return [revision for revision in REVISIONS if revision > max(applied, default="")]


def migrate_if_pending(conninfo: str) -> list[str]:
    """Apply what is pending and return those revisions, oldest first."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        is_new = conn.execute("select to_regclass('alembic_version') is null").fetchone() == (True,)
        applied = [] if is_new else [r for (r,) in conn.execute("select version_num from alembic_version")]
    if not pending_after(applied):
        return []
    from app.database import migrate

    return migrate(conninfo)
