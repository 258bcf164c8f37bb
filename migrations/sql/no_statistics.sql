-- The planner keeps samples of what columns hold, and nothing takes out of them what a row no longer says: names, texts
-- and wrapped keys of people who were erased would stay there until somebody analyzes the table again.
set local projectionist.break_glass = 'on';
do $$
declare
  c record;
begin
  for c in
    select a.attrelid, a.attnum, a.attname, n.nspname, r.relname, r.relkind
      from (values ('users', '{email,email_key,email_sealed,email_digest,username,username_key,password_hash}'),
                   ('users_username_as_varchar_idx', '{username}'),
                   ('profiles', '{first_name,last_name,bio,avatar_url,preferred_language,languages,time_zone,country,
                                  phone_sealed,date_of_birth_sealed}'),
                   ('devices', '{token_sealed,token_digest}'),
                   ('sessions', '{token_digest}'),
                   ('user_keys', '{wrapped}'),
                   ('texts', '{body}'),
                   ('idempotency_keys', '{key,request}'),
                   ('imported_users', '{external_id}'),
                   ('imports', '{skipped}'),
                   ('import_entries', '{title,key}'),
                   ('recommendation_reasons', '{text}'),
                   ('outbox', '{content_sealed,link_token_sealed,email_digest,slate}'),
                   ('mail_requests', '{email_digest}'),
                   ('mail_tokens', '{token_digest,email_digest}'),
                   ('mail_suppressions', '{email_digest}'),
                   ('chat_messages', '{text_sealed}'),
                   ('notification_preferences', '{time_zone}'),
                   ('notification_rounds', '{time_zone}'),
                   ('activity.details', '{phrase,address,user_agent,referrer}')) as personal (name, columns)
      join pg_class r on r.oid = personal.name::regclass
                      or r.oid in (select inhrelid from pg_inherits where inhparent = personal.name::regclass)
      join pg_namespace n on n.oid = r.relnamespace
      join pg_attribute a on a.attrelid = r.oid and a.attname = any (personal.columns::text[])
  loop
    if c.relkind = 'i' then
      execute format('alter index %I.%I alter column %s set statistics 0', c.nspname, c.relname, c.attnum);
    else
      execute format('alter table %I.%I alter column %I set statistics 0', c.nspname, c.relname, c.attname);
    end if;
    -- what is there already; before PostgreSQL 18 a superuser alone can take it out
    if current_setting('server_version_num')::integer >= 180000 then
      perform pg_clear_attribute_stats(c.nspname, c.relname, c.attname, false);
      perform pg_clear_attribute_stats(c.nspname, c.relname, c.attname, true);
    elsif (select rolsuper from pg_roles where rolname = current_user) then
      delete from pg_statistic where starelid = c.attrelid and staattnum = c.attnum;
    end if;
  end loop;
end $$;
reset projectionist.break_glass;

-- A month that is made later does not take it from its table.
create or replace function activity.add_months(ahead integer default 3) returns integer
  language plpgsql set search_path = public, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
  parent text;
  low    date;
  made   integer := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('activity.add_months', 0));
  foreach parent in array array['actions', 'details'] loop
    for n in 0..ahead loop
      low := date_trunc('month', now()) + make_interval(months => n);
      if to_regclass(format('activity.%I', parent || to_char(low, '_YYYY_MM'))) is null then
        execute format('create table activity.%I partition of activity.%I for values from (%L) to (%L)',
                       parent || to_char(low, '_YYYY_MM'), parent, low, low + interval '1 month');
        if parent = 'details' then
          execute format('alter table activity.%I alter phrase set statistics 0, alter address set statistics 0,'
                         ' alter user_agent set statistics 0, alter referrer set statistics 0',
                         parent || to_char(low, '_YYYY_MM'));
        end if;
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;
