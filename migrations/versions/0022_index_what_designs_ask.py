"""Programs of the designs look people and movies up by numbers, names and texts of ids: without reading them all."""

from pathlib import Path

from alembic import op

revision = "0022"
down_revision = "0021"

_SQL = Path(__file__).parent.parent / "sql"
_INDEXES = (
    *("users_database_id_as_bigint_idx", "users_username_as_varchar_idx", "users_id_as_text_idx"),
    *("movies_database_id_as_bigint_idx", "movies_id_as_text_idx", "movies_title_as_varchar_idx"),
    *("movies_released_idx", "movies_most_popular_idx"),
)


def upgrade() -> None:
    op.execute((_SQL / "compat_indexes.sql").read_text())


def downgrade() -> None:
    for name in _INDEXES:
        op.execute(f"drop index {name}")
    # as they were made: the newer ones serve the version before as well
