"""Mail about accounts: what is asked for, the tokens that links carry, and whose address is proved."""

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"

_SQL = Path(__file__).parent.parent / "sql"
_ONCE = "user_id, channel, period, (kind = 'WEEKLY_DIGEST'), device_id"
_OF_ACCOUNTS = "'PASSWORD_RESET', 'PASSWORD_CHANGED', 'EMAIL_VERIFICATION'"


def upgrade() -> None:
    # one digest a week and one alert a day, but any number of mails that a person asks for
    with op.get_context().autocommit_block():
        op.execute("drop index if exists outbox_once")  # what a build that was cut short left
        op.execute(
            f"create unique index concurrently outbox_once on outbox"
            f" ({_ONCE}, (case when kind in ({_OF_ACCOUNTS}) then id end)) nulls not distinct"
        )
    op.execute("drop index outbox_once_idx")
    op.execute("alter index outbox_once rename to outbox_once_idx")
    op.execute((_SQL / "account_mails.sql").read_text())


def downgrade() -> None:
    op.execute(f"""
    drop table mail_requests, mail_tokens;
    alter table users drop column email_verified_at;
    delete from outbox where kind in ({_OF_ACCOUNTS});
    drop index outbox_once_idx;
    create unique index outbox_once_idx on outbox ({_ONCE}) nulls not distinct;
    alter table outbox drop column link_token_sealed, drop constraint outbox_kind_check,
      add check (kind in ('WEEKLY_DIGEST', 'RECOMMENDATIONS', 'TRENDING'));
    """)
