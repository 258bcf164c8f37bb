-- Activity in the order of its time. A part of a union is read in the order of an index only where it is one table without
-- a condition: so what is activity is said beside, and asked of the whole.
alter function activity.entries rename to entries_before;
create function activity.entries() returns table (id uuid, occurred_at timestamptz, action text, session_id uuid, user_id uuid,
                                                  movie_id uuid, source text, is_activity boolean)
  language sql stable as $$
  select id, occurred_at, action, session_id, user_id, movie_id, source, true from activity.actions
  union all
  select event_id, occurred_at,
         case type when 'movie_viewed' then 'MOVIE_VIEW' when 'recommendation_clicked' then 'RECOMMENDATION_CLICK'
                   when 'movie_rated' then 'RATING_SUBMIT' when 'movie_favorited' then 'FAVORITE_ADD'
                   else 'WATCHLIST_ADD' end,
         null, user_id, movie_id, source,
         type in ('movie_viewed', 'recommendation_clicked', 'movie_rated', 'movie_favorited', 'watchlist_item_added')
    from public.events
$$;
alter function activity.entries owner to projectionist_app;
create or replace view activity.log with (security_invoker = on) as
  select id, occurred_at, action, session_id, user_id, movie_id, source from activity.entries() where is_activity;
drop function activity.entries_before;

create or replace view compat_s3.user_activity_logs as
  select hashtextextended(a.id::text, 0) & 9223372036854775807 as id, u.database_id::bigint as user_id,
         coalesce(a.session_id::text, '')::varchar(100) as session_id, lower(a.action)::varchar(30) as action_type,
         m.database_id::bigint as movie_id,
         coalesce(host(d.address), '')::varchar(45) as ip_address, coalesce(d.user_agent, '') as user_agent,
         d.referrer::varchar(500) as referer,
         (case when a.source in ('web', 'mobile', 'email', 'push') then a.source else 'web' end)::varchar(30) as source,
         case when d.phrase is null then '{}' else json_build_object('phrase', d.phrase)::text end as metadata,
         a.occurred_at at time zone 'UTC' as timestamp
    from activity.entries() a
    left join activity.details d on d.activity_id = a.id and d.occurred_at = a.occurred_at
    left join public.users u on u.id = a.user_id
    left join public.movies m on m.id = a.movie_id and m.tmdb_id is not null
   where a.is_activity;
drop function compat_s3.actions;
