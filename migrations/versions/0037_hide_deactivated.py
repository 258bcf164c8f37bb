"""Reviews and lists of deactivated people can be told from others."""

from pathlib import Path

from alembic import op

revision = "0037"
down_revision = "0036"

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute((_SQL / "hide_deactivated.sql").read_text())


def downgrade() -> None:
    op.execute("drop function read.is_deactivated")
