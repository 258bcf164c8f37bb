"""Which stored recommendations were shown: the log is told of each once."""

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute("""
    alter table user_recommendations add column shown_at timestamptz;
    comment on column user_recommendations.shown_at is 'When the log was told that a page of the person''s showed it.';
    """)


def downgrade() -> None:
    op.execute("alter table user_recommendations drop column shown_at")
