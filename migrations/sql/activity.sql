-- What people and visitors do that is no event, by month. The application owns it: telemetry is purged and archived.
create schema activity authorization projectionist_app;
grant references on users, movies to projectionist_app;

create table activity.actions (
  id          uuid        not null,
  occurred_at timestamptz not null,
  action      text        not null check (action in ('MOVIE_VIEW', 'MOVIE_SEARCH', 'RECOMMENDATION_CLICK', 'EMAIL_OPEN',
                                                     'EMAIL_CLICK', 'PUSH_CLICK')),
  session_id  uuid        not null,
  user_id     uuid        references users on delete set null,
  movie_id    uuid        references movies on delete set null,
  source      text        not null check (source in ('web', 'mobile', 'email', 'push')),
  primary key (id, occurred_at)
) partition by range (occurred_at);
comment on column activity.actions.id is 'UUID version 7: later is greater, so a list by id is a list by time.';
comment on column activity.actions.session_id is 'Of a visitor, else of the sign-in.';
create index actions_user_id_id_idx on activity.actions (user_id, id) where user_id is not null;
create index actions_session_id_id_idx on activity.actions (session_id, id);
create index actions_movie_id_id_idx on activity.actions (movie_id, id) where movie_id is not null;

create table activity.details (
  activity_id uuid        not null,
  occurred_at timestamptz not null,
  user_id     uuid        references users on delete cascade,
  phrase      text        check (length(phrase) <= 200),
  address     cidr,
  user_agent  text        check (length(user_agent) <= 400),
  referrer    text        check (length(referrer) <= 500),
  primary key (activity_id, occurred_at)
) partition by range (occurred_at);
comment on table activity.details is 'What is personal of an action, or of an event that is one: kept for days, then purged.';
create index details_occurred_at_idx on activity.details (occurred_at);
create index details_user_id_idx on activity.details (user_id) where user_id is not null;

-- A function, for a view of the log's would stand in the way of its guards; the planner sees through it.
create function activity.entries() returns table (id uuid, occurred_at timestamptz, action text, session_id uuid, user_id uuid,
                                                  movie_id uuid, source text)
  language sql stable as $$
  select id, occurred_at, action, session_id, user_id, movie_id, source from activity.actions
  union all
  select event_id, occurred_at,
         case type when 'movie_viewed' then 'MOVIE_VIEW' when 'recommendation_clicked' then 'RECOMMENDATION_CLICK'
                   when 'movie_rated' then 'RATING_SUBMIT' when 'movie_favorited' then 'FAVORITE_ADD'
                   else 'WATCHLIST_ADD' end,
         null, user_id, movie_id, source
    from events
   where type in ('movie_viewed', 'recommendation_clicked', 'movie_rated', 'movie_favorited', 'watchlist_item_added')
$$;
create view activity.log as select * from activity.entries();
comment on view activity.log is 'All that somebody did: what is an event is read from the log, and written nowhere else.';

-- Months are made ahead: a write never waits for one.
create function activity.add_months(ahead integer default 3) returns integer
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
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;

create function activity.months(parent regclass) returns setof date language sql stable set search_path = public, pg_temp as $$
  select to_date(right(c.relname, 7), 'YYYY_MM') from pg_inherits i join pg_class c on c.oid = i.inhrelid
   where i.inhparent = parent order by 1
$$;

create function activity.drop_month(parent text, month date) returns void
  language plpgsql set search_path = public, pg_temp set lock_timeout = '2s' as $$
begin
  execute format('drop table activity.%I', parent || to_char(month, '_YYYY_MM'));
end $$;

-- Of a month's actions: as long as it stays the same, so do they.
create function activity.digest(month date) returns text language sql stable set search_path = public, pg_temp
  set timezone = 'UTC' as $$
  select count(*) || ' ' || coalesce(sum(hashtextextended(a::text, 0)), 0) from activity.actions a
   where occurred_at >= month and occurred_at < month + interval '1 month'
$$;

create function activity.drop_if_unchanged(month date, known text) returns boolean
  language plpgsql set search_path = public, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
begin
  execute format('lock table activity.%I in share mode', 'actions' || to_char(month, '_YYYY_MM'));
  if activity.digest(month) <> known then
    return false;
  end if;
  perform activity.drop_month('actions', month);
  return true;
end $$;

-- Whole months are dropped; of the month that is left, 10,000 rows at a time are deleted.
create function activity.purge_details(before timestamptz) returns bigint
  language plpgsql set search_path = public, pg_temp set timezone = 'UTC' as $$
declare
  gone bigint;
  mon  date;
begin
  for mon in select m from activity.months('activity.details') as m where m + interval '1 month' <= before loop
    perform activity.drop_month('details', mon);
  end loop;
  delete from activity.details where (activity_id, occurred_at) in
    (select activity_id, occurred_at from activity.details where occurred_at < before order by occurred_at limit 10000);
  get diagnostics gone = row_count;
  return gone;
end $$;

alter table activity.actions owner to projectionist_app;
alter table activity.details owner to projectionist_app;
alter view activity.log owner to projectionist_app;
alter function activity.entries owner to projectionist_app;
alter function activity.add_months owner to projectionist_app;
alter function activity.months owner to projectionist_app;
alter function activity.drop_month owner to projectionist_app;
alter function activity.digest owner to projectionist_app;
alter function activity.drop_if_unchanged owner to projectionist_app;
alter function activity.purge_details owner to projectionist_app;
