"""What is personal is kept out of the samples that PostgreSQL's planner takes of columns: no erasure reaches them."""

import re
from pathlib import Path

from alembic import op

revision = "0033"
down_revision = "0032"

_SQL = Path(__file__).parent.parent / "sql"
_MONTHS = r"create function (activity\.add_months\b.*?\$\$;\n)"


def upgrade() -> None:
    op.execute((_SQL / "no_statistics.sql").read_text())


def downgrade() -> None:
    """Make months as before; what is sampled is the operator's to say."""
    found = re.search(_MONTHS, (_SQL / "activity.sql").read_text(), re.DOTALL)
    assert found
    op.execute(f"create or replace function {found[1]}")
