-- Exports read what is kept of one person. Behind the wall of requests they could read what others show that person, too;
-- behind this one a row is theirs, or is not there.
set local projectionist.break_glass = 'on';
do $$
declare
  t record;
begin
  for t in select format('%I.%I', schemaname, tablename) as name, case tablename when 'users' then 'id' else 'user_id' end as person
             from pg_policies where policyname = 'wall_select' and schemaname in ('public', 'activity') loop
    execute format('create policy wall_export on %s as restrictive for select to projectionist_exporter '
                   'using (%I = any ((select acting_people())::uuid[]))', t.name, t.person);
  end loop;
end $$;

grant usage on schema public, read, activity to projectionist_exporter;
grant select on movies, events, idempotency_keys, texts, profiles, imported_users, user_recommendations,
  recommendation_reasons, imports, import_entries, notification_preferences, notification_rounds, outbox, chat_sessions,
  chat_messages, activity.actions, activity.details to projectionist_exporter;
-- neither passwords, nor digests, nor what signs in
do $$
declare
  t record;
begin
  for t in select attrelid::regclass as name, string_agg(quote_ident(attname), ', ') as columns from pg_attribute
            where attrelid in ('users'::regclass, 'sessions'::regclass, 'devices'::regclass) and attnum > 0 and not attisdropped
              and attname not in ('password_hash', 'email_digest', 'token_digest') group by 1 loop
    execute format('grant select (%s) on %s to projectionist_exporter', t.columns, t.name);
  end loop;
end $$;

-- Imports act for their person.
grant insert, update, delete on imports to projectionist_viewer;
grant insert, update on import_entries to projectionist_viewer;
reset projectionist.break_glass;
