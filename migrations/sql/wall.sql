-- The second wall. Sessions that act for people have a role of their own, and the ids of those people in a setting that
-- ends with the transaction; restrictive policies hold that role to rows that these people may see. For other roles the
-- permissive policies say yes, and their grants say what they may do.
create function acting_people() returns uuid[] language sql stable parallel safe as $$
  select nullif(current_setting('app.current_user_ids', true), '')::uuid[] $$;
comment on function acting_people is 'Whom the statement acts for; null for a stranger.';
create function acting_reads_log() returns boolean language sql stable parallel safe as $$
  select current_setting('app.reads_log', true) is not distinct from 'on' $$;
comment on function acting_reads_log is 'Whether the statement acts for somebody who may read the log.';

-- Rules that need other tables. Each is asked by a policy for rows that are neither own nor public, and runs as the
-- application, or the policies of two tables would ask each other without end. Bodies are text: the read tables are
-- replaced by rebuilds, and are not there yet when a database is new.
set local check_function_bodies = off;
set local role projectionist_app;

create function read.follows_person(person uuid) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select exists (select from follows where user_id = any (acting_people()) and followee_id = person
                                       and status = 'FOLLOWING') $$;
create function read.is_tied_to(person uuid) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select exists (select from follows where user_id = any (acting_people()) and followee_id = person
                                       and status is not null)
      or exists (select from follows where user_id = person and followee_id = any (acting_people())
                                       and status is not null) $$;
create function read.shows_person(person uuid) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select exists (select from users where id = person and deactivated_at is null and privacy <> 'PRIVATE') $$;
create function read.opens_person(person uuid) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select exists (select from users where id = person and deactivated_at is null
                   and (privacy = 'PUBLIC' or privacy = 'FOLLOWERS' and follows_person(person))) $$;
create function read.works_on(list uuid) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select exists (select from list_members where list_id = list and member_id = any (acting_people())
                                            and state = 'JOINED') $$;
create function read.sees_list(list uuid) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select exists (select from lists l where l.list_id = list and (l.user_id = any (acting_people()) or l.is_active and (
                   l.visibility in ('PUBLIC', 'UNLISTED')
                   or exists (select from list_members m where m.list_id = list and m.member_id = any (acting_people())
                                                           and m.state <> 'LEFT')
                   or l.visibility = 'FOLLOWERS' and follows_person(l.user_id)))) $$;
create function read.reads_text(text_id uuid, kind text) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select case kind
    when 'REVIEW' then exists (select from reviews r where r.text_id = reads_text.text_id and r.is_active and (
                                 r.audience = 'PUBLIC' or r.audience = 'FOLLOWERS' and follows_person(r.user_id)))
    when 'NOTE' then exists (select from list_items i where i.note_id = text_id and i.is_active and sees_list(i.list_id))
    when 'TITLE' then exists (select from lists l where l.title_id = text_id and sees_list(l.list_id))
    when 'DESCRIPTION' then exists (select from lists l where l.description_id = text_id and sees_list(l.list_id))
    else false end $$;

-- What everybody may know of one row without seeing others of its table.
create function read.username_of(person uuid) returns text
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select username from users where id = person $$;
create function read.linked_by(link text) returns uuid
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select id from texts where kind = 'LINK' and body = link $$;

revoke execute on all functions in schema read from public;
grant execute on all functions in schema read to projectionist_viewer;
reset role;
reset check_function_bodies;

grant usage on schema public, read to projectionist_viewer, projectionist_accounts;
grant usage on schema activity to projectionist_viewer;

-- The log refuses DDL, this one, too, unless it is a superuser's who means it.
set local projectionist.break_glass = 'on';

-- Tables with rows of a person, whose own they are by this column. Others' rows that a person may read are said beside.
do $$
declare
  t record;
  mine text;
