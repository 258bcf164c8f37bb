-- What programs of the designs look up by goes through a cast in the views, which an index of the column does not serve.
create index users_database_id_as_bigint_idx on users ((database_id::bigint));
create index users_username_as_varchar_idx on users ((username::varchar(150)));
create index users_id_as_text_idx on users ((id::text));
create index movies_database_id_as_bigint_idx on movies ((database_id::bigint));
create index movies_id_as_text_idx on movies ((id::text));
create index movies_title_as_varchar_idx on movies ((title::varchar(200)));
-- nulls come first, as where the design orders
create index movies_released_idx on movies (release_date desc);
create index movies_most_popular_idx on movies (popularity desc);
-- So that the planner knows at once that each of them is another's. Of what is empty it would learn that it stays so.
do $$
begin
  if exists (select from users) then analyze users; end if;
  if exists (select from movies) then analyze movies; end if;
end $$;

-- The ids are those of the joined tables, whose texts are indexed.
create or replace view compat_s2."UserMovies" as
select md5('rating ' || r.user_id || ' ' || r.movie_id)::uuid::text as id,
       u.id::text as "userId",
       m.id::text as "movieId",
       r.reaction::compat_s2."Rating" as rating,
       true as watched,
       (r.created_at at time zone 'UTC')::timestamp(3) as "createdAt",
       (r.changed_at at time zone 'UTC')::timestamp(3) as "updatedAt"
  from compat_s2.reactions() r
  join public.users u on u.id = r.user_id
  join public.movies m on m.id = r.movie_id and m.tmdb_id is not null;

create or replace view compat_s2."Watchlist" as
select md5('watchlist ' || w.user_id || ' ' || w.movie_id)::uuid::text as id,
       u.id::text as "userId",
       m.id::text as "movieId",
       (w.added_at at time zone 'UTC')::timestamp(3) as "addedAt",
       (array['LOW', 'MEDIUM', 'HIGH'])[w.urgency]::compat_s2."Priority" as priority
  from compat_s2.wishes() w
  join public.users u on u.id = w.user_id
  join public.movies m on m.id = w.movie_id and m.tmdb_id is not null;

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
         feedback_type::varchar(20) as feedback_type, ''::text as feedback_comment,
         coalesce((select said.source from compat_s3.said() said where said.at_position = i.at_position), 'web')::varchar(30)
           as source,
         coalesce(at, (select said.said_at from compat_s3.said() said where said.at_position = i.at_position))
           at time zone 'UTC' as timestamp
    from (
      select u.database_id::bigint as user_id, m.database_id::bigint as movie_id, 'view' as interaction_type,
             null::integer as rating,
             case when s.status = 'NOT_INTERESTED' then 'not_interested' when s.watch_count > 0 then 'already_seen' end
               as feedback_type,
             coalesce(v.at_position, s.at_position) as at_position, coalesce(v.viewed_at, s.last_interaction_at) as at
        from compat_s3.viewing_states() s
        join public.users u on u.id = s.user_id
        join public.movies m on m.id = s.movie_id and m.tmdb_id is not null
        left join lateral (select * from compat_s3.views() last where last.user_id = s.user_id
                              and last.movie_id = s.movie_id order by last.at_position desc limit 1) v on true
       where v.at_position is not null or s.watch_count > 0 or s.status = 'NOT_INTERESTED'
      union all
      select u.database_id::bigint, m.database_id::bigint, case reaction when 'DISLIKE' then 'dislike' else 'like' end,
             null, case reaction when 'DISLIKE' then 'negative' else 'positive' end, reaction_position, null
        from compat_s3.ratings() r
        join public.users u on u.id = r.user_id
        join public.movies m on m.id = r.movie_id and m.tmdb_id is not null
       where reaction in ('DISLIKE', 'LIKE', 'SUPER_LIKE')
      union all
      select u.database_id::bigint, m.database_id::bigint, 'rating', (half_stars + 1) / 2, null, stars_position, null
        from compat_s3.ratings() r
        join public.users u on u.id = r.user_id
        join public.movies m on m.id = r.movie_id and m.tmdb_id is not null
       where half_stars is not null
      union all
      select u.database_id::bigint, m.database_id::bigint, 'favorite', null, null, at_position, favorited_at
        from compat_s3.favorites() f
        join public.users u on u.id = f.user_id
        join public.movies m on m.id = f.movie_id and m.tmdb_id is not null
      union all
      select u.database_id::bigint, m.database_id::bigint, 'watchlist', null, null, at_position, added_at
        from compat_s3.wishes() w
        join public.users u on u.id = w.user_id
        join public.movies m on m.id = w.movie_id and m.tmdb_id is not null
    ) i;
