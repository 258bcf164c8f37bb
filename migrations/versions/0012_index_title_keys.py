"""Movies are found by what their titles have in common with those of other services."""

from alembic import op

revision = "0012"
down_revision = "0011"

_INDEXES = {"movies_title_key_idx": "title", "movies_original_title_key_idx": "original_title"}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, column in _INDEXES.items():
            op.execute(f"drop index if exists {name}")  # what a build that was cut short left
            op.execute(f"create index concurrently {name} on movies (title_key({column}))")


def downgrade() -> None:
    for name in _INDEXES:
        op.execute(f"drop index {name}")