begin
  for t in select * from (values
      ('users', 'id', $r$deactivated_at is null and privacy <> 'PRIVATE' or read.is_tied_to(id)$r$),
      ('profiles', 'user_id', 'read.opens_person(user_id)'),
      ('texts', 'user_id', 'read.reads_text(id, kind)'),
      ('events', 'user_id', $r$type = 'user_erased' or (select acting_reads_log())$r$),
      ('idempotency_keys', 'user_id', 'false'),
      ('devices', 'user_id', 'false'),
      ('sessions', 'user_id', 'false'),
      ('user_keys', 'user_id', 'false'),
      ('imported_users', 'user_id', 'false'),
      ('user_recommendations', 'user_id', 'false'),
      ('recommendation_reasons', 'user_id', 'false'),
      ('imports', 'user_id', 'false'),
      ('import_entries', 'user_id', 'false'),
      ('erasures', 'user_id', 'false'),
      ('notification_preferences', 'user_id', 'false'),
      ('notification_rounds', 'user_id', 'false'),
      ('outbox', 'user_id', 'false'),
      ('chat_sessions', 'user_id', 'false'),
      ('chat_messages', 'user_id', 'false'),
      ('activity.actions', 'user_id', '(select acting_reads_log())'),
      ('activity.details', 'user_id', '(select acting_reads_log())')) as tables (name, person, shown)
  loop
    mine := format('%I = any ((select acting_people())::uuid[])', t.person);
    execute format('alter table %s enable row level security', t.name);
    execute format('create policy granted on %s using (true) with check (true)', t.name);
    execute format('create policy wall_select on %s as restrictive for select to projectionist_viewer using (%s or %s)',
                   t.name, mine, t.shown);
    execute format('create policy wall_insert on %s as restrictive for insert to projectionist_viewer with check (%s)',
                   t.name, mine);
    execute format('create policy wall_update on %s as restrictive for update to projectionist_viewer using (%s)',
                   t.name, mine);
    execute format('create policy wall_delete on %s as restrictive for delete to projectionist_viewer using (%s)',
                   t.name, mine);
  end loop;
end $$;

grant select on movies, movie_external_ids, genres, movie_genres, movie_cast, movie_translations, people, movie_credits,
  movie_certifications, movie_external_ratings, movie_copies, movie_offers, similar_movies, search_words, checkpoints,
  dead_letters, log_cluster, alembic_version to projectionist_viewer;
-- A view reads as its owner, past the wall; these as who asks.
alter view activity.log set (security_invoker = on);
do $$
begin
  execute 'create view own_notification_choices with (security_invoker) as ' || pg_get_viewdef('notification_choices');
end $$;

grant select on events, idempotency_keys, texts, profiles, devices, user_recommendations, recommendation_reasons, imports,
  import_entries, erasures, notification_preferences, own_notification_choices, outbox, chat_sessions, chat_messages
  to projectionist_viewer;
grant select on activity.actions, activity.details, activity.log to projectionist_viewer;
reset projectionist.break_glass;
-- neither passwords nor the digests of addresses
grant select (id, database_id, username, username_key, email_sealed, roles, privacy, premium_since, premium_until,
              created_at, updated_at, last_signed_in_at, deactivated_at, deactivated_by) on users to projectionist_viewer;
grant insert on idempotency_keys, texts to projectionist_viewer;
grant insert, update on notification_preferences, chat_messages to projectionist_viewer;
grant insert, update, delete on chat_sessions to projectionist_viewer;
grant insert (event_id, type, schema_version, user_id, movie_id, data, source, occurred_at, correlation_id, causation_id,
              secret) on events to projectionist_viewer;
grant usage on events_position_seq to projectionist_viewer;

-- Before anybody is known: accounts and what belongs to them, and nothing that anybody did.
grant select, insert, update, delete on users, profiles, devices, sessions to projectionist_accounts;
grant select, insert, update on user_keys to projectionist_accounts;
-- Afterwards, to one's own. A device goes by whoever registered it last, so it may be taken from another; the key of nobody
-- keys what is looked up.
do $$
declare
  t record;
begin
  for t in select * from (values
      ('users', 'id', 'false'), ('profiles', 'user_id', 'false'), ('sessions', 'user_id', 'false'),
      ('user_keys', 'user_id', $r$user_id = '00000000-0000-0000-0000-000000000000'$r$)) as tables (name, person, others)
  loop
    execute format('create policy wall_accounts on %I as restrictive to projectionist_accounts using ('
                   '(select acting_people()) is null or %I = any ((select acting_people())::uuid[]) or %s)',
                   t.name, t.person, t.others);
  end loop;
end $$;
