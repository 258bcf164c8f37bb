-- What people said of recommendations is in the view of what they did: the row `view` has it, with the comment.
create function compat_s3.feedback() returns table (user_id uuid, movie_id uuid, feedback text, text_id uuid)
  language sql stable as $$ select user_id, movie_id, feedback, text_id from read.recommendation_feedback $$;

-- Of the read tables: whoever asks needs rights to these alone, people and movies are joined with the rights of the view.
create or replace function compat_s3.favorites() returns table (user_id uuid, movie_id uuid, favorited_at timestamptz,
                                                                at_position bigint)
  language sql stable as $$ select user_id, movie_id, favorited_at, position from read.favorites where is_active $$;
create or replace function compat_s3.wishes() returns table (user_id uuid, movie_id uuid, added_at timestamptz,
                                                             at_position bigint)
  language sql stable as $$ select user_id, movie_id, added_at, position from read.watchlist where is_active $$;

-- Each kind is joined to the person and the movie by itself: so a question for one person enters each table by its key.
create or replace view compat_s3.user_movie_interactions as
  select (user_id << 32) + (movie_id << 3)
           + array_position(array['view', 'like', 'dislike', 'favorite', 'watchlist', 'rating'], interaction_type) as id,
         user_id, movie_id, interaction_type::varchar(20) as interaction_type, rating,
         feedback_type::varchar(20) as feedback_type, coalesce(feedback_comment, '') as feedback_comment,
         coalesce((select said.source from compat_s3.said() said where said.at_position = i.at_position), 'web')::varchar(30)
           as source,
         coalesce(at, (select said.said_at from compat_s3.said() said where said.at_position = i.at_position))
           at time zone 'UTC' as timestamp
    from (
      select u.database_id::bigint as user_id, m.database_id::bigint as movie_id, 'view' as interaction_type,
             null::integer as rating,
             coalesce(lower(f.feedback), case when s.status = 'NOT_INTERESTED' then 'not_interested'
                                              when s.watch_count > 0 then 'already_seen' end) as feedback_type,
             (select t.body from public.texts t where t.id = f.text_id and t.user_id = f.user_id) as feedback_comment,
             coalesce(v.at_position, s.at_position) as at_position, coalesce(v.viewed_at, s.last_interaction_at) as at
        from compat_s3.viewing_states() s
        join public.users u on u.id = s.user_id
        join public.movies m on m.id = s.movie_id and m.tmdb_id is not null
        left join lateral (select * from compat_s3.views() last where last.user_id = s.user_id
                              and last.movie_id = s.movie_id order by last.at_position desc limit 1) v on true
        left join compat_s3.feedback() f on f.user_id = s.user_id and f.movie_id = s.movie_id
       where v.at_position is not null or s.watch_count > 0 or s.status = 'NOT_INTERESTED' or f.feedback is not null
      union all
      select u.database_id::bigint, m.database_id::bigint, case reaction when 'DISLIKE' then 'dislike' else 'like' end,
             null, case reaction when 'DISLIKE' then 'negative' else 'positive' end, null, reaction_position, null
        from compat_s3.ratings() r
        join public.users u on u.id = r.user_id
        join public.movies m on m.id = r.movie_id and m.tmdb_id is not null
       where reaction in ('DISLIKE', 'LIKE', 'SUPER_LIKE')
      union all
      select u.database_id::bigint, m.database_id::bigint, 'rating', (half_stars + 1) / 2, null, null, stars_position, null
        from compat_s3.ratings() r
        join public.users u on u.id = r.user_id
        join public.movies m on m.id = r.movie_id and m.tmdb_id is not null
       where half_stars is not null
      union all
      select u.database_id::bigint, m.database_id::bigint, 'favorite', null, null, null, at_position, favorited_at
        from compat_s3.favorites() f
        join public.users u on u.id = f.user_id
        join public.movies m on m.id = f.movie_id and m.tmdb_id is not null
      union all
      select u.database_id::bigint, m.database_id::bigint, 'watchlist', null, null, null, at_position, added_at
        from compat_s3.wishes() w
        join public.users u on u.id = w.user_id
        join public.movies m on m.id = w.movie_id and m.tmdb_id is not null
    ) i;
comment on column compat_s3.user_movie_interactions.interaction_type is
  'A view was looked at, watched, dismissed or given feedback on here; the reaction OK is neither like nor dislike, and is left out.';
comment on column compat_s3.user_movie_interactions.feedback_comment is 'Of views: what was written with the feedback.';
