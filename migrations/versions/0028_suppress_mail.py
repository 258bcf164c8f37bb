"""Addresses that take no mail, and to which address a message went."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute("""
    alter table outbox add column email_digest bytea;
    comment on column outbox.email_digest is
      'Of an e-mail that was tried: the digest of the address that it went to, as accounts find it.';

    create table mail_suppressions (
      user_id uuid primary key references users on delete cascade,
      email_digest bytea not null,
      reason text not null check (reason in ('BOUNCED', 'COMPLAINED')),
      since timestamptz not null default now()
    );
    comment on table mail_suppressions is
      'Addresses that get no e-mail, for it came back or was called spam; each while it is the person''s.';
    grant select, insert, update, delete on mail_suppressions to projectionist_app;

    set local role projectionist_app;
    create function read.is_address_of(person uuid, digest bytea) returns boolean
      language sql stable security definer set search_path = read, public, pg_temp as $$
      select exists (select from users where id = person and coalesce(email_digest, sha256(email_sealed)) = digest) $$;
    revoke execute on function read.is_address_of from public;
    grant execute on function read.is_address_of to projectionist_viewer;
    reset role;

    alter table mail_suppressions enable row level security;
    create policy granted on mail_suppressions using (true) with check (true);
    create policy wall_select on mail_suppressions as restrictive for select to projectionist_viewer
      using (user_id = any ((select acting_people())::uuid[]));
    create policy wall_insert on mail_suppressions as restrictive for insert to projectionist_viewer
      with check (user_id = any ((select acting_people())::uuid[]));
    create policy wall_update on mail_suppressions as restrictive for update to projectionist_viewer
      using (user_id = any ((select acting_people())::uuid[]));
    create policy wall_delete on mail_suppressions as restrictive for delete to projectionist_viewer
      using (user_id = any ((select acting_people())::uuid[]));
    grant select, delete on mail_suppressions to projectionist_viewer;
    create policy wall_export on mail_suppressions as restrictive for select to projectionist_exporter
      using (user_id = any ((select acting_people())::uuid[]));
    grant select (user_id, reason, since) on mail_suppressions to projectionist_exporter;

    -- exports have no digests
    revoke select on outbox from projectionist_exporter;
    do $$
    begin
      execute format('grant select (%s) on outbox to projectionist_exporter',
        (select string_agg(quote_ident(attname), ', ') from pg_attribute
          where attrelid = 'outbox'::regclass and attnum > 0 and not attisdropped and attname <> 'email_digest'));
    end $$;
    """)


def downgrade() -> None:
    op.execute("""
    drop table mail_suppressions;
    drop function read.is_address_of;
    alter table outbox drop column email_digest;
    grant select on outbox to projectionist_exporter;
    """)
