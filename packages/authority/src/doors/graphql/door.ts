// The GraphQL door: one route, whose answers are made in a file of their own.
import type { FastifyInstance } from 'fastify'

import { authenticateFirst } from '../http/authenticate-first.ts'
import type { GraphqlDoor, createAnswering } from './answer.ts'

/** Opens `POST /graphql` on the server. */
export function openGraphqlDoor(server: FastifyInstance, door: GraphqlDoor): void {
  const { options, presentedBy } = authenticateFirst(door.authenticate, (request) => request.headers.authorization)
  let loading: Promise<ReturnType<typeof createAnswering>> | undefined
  const load = () =>
    (loading ??= import('./answer.ts').then(({ createAnswering }) => createAnswering(door, presentedBy)))
  // It takes a seventh of a start to load. Soon after it, because an upgrade replaces files under a running server.
  server.addHook('onListen', (done) => {
    // If it fails, the first query gets the reason.
    setTimeout(() => void load().catch(() => {}), 500).unref()
    done()
  })
  server.route({
    method: 'POST',
    url: '/graphql',
    ...options,
    handler: async (request, reply) => (await load()).answerQuery(request, reply),
    errorHandler(thrown, request, reply) {
      void load().then(
        ({ answerError }) => answerError(thrown, request, reply),
        (failure: unknown) => void reply.send(failure),
      )
    },
  })
}
