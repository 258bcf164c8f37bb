"""What an erasure did, and the only way to take idempotency keys out: those of somebody who was erased."""

from alembic import op

revision = "0014"
down_revision = "0013"

_TABLE = """
create table erasures (
  user_id       uuid        primary key,
  id            uuid        not null unique,
  asked_by      text        not null check (asked_by in ('person', 'operator')),
  erased_at     timestamptz not null default now(),
  position      bigint      not null,
  rows          jsonb       not null,
  withdrawn     bigint      not null default 0,
  after_movie   uuid,
  finished_at   timestamptz
);
comment on table erasures is 'Who was erased, and what that took away: counts only. An id that is here is nobody any more.';
grant select, insert, update on erasures to projectionist_app;
create index on erasures (erased_at) where finished_at is null;
"""
_FUNCTION = """
create function forget_idempotency_keys(person uuid) returns void
language sql security definer set search_path = pg_catalog
as $$
  delete from public.idempotency_keys k using public.events e
   where k.user_id = person and e.user_id = person and e.type = 'user_erased';
$$;
alter function forget_idempotency_keys owner to projectionist_log;
revoke execute on function forget_idempotency_keys from public;
grant execute on function forget_idempotency_keys to projectionist_app;
comment on function forget_idempotency_keys is 'Keys say what was asked for, with its texts; those of the living stay.';
"""


def upgrade() -> None:
    op.execute(_TABLE)
    op.execute(_FUNCTION)


def downgrade() -> None:
    op.execute("drop function forget_idempotency_keys; drop table erasures")
