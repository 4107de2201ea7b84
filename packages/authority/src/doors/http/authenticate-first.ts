// Checks the credential before the body is read, so that nothing of a stranger's body is parsed.
import type { FastifyRequest, RouteShorthandOptions } from 'fastify'

import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Presented } from '../../operations/perform/principal.ts'
import { ClientOfRequest } from './address.ts'
import { bodyLimits } from './body.ts'
import { nobody } from './exchange.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Its credentials, once they are checked. */
    presented?: Presented
  }
}

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
  return {
    options: {
      bodyLimit: bodyLimits.known,
      config: { authenticatesFirst: true },
      onRequest(request, _reply, done) {
        const presented = authenticate(credentialOf(request), new ClientOfRequest(request))
        if (presented instanceof Promise) return presented.then((found) => void (request.presented = found))
        request.presented = presented
        done()
        return undefined
      },
    },
    presentedBy: (request) => request.presented ?? nobody,
  }
}
