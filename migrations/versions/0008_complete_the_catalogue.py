"""The catalogue as full as its sources are: languages, people, ratings of others, and a search that forgives."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"

_SQL = Path(__file__).parent.parent / "sql"

_TOLD = ("movie_translations", "movie_credits", "people", "movie_certifications", "movie_external_ratings")


def upgrade() -> None:
    for name in ("search", "catalogue"):
        op.execute((_SQL / f"{name}.sql").read_text())
    for table in _TOLD:
        op.execute(f"""
        create trigger {table}_changed after insert or update or delete or truncate on {table}
          for each statement execute function catalogue_changed()
        """)


def downgrade() -> None:
    op.execute((_SQL / "catalogue_before.sql").read_text())
