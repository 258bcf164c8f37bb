-- xid stands first so that it is assigned before the position: the safe position of exports relies on that.
create sequence events_position_seq;

create table events (
  xid            xid8        not null default pg_current_xact_id(),
  position       bigint      not null default nextval('events_position_seq'),
  event_id       uuid        not null,
  type           text        not null,
  schema_version smallint    not null default 1,
  user_id        uuid,
  movie_id       uuid,
  data           jsonb       not null default '{}' check (pg_column_size(data) < 8192),
  source         text        not null default 'web'
                             check (source in ('web', 'mobile', 'email', 'push', 'import', 'system')),
  occurred_at    timestamptz not null default clock_timestamp(),
  recorded_at    timestamptz not null default clock_timestamp(),
  correlation_id uuid        not null,
  causation_id   uuid,
  secret         bytea,
  primary key (position)
) partition by range (position);

create index events_xid_position_idx on events (xid, position);
create index events_user_id_movie_id_position_idx on events (user_id, movie_id, position);
create index events_user_id_erased_idx on events (user_id) where type = 'user_erased';

create table idempotency_keys (
  user_id     uuid        not null,
  key         text        not null check (length(key) between 1 and 200),
  request     text        not null,
  event_ids   uuid[]      not null,
  recorded_at timestamptz not null default now(),
  primary key (user_id, key)
);
comment on table idempotency_keys is 'A repeated command is answered with the events of the first; request says what it was.';

create table seals (
  number    bigint      primary key,
  low       bigint      not null,
  high      bigint      not null,
  events    bigint      not null,
  digests   bytea       not null,
  root      bytea       not null,
  previous  bytea       not null,
  sealed_at timestamptz not null default now()
);
comment on table seals is 'A chain of SHA-256 digests over (low, high]; digests holds the first 8 bytes of each event''s, to name the one that differs.';

create table log_cluster (
  only_row          boolean primary key default true check (only_row),
  system_identifier bigint not null,
  settled           bigint not null default 0
);
comment on table log_cluster is 'Which cluster the stored xids belong to; positions up to settled count as committed whatever their xid.';
insert into log_cluster (system_identifier) select system_identifier from pg_control_system();

-- Partitions are made ahead: an append never waits for one.
create function events_add_partitions(ahead bigint default 20000000, size bigint default 10000000)
  returns integer language plpgsql security definer set search_path = public, pg_temp as $$
declare
  head bigint;
  low  bigint;
  made integer := 0;
  name text;
begin
  perform pg_advisory_xact_lock(hashtextextended('events_add_partitions', 0));
  select last_value into head from events_position_seq;
  select coalesce(max((regexp_match(pg_get_expr(c.relpartbound, c.oid), $r$TO \('(\d+)'\)$r$))[1]::bigint), 0)
    into low from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'events'::regclass;
  while low < head + ahead loop
    name := 'events_p' || low;
    execute format('create table %I partition of events for values from (%s) to (%s)', name, low, low + size);
    execute format('create trigger append_only before update or delete or truncate on %I'
                   ' for each statement execute function events_refuse_change()', name);
    execute format('alter table %I enable always trigger append_only', name);
    execute format('alter table %I owner to projectionist_log', name);
    low := low + size;
    made := made + 1;
  end loop;
  return made;
end $$;

alter sequence events_position_seq owner to projectionist_log;
alter table events owner to projectionist_log;
alter table idempotency_keys owner to projectionist_log;
alter table seals owner to projectionist_log;
alter table log_cluster owner to projectionist_log;
alter function events_add_partitions owner to projectionist_partitions;

-- Columns that the database sets itself (xid, position, recorded_at) cannot be given by the application.
grant select on events, idempotency_keys, seals, log_cluster, events_position_seq to projectionist_app;
grant usage on events_position_seq to projectionist_app;
grant insert (event_id, type, schema_version, user_id, movie_id, data, source, occurred_at, correlation_id, causation_id,
              secret) on events to projectionist_app;
grant insert on idempotency_keys, seals to projectionist_app;
grant execute on function events_add_partitions to projectionist_app;
