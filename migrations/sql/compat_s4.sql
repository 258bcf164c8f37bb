-- The tables of design S4, as views. Nobody may read them but the owner and whom the owner lets.
create schema compat_s4;
comment on schema compat_s4 is 'What is kept, in the tables, columns, types and codings of design S4. Read-only.';

create type compat_s4.movie_status as enum ('seen', 'later', 'not_interested');

-- A function, for a rebuild swaps the table: a view of it would follow the old one. The planner sees through it.
create function compat_s4.viewing_states() returns table (user_id uuid, movie_id uuid, status text, status_position bigint,
                                                          last_interaction_at timestamptz)
  language sql stable as $$
  select user_id, movie_id, status, status_position, last_interaction_at from read.viewing_states
$$;

create view compat_s4.users as
  select u.database_id as id,
         coalesce(p.first_name, '')::varchar as first_name,
         coalesce(p.last_name, '')::varchar as last_name,
         null::varchar as email,
         coalesce(u.password_hash, '!')::varchar as password_hash,
         u.created_at at time zone 'UTC' as joined
    from public.users u
    left join public.profiles p on p.user_id = u.id;
comment on column compat_s4.users.first_name is 'Empty where the person did not say it.';
comment on column compat_s4.users.last_name is 'Empty where the person did not say it.';
comment on column compat_s4.users.email is
  'Always null, since it is sealed: `projectionist users list` has it, and exportMyData gives it to the person.';
comment on column compat_s4.users.password_hash is '! where there is none: no password makes it.';
comment on column compat_s4.users.joined is 'In UTC, as all times are here.';

create view compat_s4.movies as
  select m.database_id as id, m.tmdb_id, m.imdb_id::varchar as imdb_id,
         coalesce(en.title, nullif(m.title, ''))::varchar as title_en,
         coalesce(fr.title, case when m.original_language = 'fr' then m.original_title end)::varchar as title_fr,
         coalesce(en.overview, m.overview) as overview_en,
         fr.overview as overview_fr,
         (case when m.poster_path like 'http%' then m.poster_path
               else 'https://image.tmdb.org/t/p/w500' || m.poster_path end)::varchar as poster_url,
         coalesce(en.trailer_url, m.trailer_url)::varchar as trailer_en,
         fr.trailer_url::varchar as trailer_fr,
         imdb.value::float8 as imdb_rating,
         imdb.votes as vote_count,
         array(select g.name::varchar from public.movie_genres mg join public.genres g on g.id = mg.genre_id
                where mg.movie_id = m.id order by mg.rank) as genres,
         array(select g.tmdb_id from public.movie_genres mg join public.genres g on g.id = mg.genre_id
                where mg.movie_id = m.id and g.tmdb_id is not null order by mg.rank) as genre_ids,
         m.release_year::integer as release_year,
         m.original_language::varchar as original_language,
         coalesce(copy.fetched_at, m.created_at) at time zone 'UTC' as cached_on,
         coalesce(imdb.observed_at, m.created_at) at time zone 'UTC' as imdb_updated_on
    from public.movies m
    left join public.movie_copies copy on copy.movie_id = m.id and copy.source = 'tmdb'
    left join public.movie_external_ratings imdb on imdb.movie_id = m.id and imdb.source = 'imdb'
    cross join lateral (
      select (array_agg(title order by locale, source) filter (where title is not null))[1] as title,
             (array_agg(overview order by locale, source) filter (where overview is not null))[1] as overview,
             (array_agg(trailer_url order by locale, source) filter (where trailer_url is not null))[1] as trailer_url
        from public.movie_translations where movie_id = m.id and split_part(locale, '-', 1) = 'en') en
    cross join lateral (
      select (array_agg(title order by locale, source) filter (where title is not null))[1] as title,
             (array_agg(overview order by locale, source) filter (where overview is not null))[1] as overview,
             (array_agg(trailer_url order by locale, source) filter (where trailer_url is not null))[1] as trailer_url
        from public.movie_translations where movie_id = m.id and split_part(locale, '-', 1) = 'fr') fr
   where m.tmdb_id is not null;
comment on view compat_s4.movies is 'Those with an id at TMDb, since the design has no others.';
comment on column compat_s4.movies.title_en is 'In English, else as the catalogue has it.';
comment on column compat_s4.movies.genre_ids is 'Of the genres that TMDb numbers.';

create view compat_s4.user_movies as
  select (s.status_position % 2147483647)::integer as id,
         u.database_id as user_id, m.database_id as movie_id,
         lower(s.status)::compat_s4.movie_status as status,
         s.last_interaction_at at time zone 'UTC' as updated_at
    from compat_s4.viewing_states() s
    join public.users u on u.id = s.user_id
    join public.movies m on m.id = s.movie_id and m.tmdb_id is not null
   where s.status_position > 0;
comment on column compat_s4.user_movies.id is
  'The position in the log of what set the status, so another when it is set again; from 0 again after 2147483647.';
comment on column compat_s4.user_movies.status is 'Null after it was taken back.';
comment on column compat_s4.user_movies.updated_at is 'When the person last did anything with the movie.';

create view compat_s4.chat_sessions as
  select c.id::varchar as id, u.database_id as user_id,
         coalesce((select json_agg(json_build_object('role', lower(m.role), 'content', null) order by m.number)
                     from public.chat_messages m where m.session_id = c.id and m.role in ('USER', 'ASSISTANT')),
                  '[]') as conversation,
         c.started_at at time zone 'UTC' as created_on
    from public.chat_sessions c
    join public.users u on u.id = c.user_id;
comment on column compat_s4.chat_sessions.conversation is
  'Each content is null, since texts are sealed: `ChatSession.conversation` and exportMyData give them to the person.';
