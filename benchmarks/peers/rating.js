// One statement, one transaction: the event and the rating. $1 person, $2 movie, $3 half stars; no row for no movie.
export const RATE = `
with movie as (select id, title from movies where id = $2::uuid),
event as (
  insert into peer.events (event_id, type, user_id, movie_id, data, correlation_id)
  select uuidv7(), 'movie_rated', $1::uuid, id, jsonb_build_object('half_stars', $3::smallint), uuidv7() from movie
  returning position, type, user_id, movie_id, occurred_at
),
rating as (
  insert into peer.ratings (user_id, movie_id, reaction_position, half_stars, stars_position, starred_at, rated_at, position)
  select user_id, movie_id, 0, $3::smallint, position, occurred_at, occurred_at, position from event
  on conflict (user_id, movie_id) do update set half_stars = excluded.half_stars,
    stars_position = excluded.stars_position, starred_at = excluded.starred_at, rated_at = excluded.rated_at,
    position = excluded.position
)
select event.position, event.type, movie.id as key, 'Movie:' || movie.id as id, movie.title from event, movie`
