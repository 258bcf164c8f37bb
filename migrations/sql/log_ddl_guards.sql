-- DDL that would get round the guards (DISABLE TRIGGER, DROP, DETACH, a rewriting ALTER, CREATE RULE) is refused too.
-- Event triggers want a superuser: without one this wall is missing, which `projectionist doctor` says.
-- A superuser's session may open it with: set projectionist.break_glass = 'on'.
create function events_break_glass() returns boolean language sql stable as $$
  select current_setting('projectionist.break_glass', true) = 'on'
         and (select rolsuper from pg_roles where rolname = session_user)
$$;

create function events_is_log(object oid) returns boolean language sql stable as $$
  -- a name that is gone counts as the log: somebody renamed or moved it a moment ago
  select to_regclass('public.events') is null or to_regclass('public.seals') is null
         or object in (to_regclass('public.events'), to_regclass('public.seals'))
         or exists (select from pg_inherits where inhrelid = object and inhparent = to_regclass('public.events'))
$$;

create function events_refuse_ddl() returns event_trigger language plpgsql as $$
declare
  command record;
  stack   text;
begin
  if events_break_glass() then return; end if;
  get diagnostics stack = pg_context;
  for command in select * from pg_event_trigger_ddl_commands() loop
    continue when command.classid = 'pg_class'::regclass and not events_is_log(command.objid)
                  and command.object_identity not like 'public.events\_p%';
    if command.classid = 'pg_class'::regclass and command.command_tag = 'ALTER TABLE'
       and stack !~ 'function (public\.)?events_add_partitions\(' then
      raise exception 'ALTER TABLE on % is refused: the log is append-only.', command.object_identity
        using errcode = 'restrict_violation';
    elsif command.command_tag in ('CREATE RULE', 'ALTER RULE', 'ALTER TRIGGER')
       and command.object_identity ~ ' on public\.(events|seals)(_p[0-9]+)?$' then
      raise exception '% is refused: the log is append-only.', command.command_tag using errcode = 'restrict_violation';
    elsif command.command_tag in ('CREATE FUNCTION', 'ALTER FUNCTION')
       and command.object_identity ~ '^public\.events_(refuse_change|add_partitions)\(' then
      raise exception '% on % is refused: it guards the log.', command.command_tag, command.object_identity
        using errcode = 'restrict_violation';
    end if;
  end loop;
end $$;

create function events_refuse_drop() returns event_trigger language plpgsql as $$
declare
  dropped record;
begin
  if events_break_glass() then return; end if;
  for dropped in select * from pg_event_trigger_dropped_objects() where not is_temporary loop
    if dropped.object_identity ~ '(^| on )public\.(events|seals)(_p[0-9]+)?(\.|$)'
       or dropped.object_identity ~ '^public\.events_(refuse_change|add_partitions)\('
       or dropped.object_identity = 'public.events_position_seq' then
      raise exception 'DROP of % is refused: the log is append-only.', dropped.object_identity
        using errcode = 'restrict_violation';
    end if;
  end loop;
end $$;

create function events_refuse_rewrite() returns event_trigger language plpgsql as $$
begin
  if not events_break_glass() and events_is_log(pg_event_trigger_table_rewrite_oid()) then
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
