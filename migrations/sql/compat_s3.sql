-- The tables of design S3, as views. Nobody may read them but the owner and whom the owner lets.
create schema compat_s3;
comment on schema compat_s3 is 'What is kept, in the tables, columns, types and codings of design S3. Read-only.';

-- Functions, for a rebuild swaps the tables: a view of one would follow the old table. The planner sees through them.
create function compat_s3.viewing_states() returns table (user_id uuid, movie_id uuid, status text, watch_count integer,
                                                          last_interaction_at timestamptz, at_position bigint)
  language sql stable as $$
  select user_id, movie_id, status, watch_count, last_interaction_at, position from read.viewing_states
$$;
create function compat_s3.ratings() returns table (user_id uuid, movie_id uuid, reaction text, reaction_position bigint,
                                                   half_stars smallint, stars_position bigint)
  language sql stable as $$
  select user_id, movie_id, reaction, reaction_position, half_stars, stars_position from read.ratings
$$;
create function compat_s3.chosen() returns table (user_id uuid, movie_id uuid, interaction_type text, chosen_at timestamptz,
                                                  at_position bigint)
  language sql stable as $$
  select user_id, movie_id, 'favorite', favorited_at, position from read.favorites where is_active
  union all
  select user_id, movie_id, 'watchlist', added_at, position from read.watchlist where is_active
$$;
create function compat_s3.favorite_genres() returns table (user_id uuid, genre_ids uuid[])
  language sql stable as $$ select user_id, genre_ids from read.favorite_genres $$;
create function compat_s3.movie_stats() returns table (movie_id uuid, view_count bigint, like_count bigint,
                                                       half_stars_sum bigint, rating_count bigint)
  language sql stable as $$
  select movie_id, view_count, like_count, half_stars_sum, rating_count from read.movie_stats
$$;
create function compat_s3.days() returns table (movie_id uuid, day date, view_count bigint, like_count bigint,
                                                rating_count bigint, half_stars_sum bigint, recommendation_count bigint,
                                                click_count bigint)
  language sql stable as $$
  select movie_id, day, view_count + visitor_view_count, like_count, rating_count, half_stars_sum, recommendation_count,
         click_count
    from read.popularity_metrics
$$;
create function compat_s3.messages() returns table (user_id uuid, status text, channel text, failure text, at_position bigint,
                                                    queued_at timestamptz, sent_at timestamptz, delivered_at timestamptz,
                                                    opened_at timestamptz, clicked_at timestamptz)
  language sql stable as $$
  select user_id, status, channel, failure, queued_position, queued_at, sent_at, delivered_at, opened_at, clicked_at
    from read.notifications
$$;
-- Of the log: the views of people, their clicks, what an event says of itself, and what is activity. No view, which would stand in the way
-- of the log's guards.
create function compat_s3.views() returns table (user_id uuid, movie_id uuid, viewed_at timestamptz, at_position bigint)
  language sql stable as $$
  select user_id, movie_id, occurred_at, position from public.events where type = 'movie_viewed'
$$;
create function compat_s3.clicks() returns table (user_id uuid, movie_id uuid, slate_id uuid, clicked_at timestamptz)
  language sql stable as $$
  select user_id, movie_id, (data->>'slate_id')::uuid, occurred_at from public.events where type = 'recommendation_clicked'
$$;
create function compat_s3.said() returns table (at_position bigint, said_at timestamptz, source text)
  language sql stable as $$
  select position, occurred_at, case when source in ('web', 'mobile', 'email', 'push') then source else 'web' end
    from public.events
$$;
create function compat_s3.actions() returns table (id uuid, at timestamptz, action_type text, session_id text, user_id uuid,
                                                   movie_id uuid, source text)
  language sql stable as $$
  select id, occurred_at, lower(action), session_id::text, user_id, movie_id, source from activity.actions
  union all
  select event_id, occurred_at,
         case type when 'movie_viewed' then 'movie_view' when 'recommendation_clicked' then 'recommendation_click'
                   when 'movie_rated' then 'rating_submit' when 'movie_favorited' then 'favorite_add'
                   else 'watchlist_add' end,
         '', user_id, movie_id, source
    from public.events
   where type in ('movie_viewed', 'recommendation_clicked', 'movie_rated', 'movie_favorited', 'watchlist_item_added')
$$;

