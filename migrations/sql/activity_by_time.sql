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
