"""Words of titles and overviews are told apart in one way, whatever signs stand between them."""

from pathlib import Path

from alembic import op

revision = "0035"
down_revision = "0034"

_SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute((_SQL / "search_words.sql").read_text())


def downgrade() -> None:
    op.execute((_SQL / "search_words_before.sql").read_text())
