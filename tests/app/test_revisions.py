"""The migrations are known without Alembic as Alembic knows them."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from app.database import migrate, pending
from app.revisions import REVISIONS, migrate_if_pending, pending_after


def test_all_are_known_in_their_order(empty_database: str) -> None:
    assert pending(empty_database) == list(REVISIONS)
    assert migrate_if_pending(empty_database) == list(REVISIONS)
    assert migrate_if_pending(empty_database) == []
    assert pending_after([]) == list(REVISIONS)
    assert pending_after(REVISIONS[-1:]) == []


@pytest.mark.parametrize("at", REVISIONS)
def test_what_follows_a_revision(empty_database: str, at: str) -> None:
    migrate(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as conn:
        conn.execute("update alembic_version set version_num = %s", (at,))
    assert pending_after([at]) == pending(empty_database)


def test_a_server_does_without_the_libraries() -> None:
    heavy = {"alembic", "sqlalchemy", "pyarrow", "scipy", "lightfm"}
    code = f"import app.asgi, app.server, sys; sys.exit(bool({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
