// Who asks is looked at before the body is read: strangers get none of it parsed.
import type { FastifyRequest, RouteShorthandOptions } from 'fastify'

import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Presented } from '../../operations/perform/principal.ts'
import { addressOf } from './address.ts'
import { bodyLimits } from './body.ts'
import { nobody } from './exchange.ts'

export interface KnownFirst {
  /** For the routes that take a credential. */
  readonly options: Pick<RouteShorthandOptions, 'bodyLimit' | 'config' | 'onRequest'>
  /** What the request presented. */
  readonly presentedBy: (request: FastifyRequest) => Presented
}

/** `credentialOf` gives the Authorization header that a request has, or that its cookie stands for. */
export function knowFirst(
  authenticate: Authenticate,
  credentialOf: (request: FastifyRequest) => string | undefined,
): KnownFirst {
  const presented = new WeakMap<FastifyRequest, Presented>()
  return {
    options: {
      bodyLimit: bodyLimits.known,
      config: { knowsFirst: true },
      async onRequest(request) {
        presented.set(request, await authenticate(credentialOf(request), () => addressOf(request)))
      },
    },
    presentedBy: (request) => presented.get(request) ?? nobody,
  }
}
