// Mercurius on Fastify, with JIT.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { person } from './people.js'
import { resolvers, schema } from './resolvers.js'
import * as store from './store.js'

const app = Fastify()
app.register(mercurius, {
  schema,
  resolvers,
  loaders: {
    Movie: {
      genres: { loader: queries => store.genres(queries.map(({ obj }) => obj.key)), opts: { cache: false } }
    }
  },
  context: request => ({ person: person(request.headers) }),
  jit: 1
})
await app.listen({ port: Number(process.env.PROJECTIONIST_PORT) })
