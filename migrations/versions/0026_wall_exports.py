"""A role of its own for exports, which reads one person's rows only; and imports act for their person.

The read tables get its policy when they are deployed: see projections/wall.py.
"""

from pathlib import Path

from alembic import op

revision = "0026"
down_revision = "0025"

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute((_SQL / "acting_roles.sql").read_text().replace("{roles}", "'projectionist_exporter'"))
    op.execute((_SQL / "export_wall.sql").read_text())


def downgrade() -> None:
    op.execute((_SQL / "export_wall_before.sql").read_text())
