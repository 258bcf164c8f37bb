"""The tables of the designs that this server replaces, as views: for programs that were built on them."""

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017"

_SQL = Path(__file__).parent.parent / "sql"
_DESIGNS = ("s0", "s1", "s2")


def upgrade() -> None:
    # the read tables are not there yet when a database is new
    op.execute("set local check_function_bodies = off")
    for design in _DESIGNS:
        op.execute((_SQL / f"compat_{design}.sql").read_text())
    op.execute("reset check_function_bodies")


def downgrade() -> None:
    for design in _DESIGNS:
        op.execute(f"drop schema compat_{design} cascade")
