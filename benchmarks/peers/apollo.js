// Apollo Server on Fastify, with DataLoader.
import { ApolloServer } from '@apollo/server'
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify'
import DataLoader from 'dataloader'
import Fastify from 'fastify'
import { person } from './people.js'
import { resolvers, schema } from './resolvers.js'
import * as store from './store.js'

const app = Fastify()
const apollo = new ApolloServer({
  typeDefs: schema,
  resolvers: { ...resolvers, Movie: { genres: (movie, _, { genres }) => genres.load(movie.key) } },
  plugins: [fastifyApolloDrainPlugin(app)]
})
await apollo.start()
app.post('/graphql', fastifyApolloHandler(apollo, {
  context: async request => ({ person: person(request.headers), genres: new DataLoader(store.genres) })
}))
await app.listen({ port: Number(process.env.PROJECTIONIST_PORT) })
