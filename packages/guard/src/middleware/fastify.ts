// For Fastify: `app.get('/apps/:app', { onRequest: protect(guard, ({ params }) => ({ app_name: params.app, action: 'r' })) }, …)`.
import type { FastifyReply, FastifyRequest } from 'fastify'

import type { Guard } from '../guard.ts'
import type { VerifiedToken } from '../verdict.ts'
import { answerTo, judge, type AccessOf, type ProtectOptions } from './protect.ts'

export type { AccessOf, ProtectOptions, RouteAccess } from './protect.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The token that allows the request, behind `protect`. */
    verifiedToken?: VerifiedToken
  }
}

/**
 * Makes a hook that passes on the requests which a token allows, with it as `request.verifiedToken`, and answers the others with 401, 403 or
 * 503. What `access` throws goes to the error handler.
 */
export function protect<Request extends FastifyRequest = FastifyRequest>(
  guard: Guard,
  access: AccessOf<Request>,
  { from = ({ ip }) => ip }: ProtectOptions<Request> = {},
): (request: Request, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  return async (request, reply) => {
    const { authorization } = request.headers
    const verdict = await judge(guard, access, request, { authorization, address: from(request) })
    if (verdict.allowed) {
      request.verifiedToken = verdict.token
      return undefined
    }
    const { status, headers, body } = answerTo(verdict, authorization)
    return reply.code(status).headers(headers).send(body)
  }
}
