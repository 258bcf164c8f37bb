-- What people said of recommendations is in the view of what they did: the row `view` has it, with the comment.
create function compat_s3.feedback() returns table (user_id uuid, movie_id uuid, feedback text, text_id uuid)
  language sql stable as $$ select user_id, movie_id, feedback, text_id from read.recommendation_feedback $$;

create or replace view compat_s3.user_movie_interactions as
  select (u.database_id::bigint << 32) + (m.database_id::bigint << 3)
           + array_position(array['view', 'like', 'dislike', 'favorite', 'watchlist', 'rating'], i.interaction_type) as id,
         u.database_id::bigint as user_id, m.database_id::bigint as movie_id,
         i.interaction_type::varchar(20) as interaction_type, i.rating, i.feedback_type::varchar(20) as feedback_type,
         coalesce(i.feedback_comment, '') as feedback_comment,
         coalesce((select said.source from compat_s3.said() said where said.at_position = i.at_position), 'web')::varchar(30)
           as source,
         coalesce(i.at, (select said.said_at from compat_s3.said() said where said.at_position = i.at_position))
           at time zone 'UTC' as timestamp
    from (
      select s.user_id, s.movie_id, 'view' as interaction_type, null::integer as rating,
             coalesce(lower(f.feedback), case when s.status = 'NOT_INTERESTED' then 'not_interested'
                                              when s.watch_count > 0 then 'already_seen' end) as feedback_type,
             (select t.body from public.texts t where t.id = f.text_id and t.user_id = f.user_id) as feedback_comment,
             coalesce(v.at_position, s.at_position) as at_position, coalesce(v.viewed_at, s.last_interaction_at) as at
        from compat_s3.viewing_states() s
        left join lateral (select * from compat_s3.views() last where last.user_id = s.user_id
                              and last.movie_id = s.movie_id order by last.at_position desc limit 1) v on true
        left join compat_s3.feedback() f on f.user_id = s.user_id and f.movie_id = s.movie_id
       where v.at_position is not null or s.watch_count > 0 or s.status = 'NOT_INTERESTED' or f.feedback is not null
      union all
      select user_id, movie_id, case reaction when 'DISLIKE' then 'dislike' else 'like' end, null,
             case reaction when 'DISLIKE' then 'negative' else 'positive' end, null,
             reaction_position, null
        from compat_s3.ratings() where reaction in ('DISLIKE', 'LIKE', 'SUPER_LIKE')
      union all
      select user_id, movie_id, 'rating', (half_stars + 1) / 2, null, null, stars_position, null
        from compat_s3.ratings() where half_stars is not null
      union all
      select user_id, movie_id, interaction_type, null, null, null, at_position, chosen_at from compat_s3.chosen()
    ) i
    join public.users u on u.id = i.user_id
    join public.movies m on m.id = i.movie_id and m.tmdb_id is not null;
comment on column compat_s3.user_movie_interactions.interaction_type is
  'A view was looked at, watched, dismissed or given feedback on here; the reaction OK is neither like nor dislike, and is left out.';
comment on column compat_s3.user_movie_interactions.feedback_comment is 'Of views: what was written with the feedback.';