create view compat_s3.users as
  select u.database_id::bigint as id,
         coalesce(u.password_hash, '!')::varchar(128) as password,
         u.last_signed_in_at at time zone 'UTC' as last_login,
         'admin' = any (u.roles) as is_superuser,
         u.username::varchar(150) as username,
         coalesce(p.first_name, '')::varchar(150) as first_name,
         coalesce(p.last_name, '')::varchar(150) as last_name,
         null::varchar(254) as email,
         u.roles && array['operator', 'admin'] as is_staff,
         u.deactivated_at is null as is_active,
         u.created_at at time zone 'UTC' as date_joined,
         null::date as date_of_birth,
         u.premium_since is not null and coalesce(u.premium_until > now(), true) as is_premium,
         null::varchar(20) as phone_number,
         coalesce(p.bio, '') as bio,
         case when length(p.avatar_url) <= 200 then p.avatar_url end::varchar(200) as avatar,
         coalesce(p.preferred_language, 'en')::varchar(10) as preferred_language,
         coalesce(p.time_zone, 'UTC')::varchar(50) as timezone,
         coalesce(p.country, '')::varchar(50) as country,
         null::varchar(500) as device_token,
         (select lower(d.platform) from public.devices d
           where d.user_id = u.id order by d.registered_at desc limit 1)::varchar(20) as device_type,
         coalesce((select json_agg(g.database_id::text order by chosen.n)
                     from unnest(f.genre_ids) with ordinality as chosen (id, n)
                     join public.genres g on g.id = chosen.id)::text, '[]') as favorite_genres,
         u.created_at at time zone 'UTC' as created_at,
         greatest(u.updated_at, p.updated_at) at time zone 'UTC' as updated_at
    from public.users u
    left join public.profiles p on p.user_id = u.id
    left join compat_s3.favorite_genres() f on f.user_id = u.id;
comment on column compat_s3.users.password is 'As accounts/hashes.py makes it; ! where there is none: no password makes it.';
comment on column compat_s3.users.email is
  'Always null, since it is sealed: `projectionist users list` has it, and exportMyData gives it to the person.';
comment on column compat_s3.users.date_of_birth is 'Always null, since it is sealed: exportMyData gives it to the person.';
comment on column compat_s3.users.phone_number is 'Always null, since it is sealed: exportMyData gives it to the person.';
comment on column compat_s3.users.device_token is 'Always null, since it is sealed: exportMyData gives it to the person.';
comment on column compat_s3.users.device_type is 'Of the device that was registered last.';
comment on column compat_s3.users.avatar is 'Null where the address is longer.';
comment on column compat_s3.users.favorite_genres is 'A JSON array of ids as texts, so that ? finds them.';

-- joined to a row of nothing: into a view of one table its owner could write
create view compat_s3.genres as
  select database_id::bigint as id, tmdb_id, name::varchar(100) as name, slug::varchar(50) as slug,
         null::timestamp as created_at
    from public.genres
    cross join (select) as joined where tmdb_id is not null;
comment on column compat_s3.genres.created_at is 'Always null: it is not kept.';

create view compat_s3.movies as
  select m.database_id::bigint as id, m.tmdb_id, m.imdb_id::varchar(20) as omdb_id,
         m.title::varchar(200) as title,
         coalesce(m.original_title, m.title)::varchar(200) as original_title,
         coalesce(m.overview, '') as overview,
         coalesce(m.tagline, '')::varchar(300) as tagline,
         m.release_date, m.runtime_minutes::integer as runtime,
         m.director::varchar(200) as director,
         coalesce((select json_agg(c.name order by c.rank)::text from public.movie_credits c
                    where c.movie_id = m.id and c.job = 'ACTOR'), '[]') as main_cast,
         (tmdb.value * 10 / tmdb.scale)::numeric(3, 1) as tmdb_rating,
         coalesce(tmdb.votes, 0) as tmdb_vote_count,
         (imdb.value * 10 / imdb.scale)::numeric(3, 1) as omdb_rating,
         (s.half_stars_sum / 2.0 / nullif(s.rating_count, 0))::numeric(3, 1) as our_rating,
         m.poster_path::varchar(200) as poster_path, m.backdrop_path::varchar(200) as backdrop_path,
         m.popularity as popularity_score,
         coalesce(s.view_count, 0)::integer as view_count,
         coalesce(s.like_count, 0)::integer as like_count,
         m.adult, coalesce(m.original_language, '')::varchar(10) as original_language,
         m.created_at at time zone 'UTC' as created_at,
         m.updated_at at time zone 'UTC' as updated_at
    from public.movies m
    left join public.movie_external_ratings tmdb on tmdb.movie_id = m.id and tmdb.source = 'tmdb'
    left join public.movie_external_ratings imdb on imdb.movie_id = m.id and imdb.source = 'imdb'
    left join compat_s3.movie_stats() s on s.movie_id = m.id
   where m.tmdb_id is not null;
