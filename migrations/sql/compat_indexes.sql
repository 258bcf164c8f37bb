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
