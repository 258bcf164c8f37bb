-- DDL that would get round the guards (DISABLE TRIGGER, DROP, DETACH, a rewriting ALTER, CREATE RULE) is refused too.
-- Event triggers want a superuser: without one this wall is missing, which `projectionist doctor` says.
-- A superuser's session may open it with: set projectionist.break_glass = 'on'.
-- Every function has a search path of its own, or a caller could put another one of the same name before it.
create function events_break_glass() returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
  select current_user = 'projectionist_partitions'
         or current_setting('projectionist.break_glass', true) = 'on'
            and (select rolsuper from pg_roles where rolname = session_user)
$$;

create function events_is_log(object oid) returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
  -- a name that is gone counts as the log: somebody renamed or moved it a moment ago
  select to_regclass('public.events') is null or to_regclass('public.seals') is null
         or object in (to_regclass('public.events'), to_regclass('public.seals'))
         or exists (select from pg_inherits where inhrelid = object and inhparent = to_regclass('public.events'))
$$;

create function events_is_guard(object oid) returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
  select bool_or(guard is null or guard = object)
    from unnest(array['events_refuse_change()', 'events_add_partitions(bigint,bigint)', 'events_break_glass()',
                      'events_is_log(oid)', 'events_is_guard(oid)', 'events_refuse_ddl()', 'events_refuse_drop()',
                      'events_refuse_rewrite()']) as name,
         lateral (select to_regprocedure('public.' || name)::oid as guard) as found
$$;

create function events_refuse_ddl() returns event_trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  command record;
begin
  if public.events_break_glass() then return; end if;
  for command in select * from pg_event_trigger_ddl_commands() where command_tag <> 'COMMENT' loop
    if command.classid = 'pg_class'::regclass and public.events_is_log(command.objid)
       or command.classid = 'pg_trigger'::regclass
          and exists (select from pg_trigger where oid = command.objid and public.events_is_log(tgrelid))
       or command.classid = 'pg_rewrite'::regclass
          and exists (select from pg_rewrite where oid = command.objid and public.events_is_log(ev_class))
       or command.classid = 'pg_proc'::regclass
          and (public.events_is_guard(command.objid) or command.object_identity like 'public.events\_add\_partitions(%') then
      raise exception '% on % is refused: the log is append-only.', command.command_tag, command.object_identity
        using errcode = 'restrict_violation';
    end if;
  end loop;
end $$;

create function events_refuse_drop() returns event_trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  dropped record;
begin
  if public.events_break_glass() then return; end if;
  for dropped in select * from pg_event_trigger_dropped_objects() where not is_temporary loop
    if dropped.object_identity ~ '(^| on )public\.(events|seals)(_p[0-9]+)?(\.|$)'
       or dropped.object_identity ~ '^public\.events_(refuse_[a-z]+|add_partitions|break_glass|is_[a-z]+)\('
       or dropped.object_identity = 'public.events_position_seq' then
      raise exception 'DROP of % is refused: the log is append-only.', dropped.object_identity
        using errcode = 'restrict_violation';
    end if;
  end loop;
end $$;

create function events_refuse_rewrite() returns event_trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not public.events_break_glass() and public.events_is_log(pg_event_trigger_table_rewrite_oid()) then
    raise exception 'Rewriting % is refused: the log is append-only.', pg_event_trigger_table_rewrite_oid()::regclass
      using errcode = 'restrict_violation';
  end if;
end $$;

do $$
begin
  create event trigger log_refuse_ddl on ddl_command_end execute function events_refuse_ddl();
  create event trigger log_refuse_drop on sql_drop execute function events_refuse_drop();
  create event trigger log_refuse_rewrite on table_rewrite execute function events_refuse_rewrite();
  alter event trigger log_refuse_ddl enable always;
  alter event trigger log_refuse_drop enable always;
  alter event trigger log_refuse_rewrite enable always;
exception when insufficient_privilege then
  raise notice 'No superuser: DDL on the log is not refused by event triggers. Ownership and row guards still hold.';
end $$;
