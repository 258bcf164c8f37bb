"""What messages recommend, as the log is told of it when they go out."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("""
    alter table user_recommendations
      add column model_id uuid,
      add column propensity double precision not null default 1 check (propensity > 0 and propensity <= 1);
    comment on column user_recommendations.model_id is 'The model that recommended it; null where that was not kept.';
    comment on column user_recommendations.propensity is 'The probability with which it came to stand at this rank.';

    alter table outbox add column slate jsonb;
    comment on column outbox.slate is
      'What it recommends: the model, and [rank, movie, score, propensity] of each; the slate''s id is that of the message.';
    """)


def downgrade() -> None:
    op.execute("""
    alter table outbox drop column slate;
    alter table user_recommendations drop column model_id, drop column propensity;
    """)
