-- What people did with movies, the newest first: each kind is one table without a condition, so that each is read in the
-- order of its index. What is shown of them is said beside, and asked of the whole; of a view it also depends on the feedback.
create function compat_s3.interactions() returns table (user_id uuid, movie_id uuid, interaction_type text, rating integer,
                                                        feedback_type text, is_view boolean, is_shown boolean,
                                                        at_position bigint, at timestamptz)
  language sql stable as $$
  select user_id, movie_id, 'view', null::integer,
         case when status = 'NOT_INTERESTED' then 'not_interested' when watch_count > 0 then 'already_seen' end,
         true, viewed_position > 0 or watch_count > 0 or coalesce(status = 'NOT_INTERESTED', false),
         case when viewed_position > 0 then viewed_position else position end, coalesce(viewed_at, last_interaction_at)
    from read.viewing_states
  union all
  select user_id, movie_id, case reaction when 'DISLIKE' then 'dislike' else 'like' end, null,
         case reaction when 'DISLIKE' then 'negative' else 'positive' end,
         false, reaction in ('DISLIKE', 'LIKE', 'SUPER_LIKE'), reaction_position, reacted_at
    from read.ratings
  union all
  select user_id, movie_id, 'rating', (half_stars + 1) / 2, null, false, half_stars is not null, stars_position, starred_at
    from read.ratings
  union all
  select user_id, movie_id, 'favorite', null, null, false, is_active, position, favorited_at from read.favorites
  union all
  select user_id, movie_id, 'watchlist', null, null, false, is_active, position, added_at from read.watchlist
$$;

create or replace view compat_s3.user_movie_interactions as
  select (u.database_id::bigint << 32) + (m.database_id::bigint << 3)
           + array_position(array['view', 'like', 'dislike', 'favorite', 'watchlist', 'rating'], i.interaction_type) as id,
         u.database_id::bigint as user_id, m.database_id::bigint as movie_id,
         i.interaction_type::varchar(20) as interaction_type, i.rating,
         coalesce(lower(f.feedback), i.feedback_type)::varchar(20) as feedback_type,
         coalesce((select t.body from public.texts t where t.id = f.text_id and t.user_id = f.user_id), '') as feedback_comment,
         coalesce((select said.source from compat_s3.said() said where said.at_position = i.at_position), 'web')::varchar(30)
           as source,
         i.at at time zone 'UTC' as timestamp
    from compat_s3.interactions() i
    join public.users u on u.id = i.user_id
    join public.movies m on m.id = i.movie_id and m.tmdb_id is not null
    left join compat_s3.feedback() f on i.is_view and f.user_id = i.user_id and f.movie_id = i.movie_id
   where (i.is_shown or i.is_view) and (i.is_shown or f.feedback is not null);
drop function compat_s3.viewing_states, compat_s3.ratings, compat_s3.chosen, compat_s3.favorites, compat_s3.wishes, compat_s3.views;

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