comment on view compat_s3.movies is 'Those with an id at TMDb, since the design has no others.';
comment on column compat_s3.movies.omdb_id is 'OMDb knows movies by their ids at IMDb.';
comment on column compat_s3.movies.our_rating is 'The mean of the stars given here, 0.5 to 5.';

-- Keys of rows that have no number of their own: the numbers of both, side by side.
create view compat_s3.movie_genres as
  select (m.database_id::bigint << 31) + g.database_id as id, m.database_id::bigint as movie_id,
         g.database_id::bigint as genre_id
    from public.movie_genres mg
    join public.movies m on m.id = mg.movie_id and m.tmdb_id is not null
    join public.genres g on g.id = mg.genre_id and g.tmdb_id is not null;

create view compat_s3.user_movie_interactions as
  select (u.database_id::bigint << 32) + (m.database_id::bigint << 3)
           + array_position(array['view', 'like', 'dislike', 'favorite', 'watchlist', 'rating'], i.interaction_type) as id,
         u.database_id::bigint as user_id, m.database_id::bigint as movie_id,
         i.interaction_type::varchar(20) as interaction_type, i.rating, i.feedback_type::varchar(20) as feedback_type,
         ''::text as feedback_comment,
         coalesce((select said.source from compat_s3.said() said where said.at_position = i.at_position), 'web')::varchar(30)
           as source,
         coalesce(i.at, (select said.said_at from compat_s3.said() said where said.at_position = i.at_position))
           at time zone 'UTC' as timestamp
    from (
      select s.user_id, s.movie_id, 'view' as interaction_type, null::integer as rating,
             case when s.status = 'NOT_INTERESTED' then 'not_interested' when s.watch_count > 0 then 'already_seen' end
               as feedback_type,
             coalesce(v.at_position, s.at_position) as at_position, coalesce(v.viewed_at, s.last_interaction_at) as at
        from compat_s3.viewing_states() s
        left join lateral (select * from compat_s3.views() last where last.user_id = s.user_id
                              and last.movie_id = s.movie_id order by last.at_position desc limit 1) v on true
       where v.at_position is not null or s.watch_count > 0 or s.status = 'NOT_INTERESTED'
      union all
      select user_id, movie_id, case reaction when 'DISLIKE' then 'dislike' else 'like' end, null,
             case reaction when 'DISLIKE' then 'negative' else 'positive' end, reaction_position, null
        from compat_s3.ratings() where reaction in ('DISLIKE', 'LIKE', 'SUPER_LIKE')
      union all
      select user_id, movie_id, 'rating', (half_stars + 1) / 2, null, stars_position, null
        from compat_s3.ratings() where half_stars is not null
      union all
      select user_id, movie_id, interaction_type, null, null, at_position, chosen_at from compat_s3.chosen()
    ) i
    join public.users u on u.id = i.user_id
    join public.movies m on m.id = i.movie_id and m.tmdb_id is not null;
comment on column compat_s3.user_movie_interactions.interaction_type is
  'A view was looked at, watched or dismissed here; the reaction OK is neither like nor dislike, and is left out.';
comment on column compat_s3.user_movie_interactions.rating is 'Half stars are rounded up.';
comment on column compat_s3.user_movie_interactions.feedback_comment is 'Always empty: it is not kept.';
comment on column compat_s3.user_movie_interactions.source is 'web for imports and for what the system did.';

create view compat_s3.user_recommendations as
  select (u.database_id::bigint << 32) + (m.database_id::bigint << 3)
           + array_position(array['BLEND', 'HYBRID', 'COLLABORATIVE', 'CONTENT_BASED', 'TRENDING'], r.algorithm) as id,
         u.database_id::bigint as user_id, m.database_id::bigint as movie_id, r.score,
         (case r.algorithm when 'BLEND' then 'hybrid' else lower(r.algorithm) end)::varchar(50) as algorithm,
         r.generated_at at time zone 'UTC' as generated_at,
         c.clicked_at is not null as clicked,
         c.clicked_at at time zone 'UTC' as clicked_at
    from public.user_recommendations r
    join public.users u on u.id = r.user_id
    join public.movies m on m.id = r.movie_id and m.tmdb_id is not null
    left join lateral (select min(k.clicked_at) as clicked_at from compat_s3.clicks() k
                        where k.user_id = r.user_id and k.movie_id = r.movie_id and k.slate_id = r.slate_id) c on true
   where r.algorithm <> 'BLEND' or not exists (select from public.user_recommendations h
          where h.user_id = r.user_id and h.movie_id = r.movie_id and h.algorithm = 'HYBRID');
