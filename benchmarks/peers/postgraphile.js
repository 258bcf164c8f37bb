// PostGraphile on the tables as they are. What the database does not say of them is said here: the relations of the
// read tables, which have no foreign keys, what a list leaves out, and who asks.
import { createServer } from 'node:http'
import pg from 'pg'
import { postgraphile } from 'postgraphile'
import { sideEffectWithPgClient } from 'postgraphile/@dataplan/pg'
import { makePgService } from 'postgraphile/adaptors/pg'
import { context, object } from 'postgraphile/grafast'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { addPgTableCondition, extendSchema, gql, jsonPgSmartTags } from 'postgraphile/utils'
import { person } from './people.js'
import { RATE } from './rating.js'

const USER = '(user_id) references public.users (id)'
const MOVIE = '(movie_id) references public.movies (id)'

// A name of ours for what a list holds, so that PostgreSQL may use the partial index for exactly that.
const LISTED = {
  favorites: sql => table => sql`${table}.is_active`,
  watchlist: sql => table => sql`${table}.is_active`,
  ratings: sql => table => sql`(${table}.reaction is not null or ${table}.half_stars is not null)`
}

const relations = jsonPgSmartTags({
  version: 1,
  config: {
    class: Object.fromEntries(
      Object.keys(LISTED).map(name => [`read.${name}`, { tags: { foreignKey: [USER, MOVIE] } }])
    ),
    attribute: Object.fromEntries(
      [
        ...Object.keys(LISTED).map(name => `read.${name}.position`),
        'read.watchlist.urgency',
        'public.movie_genres.rank'
      ].map(name => [name, { tags: { behavior: '+orderBy' } }])
    )
  }
})

const listed = Object.entries(LISTED).map(([tableName, holds]) =>
  addPgTableCondition({ schemaName: 'read', tableName }, 'listed', ({ graphql: { GraphQLBoolean }, sql }) => ({
    type: GraphQLBoolean,
    apply (condition, wanted) {
      if (wanted) condition.where(holds(sql)(condition.alias))
    }
  }))
)

const viewerAndRating = extendSchema(({ pgResources: { users }, pgExecutor }) => ({
  typeDefs: gql`
    extend type Query { viewer: User }
    extend type Mutation { rateMovie(movieId: UUID!, halfStars: Int!): Rated }
    type Rated { position: BigInt! type: String! movieId: UUID! title: String! halfStars: Int! }
  `,
  objects: {
    Query: {
      plans: {
        viewer: () => users.get({ id: context().get('person') })
      }
    },
    Mutation: {
      plans: {
        rateMovie (_, { $movieId, $halfStars }) {
          const $input = object({ person: context().get('person'), movieId: $movieId, halfStars: $halfStars })
          return sideEffectWithPgClient(pgExecutor, $input, async (client, { person, movieId, halfStars }) => {
            const { rows: [row] } = await client.query({ name: 'rate', text: RATE, values: [person, movieId, halfStars] })
            return row ? { ...row, movieId: row.key, halfStars } : null
          })
        }
      }
    }
  }
}))

const serv = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [relations, ...listed, viewerAndRating],
  pgServices: [makePgService({ pool: new pg.Pool({ max: 10 }), schemas: ['public', 'read'] })],
  grafast: { context: ({ node }) => ({ person: person(node.req.headers) }) },
  grafserv: { graphiql: false, watch: false }
}).createServ(grafserv)

const server = createServer()
await serv.addTo(server)
server.listen(Number(process.env.PROJECTIONIST_PORT), '127.0.0.1')
