-- Nobody changes what is written, not even its owner: a trigger on the log and on each partition (TRUNCATE triggers are
-- not inherited), ENABLE ALWAYS so that session_replication_role does not skip it.
create function events_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on % is refused: the log is append-only. Append a compensating event instead.', tg_op, tg_table_name
    using errcode = 'restrict_violation';
end $$;
alter function events_refuse_change owner to projectionist_log;

create trigger append_only before update or delete or truncate on events
  for each statement execute function events_refuse_change();
alter table events enable always trigger append_only;
create trigger append_only before update or delete or truncate on seals
  for each statement execute function events_refuse_change();
alter table seals enable always trigger append_only;

select events_add_partitions();
