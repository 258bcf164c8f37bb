"""That a mail server took a message, at once: who dies before the log is told of it leaves nothing to send again."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute("""
    alter table outbox add column taken_at timestamptz;
    comment on column outbox.taken_at is 'When a mail server took it, whether or not the log was told of that yet.';
    grant select (taken_at) on outbox to projectionist_exporter;
    """)


def downgrade() -> None:
    op.execute("alter table outbox drop column taken_at")
