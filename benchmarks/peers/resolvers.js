// The resolvers that Mercurius and Apollo Server share; `person` of the context is who asks. A list's rows are its edges,
// and each holds its movie, so that a list costs one statement.
import { readFileSync } from 'node:fs'
import * as store from './store.js'

export const schema = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8')

const key = id => id.slice(id.indexOf(':') + 1)
const edge = { node: row => row }
const list = read => async (user, { first }) => ({ edges: await read(user.key, first) })

async function rateMovie (_, { input }, { person }) {
  const rated = await store.rate(person, key(input.movieId), input.stars * 2)
  if (rated === null) return { errors: [{ code: 'UNKNOWN_MOVIE' }] }
  return { errors: [], event: rated, movie: { id: rated.id, title: rated.title, viewerState: { stars: input.stars } } }
}

export const resolvers = {
  Query: {
    movie: (_, { by }) => store.movie(key(by.id)),
    movies: async (_, { filter, first }) => ({
      edges: await store.movies(filter.releasedFrom, filter.releasedTo, first)
    }),
    viewer: (_, __, { person }) => person && { key: person, id: `User:${person}` }
  },
  Mutation: { rateMovie },
  User: {
    username: user => store.username(user.key),
    favorites: list(store.favorites),
    watchlist: list(store.watchlist),
    storedRecommendations: list(store.recommendations),
    ratings: list(store.ratings)
  },
  MovieEdge: edge,
  FavoriteEdge: edge,
  WatchlistEdge: edge,
  RecommendationEdge: edge,
  RatingEdge: edge
}
