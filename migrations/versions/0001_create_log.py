"""The log: append-only by the database's own rules, partitioned by position."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for name in ("roles", "log", "log_guards", "log_ddl_guards"):
        op.execute((_SQL / f"{name}.sql").read_text())


def downgrade() -> None:
    raise RuntimeError(
        "The log cannot be taken back by a migration; restore a backup into a new database instead."
    )
