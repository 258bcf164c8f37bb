// What Mercurius and Apollo Server read and write: prepared statements, pipelined over few connections.
import postgres from 'postgres'
import { RATE } from './rating.js'

const MOMENTS = { to: 1184, from: [1184], serialize: String, parse: text => text.replace(' ', 'T') }
const sql = postgres({ max: 10, connection: { options: process.env.PGOPTIONS }, types: { moments: MOMENTS } })

const run = (text, values) => sql.unsafe(text, values, { prepare: true })

const MOVIE = `m.id as key, 'Movie:' || m.id as id, m.database_id as "databaseId", m.tmdb_id as "tmdbId",
  m.imdb_id as "imdbId", m.title, m.release_year as "releaseYear"`

const MOVIE_BY_ID = `select ${MOVIE}, m.runtime_minutes as "runtimeMinutes", m.overview from movies m where m.id = $1`
const MOVIES = `select ${MOVIE} from movies m
  where m.release_year >= $1 and m.release_year <= $2 order by m.title, m.id limit $3`
const GENRES = `select mg.movie_id as movie, 'Genre:' || g.id as id, g.name, g.slug
  from movie_genres mg join genres g on g.id = mg.genre_id
  where mg.movie_id = any ($1::uuid[]) order by mg.movie_id, mg.rank`
const USERNAME = 'select username from users where id = $1'
const FAVORITES = `select l.favorited_at as "favoritedAt", ${MOVIE}
  from favorites l join movies m on m.id = l.movie_id
  where l.user_id = $1 and l.is_active order by l.position desc limit $2`
const WATCHLIST = `select (array['LOW', 'MEDIUM', 'HIGH'])[l.urgency] as priority, l.added_at as "addedAt", ${MOVIE}
  from watchlist l join movies m on m.id = l.movie_id
  where l.user_id = $1 and l.is_active order by l.urgency desc, l.position desc limit $2`
const RECOMMENDATIONS = `select l.score, ${MOVIE} from user_recommendations l join movies m on m.id = l.movie_id
  where l.user_id = $1 and l.algorithm = 'BLEND' order by l.rank limit $2`
const RATINGS = `select l.half_stars / 2.0::float8 as stars, l.reaction, l.rated_at as "ratedAt", ${MOVIE}
  from ratings l join movies m on m.id = l.movie_id
  where l.user_id = $1 and (l.reaction is not null or l.half_stars is not null) order by l.position desc limit $2`

export const movie = async id => (await run(MOVIE_BY_ID, [id]))[0] ?? null
export const movies = (from, to, first) => run(MOVIES, [from, to, first])
export const username = async person => (await run(USERNAME, [person]))[0].username
export const favorites = (person, first) => run(FAVORITES, [person, first])
export const watchlist = (person, first) => run(WATCHLIST, [person, first])
export const recommendations = (person, first) => run(RECOMMENDATIONS, [person, first])
export const ratings = (person, first) => run(RATINGS, [person, first])
export const rate = async (person, movie, halfStars) => (await run(RATE, [person, movie, halfStars]))[0] ?? null

// The genres of each movie, in the order of the movies.
export async function genres (movies) {
  const found = new Map()
  for (const row of await run(GENRES, [movies])) {
    const known = found.get(row.movie)
    if (known) known.push(row)
    else found.set(row.movie, [row])
  }
  return movies.map(movie => found.get(movie) ?? [])
}
