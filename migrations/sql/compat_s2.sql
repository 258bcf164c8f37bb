-- Ratings and a watchlist, as the design with Users, Movies, UserMovies and Watchlist had them: names in camel case,
-- ids as text, times in UTC to the millisecond.
-- Each view is read only: through one without `with` or join PostgreSQL would write.
create schema compat_s2;
create type compat_s2."Rating" as enum ('DISLIKE', 'OK', 'LIKE', 'SUPER_LIKE');
create type compat_s2."Priority" as enum ('LOW', 'MEDIUM', 'HIGH');

create view compat_s2."Users" as
with people as (
  select id::text as id,
         null::text as email,
         username,
         coalesce(password_hash, '!') as "passwordHash",
         (created_at at time zone 'UTC')::timestamp(3) as "createdAt",
         (updated_at at time zone 'UTC')::timestamp(3) as "updatedAt"
    from public.users)
select * from people;
comment on column compat_s2."Users".email is
  'Null although the design promised one: addresses are sealed. `projectionist users list` and exportMyData show them.';
comment on column compat_s2."Users"."passwordHash" is 'The exclamation mark, which no password matches, where there is none.';

create view compat_s2."Movies" as
select m.id::text as id,
       m.tmdb_id as "tmdbId",
       m.title,
       m.overview,
       m.poster_path as "posterPath",
       to_char(m.release_date, 'YYYY-MM-DD') as "releaseDate",
       (select jsonb_agg(jsonb_build_object('id', g.tmdb_id, 'name', g.name) order by mg.rank, g.name)
          from public.movie_genres mg join public.genres g on g.id = mg.genre_id where mg.movie_id = m.id) as genres,
       m.director,
       (select jsonb_agg(jsonb_build_object('id', p.tmdb_id, 'name', c.name, 'character', c.character) order by c.rank)
          from public.movie_credits c join public.people p on p.id = c.person_id
         where c.movie_id = m.id and c.job = 'ACTOR') as "cast",
       m.runtime_minutes::integer as runtime,
       (coalesce(t.fetched_at, m.updated_at) at time zone 'UTC')::timestamp(3) as "lastUpdated"
  from public.movies m
  left join public.movie_copies t on t.movie_id = m.id and t.source = 'tmdb'
 where m.tmdb_id is not null;
comment on view compat_s2."Movies" is 'Those with an id at TMDb: the design knows no others.';
comment on column compat_s2."Movies".title is 'Empty until the movie is fetched.';

-- Functions, for a view would follow a read table out of the way when a rebuild replaces it; the planner sees through them.
-- An entry begins with the newest event that found none there.
create function compat_s2.reactions()
  returns table (user_id uuid, movie_id uuid, reaction text, created_at timestamptz, changed_at timestamptz)
  language sql stable as $$
  select r.user_id, r.movie_id, r.reaction,
         (select e.occurred_at from public.events e
           where e.user_id = r.user_id and e.movie_id = r.movie_id and e.position <= r.reaction_position
             and e.type = 'movie_reacted' and e.data->>'previous' is null
           order by e.position desc limit 1),
         (select e.occurred_at from public.events e where e.position = r.reaction_position)
    from read.ratings r
   where r.reaction is not null
$$;
create function compat_s2.wishes() returns table (user_id uuid, movie_id uuid, added_at timestamptz, urgency integer)
  language sql stable as $$
  select user_id, movie_id, added_at, urgency::integer from read.watchlist where is_active
$$;

create view compat_s2."UserMovies" as
select md5('rating ' || r.user_id || ' ' || r.movie_id)::uuid::text as id,
       r.user_id::text as "userId",
       r.movie_id::text as "movieId",
       r.reaction::compat_s2."Rating" as rating,
       true as watched,
       (r.created_at at time zone 'UTC')::timestamp(3) as "createdAt",
       (r.changed_at at time zone 'UTC')::timestamp(3) as "updatedAt"
  from compat_s2.reactions() r
  join public.users u on u.id = r.user_id
  join public.movies m on m.id = r.movie_id and m.tmdb_id is not null;
comment on column compat_s2."UserMovies".id is 'The same for a person and a movie, for ever.';
comment on column compat_s2."UserMovies".watched is 'Who reacted has seen it.';

create view compat_s2."Watchlist" as
select md5('watchlist ' || w.user_id || ' ' || w.movie_id)::uuid::text as id,
       w.user_id::text as "userId",
       w.movie_id::text as "movieId",
       (w.added_at at time zone 'UTC')::timestamp(3) as "addedAt",
       (array['LOW', 'MEDIUM', 'HIGH'])[w.urgency]::compat_s2."Priority" as priority
  from compat_s2.wishes() w
  join public.users u on u.id = w.user_id
  join public.movies m on m.id = w.movie_id and m.tmdb_id is not null;
comment on column compat_s2."Watchlist".id is 'The same for a person and a movie, for ever.';