comment on column compat_s3.user_recommendations.algorithm is 'BLEND is hybrid, too, where HYBRID has not the movie.';

create view compat_s3.notification_preferences as
  select u.database_id::bigint as id, u.database_id::bigint as user_id, n.weekly_digest, n.recommendation_alerts,
         n.trending_alerts, n.push_recommendations, n.push_trending, n.digest_day::integer as digest_day, n.digest_time,
         n.time_zone::varchar(50) as timezone,
         u.created_at at time zone 'UTC' as created_at,
         coalesce(c.updated_at, u.created_at) at time zone 'UTC' as updated_at
    from public.notification_choices n
    join public.users u on u.id = n.user_id
    left join public.notification_preferences c on c.user_id = n.user_id;
comment on view compat_s3.notification_preferences is 'Of everybody: who never chose has what holds then.';

create view compat_s3.notification_logs as
  select n.at_position as id, u.database_id::bigint as user_id, lower(n.channel)::varchar(30) as notification_type,
         null::varchar(200) as subject, null::text as content, null::varchar(200) as recipient,
         (case n.status when 'QUEUED' then 'pending' else lower(n.status) end)::varchar(20) as status,
         null::varchar(100) as external_id, coalesce(n.failure, '') as error_message,
         n.sent_at at time zone 'UTC' as sent_at, n.delivered_at at time zone 'UTC' as delivered_at,
         n.opened_at at time zone 'UTC' as opened_at, n.clicked_at at time zone 'UTC' as clicked_at,
         n.queued_at at time zone 'UTC' as created_at
    from compat_s3.messages() n
    join public.users u on u.id = n.user_id;
comment on column compat_s3.notification_logs.subject is
  'Always null, since it is sealed: `Notification.subject` gives it to the person for 90 days.';
comment on column compat_s3.notification_logs.content is 'Always null, since it is sealed, and forgotten after 90 days.';
comment on column compat_s3.notification_logs.recipient is 'Always null: see users.email and users.device_token.';
comment on column compat_s3.notification_logs.external_id is 'Always null: a message has our id at every provider.';
comment on column compat_s3.notification_logs.error_message is 'A word for the reason.';

create view compat_s3.user_activity_logs as
  select hashtextextended(a.id::text, 0) & 9223372036854775807 as id, u.database_id::bigint as user_id,
         a.session_id::varchar(100) as session_id, a.action_type::varchar(30) as action_type,
         m.database_id::bigint as movie_id,
         coalesce(host(d.address), '')::varchar(45) as ip_address, coalesce(d.user_agent, '') as user_agent,
         d.referrer::varchar(500) as referer,
         (case when a.source in ('web', 'mobile', 'email', 'push') then a.source else 'web' end)::varchar(30) as source,
         case when d.phrase is null then '{}' else json_build_object('phrase', d.phrase)::text end as metadata,
         a.at at time zone 'UTC' as timestamp
    from compat_s3.actions() a
    left join activity.details d on d.activity_id = a.id and d.occurred_at = a.at
    left join public.users u on u.id = a.user_id
    left join public.movies m on m.id = a.movie_id and m.tmdb_id is not null;
comment on column compat_s3.user_activity_logs.id is 'Made of the UUID, in no order.';
comment on column compat_s3.user_activity_logs.session_id is 'Empty for what is an event of the log, which has no session.';
comment on column compat_s3.user_activity_logs.ip_address is 'A network, empty when it was purged.';
comment on column compat_s3.user_activity_logs.user_agent is 'Empty when it was purged.';
comment on column compat_s3.user_activity_logs.metadata is 'The phrase of a search, until it is purged.';

create view compat_s3.popularity_metrics as
  select (m.database_id::bigint << 31) + (d.day - date '1970-01-01') as id, m.database_id::bigint as movie_id, d.day as date,
         d.view_count::integer as view_count, d.like_count::integer as like_count, d.rating_count::integer as rating_count,
         (d.half_stars_sum / 2.0 / nullif(d.rating_count, 0))::numeric(3, 2) as avg_rating,
         d.recommendation_count::integer as recommendation_count,
         least(coalesce(d.click_count::numeric / nullif(d.recommendation_count, 0), 0), 1)::numeric(5, 4)
           as click_through_rate
    from compat_s3.days() d
    join public.movies m on m.id = d.movie_id and m.tmdb_id is not null;
