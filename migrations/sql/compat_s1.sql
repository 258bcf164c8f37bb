-- Favourites by TMDb id beside Django's accounts; times in UTC.
-- Each view is read only: through one without `with` or join PostgreSQL would write.
create schema compat_s1;

create view compat_s1.auth_user as
with people as (
  select database_id as id,
         coalesce(password_hash, '!')::varchar(128) as password,
         (last_signed_in_at at time zone 'UTC')::timestamp as last_login,
         'admin' = any (roles) as is_superuser,
         username::varchar(150) as username,
         null::varchar(254) as email,
         (created_at at time zone 'UTC')::timestamp as date_joined
    from public.users)
select * from people;
comment on column compat_s1.auth_user.password is 'The exclamation mark, which no password matches, where there is none.';
comment on column compat_s1.auth_user.email is
  'Null although the design promised one: addresses are sealed. `projectionist users list` and exportMyData show them.';

-- A function, for a view would follow the read table out of the way when a rebuild replaces it; the planner sees through it.
create function compat_s1.favorites() returns table (user_id uuid, movie_id uuid, favorited_at timestamptz, "position" bigint)
  language sql stable as $$
  select user_id, movie_id, favorited_at, position from read.favorites where is_active
$$;

create view compat_s1.users_favoritemovie as
select f.position::integer as id,
       u.database_id as user_id,
       m.tmdb_id as movie_id,
       (f.favorited_at at time zone 'UTC')::timestamp as created_at
  from compat_s1.favorites() f
  join public.users u on u.id = f.user_id
  join public.movies m on m.id = f.movie_id and m.tmdb_id is not null;
comment on view compat_s1.users_favoritemovie is 'Of movies with an id at TMDb: the design knows no others.';
comment on column compat_s1.users_favoritemovie.id is 'The position of the event in the log.';
comment on column compat_s1.users_favoritemovie.movie_id is 'The id at TMDb.';
