// The flyctl door: the requests of flyctl other than GraphQL and the Machines API, under `/api/v1`, and its metrics.
import type { FastifyInstance } from 'fastify'

import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { bodyLimits } from '../http/body.ts'
import { openExchange } from '../http/exchange.ts'
import { authenticateFirst } from '../http/authenticate-first.ts'
import { answerInTurn } from '../http/long-answers.ts'
import { parse } from '../http/parse.ts'
import { print } from '../http/pieces.ts'
import { tellEnd } from '../http/tell-end.ts'
import { appRoutes } from './apps.ts'
import { buildRoutes } from './builds.ts'
import { organisationRoutes } from './organisations.ts'
import type { FlyctlRoute } from './route.ts'
import { sessionRoutes } from './sessions.ts'

export interface FlyctlDoor {
  readonly environment: Environment
  readonly authenticate: Authenticate
}

export const flyctlRoutes: readonly FlyctlRoute[] = [
  ...sessionRoutes,
  ...organisationRoutes,
  ...appRoutes,
  ...buildRoutes,
]

export function openFlyctlDoor(server: FastifyInstance, { environment, authenticate }: FlyctlDoor): void {
  const { options, presentedBy } = authenticateFirst(authenticate, (request) => request.headers.authorization)
  for (const { method, url, authenticated, params, query, body, status, handle } of flyctlRoutes) {
    server.route({
      method,
      url,
      ...(authenticated ? options : {}),
      async handler(request, reply) {
        const input = {
          params: parse(params, request.params, 'the path') as never,
          query: parse(query, request.query, 'the query') as never,
          body: parse(body, request.body, 'the body') as never,
        }
        async function make(waited = 0): Promise<void> {
          const answer = await handle(input, openExchange(environment, presentedBy(request), request, waited))
          tellEnd(request, reply)
          void reply.code(status).type('application/json; charset=utf-8')
          void reply.send(await print(answer, environment.pause))
        }
        if (authenticated) return answerInTurn(environment.longAnswers, request, reply, make)
        await make()
        return reply
      },
    })
  }
  void server.register((scope, _options, done) => {
    // flyctl sends it without a content type.
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyLimits.known }, (_request, _body, parsed) =>
      parsed(null),
    )
    // flyctl's metrics about itself are accepted, so that it does not complain, and dropped.
    scope.post('/metrics_post', (_request, reply) => reply.code(200).send())
    done()
  })
}
