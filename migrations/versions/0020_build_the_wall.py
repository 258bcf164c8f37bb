"""Row-level security: roles for those who act for people, and policies on all tables that have rows of a person.

The read tables get theirs when they are deployed: see projections/wall.py.
"""

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"

_SQL = Path(__file__).parent.parent / "sql"
_ROLES = "'projectionist_viewer', 'projectionist_accounts'"


def upgrade() -> None:
    op.execute((_SQL / "acting_roles.sql").read_text().replace("{roles}", _ROLES))
    op.execute((_SQL / "wall.sql").read_text())


def downgrade() -> None:
    op.execute((_SQL / "wall_before.sql").read_text())
