"""Activity: what people and visitors do that is no event, and what is personal of it, by month."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute((_SQL / "activity.sql").read_text())
    # by the application's role, which must own the months that it drops one day
    op.execute("set local role projectionist_app")
    op.execute("select activity.add_months()")
    op.execute("reset role")


def downgrade() -> None:
    op.execute("drop schema activity cascade; revoke references on users, movies from projectionist_app")
