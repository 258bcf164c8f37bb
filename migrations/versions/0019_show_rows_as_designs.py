"""What is kept, as the tables of designs S3 and S4: views, for programs that read such a database."""

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0018"

_SQL = Path(__file__).parent.parent / "sql"
_DESIGNS = ("s3", "s4")


def upgrade() -> None:
    # the read tables, which the functions name, are made after the migrations
    op.execute("set local check_function_bodies = off")
    for design in _DESIGNS:
        op.execute((_SQL / f"compat_{design}.sql").read_text())
    op.execute("set local check_function_bodies = on")


def downgrade() -> None:
    for design in _DESIGNS:
        op.execute(f"drop schema compat_{design} cascade")
