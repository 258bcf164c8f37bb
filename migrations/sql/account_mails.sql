alter table users add column email_verified_at timestamptz;
comment on column users.email_verified_at is
  'When the person showed that e-mail to their address reaches them; null again with another address.';
grant select (email_verified_at) on users to projectionist_viewer, projectionist_exporter;

alter table outbox add column link_token_sealed bytea, drop constraint outbox_kind_check,
  add check (kind in ('WEEKLY_DIGEST', 'RECOMMENDATIONS', 'TRENDING',
                      'PASSWORD_RESET', 'PASSWORD_CHANGED', 'EMAIL_VERIFICATION'));
comment on column outbox.link_token_sealed is 'What the link of the e-mail carries, until it is handed over.';

-- Whoever asks for a reset is a stranger: the row is of an address, be it anybody's or not, and a worker looks whose.
create table mail_requests (
  id uuid primary key,
  kind text not null check (kind in ('PASSWORD_RESET', 'PASSWORD_CHANGED', 'EMAIL_VERIFICATION')),
  user_id uuid references users on delete cascade,
  email_digest bytea,
  asked_at timestamptz not null default now(),
  check (num_nonnulls(user_id, email_digest) = 1)
);
comment on table mail_requests is 'E-mail about accounts that a worker is to make: each is gone within seconds.';

create table mail_tokens (
  user_id uuid references users on delete cascade,
  kind text check (kind in ('PASSWORD_RESET', 'EMAIL_VERIFICATION')),
  token_digest bytea not null constraint mail_tokens_token_digest_key unique,
  email_digest bytea not null,
  notification_id uuid not null,
  expires_at timestamptz not null,
  primary key (user_id, kind)
);
comment on table mail_tokens is
  'What lets in whoever was sent it, once: the newest of each kind, for the address that it was made for.';
grant select, insert, update, delete on mail_requests, mail_tokens to projectionist_app;
grant insert on mail_requests to projectionist_accounts;
grant select, delete on mail_tokens to projectionist_accounts;
grant select (id, kind, user_id, asked_at) on mail_requests to projectionist_exporter;
grant select (user_id, kind, notification_id, expires_at) on mail_tokens to projectionist_exporter;

do $$
declare
  name text;
begin
  foreach name in array array['mail_requests', 'mail_tokens'] loop
    execute format('alter table %I enable row level security', name);
    execute format('create policy granted on %I using (true) with check (true)', name);
    execute format('create policy wall_select on %I as restrictive for select to projectionist_viewer '
                   'using (user_id = any ((select acting_people())::uuid[]))', name);
    execute format('create policy wall_insert on %I as restrictive for insert to projectionist_viewer '
                   'with check (user_id = any ((select acting_people())::uuid[]))', name);
    execute format('create policy wall_update on %I as restrictive for update to projectionist_viewer '
                   'using (user_id = any ((select acting_people())::uuid[]))', name);
    execute format('create policy wall_delete on %I as restrictive for delete to projectionist_viewer '
                   'using (user_id = any ((select acting_people())::uuid[]))', name);
    execute format('create policy wall_export on %I as restrictive for select to projectionist_exporter '
                   'using (user_id = any ((select acting_people())::uuid[]))', name);
    execute format('create policy wall_accounts on %I as restrictive to projectionist_accounts using '
                   '((select acting_people()) is null or user_id = any ((select acting_people())::uuid[]))', name);
  end loop;
end $$;
