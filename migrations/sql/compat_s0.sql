-- Likes and dislikes of movies of IMDb, as the design with three tables had them; times in UTC.
-- Each view is read only: through one without `with` or join PostgreSQL would write.
create schema compat_s0;

create view compat_s0.users as
with people as (
  select database_id as id,
         null::varchar as email,
         coalesce(password_hash, '!')::varchar as hashed_password,
         (created_at at time zone 'UTC')::timestamp as created_at,
         deactivated_at is null as is_active
    from public.users)
select * from people;
comment on column compat_s0.users.email is
  'Null although the design signs in by it: addresses are sealed. `projectionist users list` and exportMyData show them.';
comment on column compat_s0.users.hashed_password is 'The exclamation mark, which no password matches, where there is none.';

create view compat_s0.movies as
with catalogue as (
  select m.database_id as id,
         m.imdb_id::varchar as tconst,
         m.title::varchar as "primaryTitle",
         m.release_year::integer as "startYear",
         (select string_agg(g.name, ',' order by mg.rank, g.name)
            from public.movie_genres mg join public.genres g on g.id = mg.genre_id where mg.movie_id = m.id)::varchar as genres
    from public.movies m)
select * from catalogue;
comment on column compat_s0.movies.tconst is 'Null where nobody said the id at IMDb.';

-- A function, for a view of the log's would stand in the way of its guards; the planner sees through it.
create function compat_s0.reactions()
  returns table ("position" bigint, user_id uuid, movie_id uuid, reaction text, occurred_at timestamptz)
  language sql stable as $$
  select position, user_id, movie_id, data->>'reaction', occurred_at from public.events
   where type = 'movie_reacted' and data->>'reaction' in ('DISLIKE', 'LIKE', 'SUPER_LIKE')
$$;

create view compat_s0.interactions as
select r.position::integer as id,
       u.database_id as user_id,
       m.database_id as movie_id,
       (case r.reaction when 'LIKE' then 'like' when 'DISLIKE' then 'dislike' else 'superlike' end)::varchar
         as interaction_type,
       (r.occurred_at at time zone 'UTC')::timestamp as "timestamp"
  from compat_s0.reactions() r
  join public.users u on u.id = r.user_id
  join public.movies m on m.id = r.movie_id;
comment on view compat_s0.interactions is
  'The log book: every reaction ever, also one that was replaced or taken back later. OK is none of the design''s.';
comment on column compat_s0.interactions.id is 'The position of the event in the log.';

create view compat_s0.interactions_as_integers as
select id, user_id, movie_id,
       case interaction_type when 'like' then 1 when 'dislike' then -1 else 2 end as interaction_type,
       "timestamp"
  from compat_s0.interactions;
comment on view compat_s0.interactions_as_integers is 'The other coding that the design leaves the choice of.';
