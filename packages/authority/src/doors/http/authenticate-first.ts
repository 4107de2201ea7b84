// Checks the credential before the body is read, so that nothing of a stranger's body is parsed.
import type { FastifyRequest, RouteShorthandOptions } from 'fastify'

import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Presented } from '../../operations/perform/principal.ts'
import { addressOf } from './address.ts'
import { bodyLimits } from './body.ts'
import { nobody } from './exchange.ts'

export interface AuthenticatedFirst {
  /** For routes that need a credential. */
  readonly options: Pick<RouteShorthandOptions, 'bodyLimit' | 'config' | 'onRequest'>
  /** The credentials of the request. */
  readonly presentedBy: (request: FastifyRequest) => Presented
}

/** `credentialOf` returns the Authorization header of a request, or the one that its cookie stands for. */
export function authenticateFirst(
  authenticate: Authenticate,
  credentialOf: (request: FastifyRequest) => string | undefined,
): AuthenticatedFirst {
  const presented = new WeakMap<FastifyRequest, Presented>()
  return {
    options: {
      bodyLimit: bodyLimits.known,
      config: { authenticatesFirst: true },
      async onRequest(request) {
        presented.set(request, await authenticate(credentialOf(request), () => addressOf(request)))
      },
    },
    presentedBy: (request) => presented.get(request) ?? nobody,
  }
}
