"""Movies that an import of a person's made had their id for a title, which no other source could correct."""

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.execute("""
    update movies set title = '', told_by = told_by - 'title', updated_at = now()
     where title in (imdb_id, 'TMDb ' || tmdb_id) and told_by->>'title' in ('imdb', 'tmdb')
    """)


def downgrade() -> None:
    """Nothing: a movie without a title is a stub in the version before, too."""
