// For servers of node:http: `const token = await guarded(request, response)`.
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Guard } from '../guard.ts'
import type { VerifiedToken } from '../verdict.ts'
import { answerTo, judge, type AccessOf, type ProtectOptions } from './protect.ts'

export type { AccessOf, ProtectOptions, RouteAccess } from './protect.ts'

/**
 * Makes a function that returns the token which allows the request. Where none does, it answers the request with 401, 403 or 503, and
 * returns undefined. It throws what `access` throws, and a TypeError if what that returns is no access.
 */
export function protect<Request extends IncomingMessage = IncomingMessage>(
  guard: Guard,
  access: AccessOf<Request>,
  { from = addressOf }: ProtectOptions<Request> = {},
): (request: Request, response: ServerResponse) => Promise<VerifiedToken | undefined> {
  return async (request, response) => {
    const { authorization } = request.headers
    const verdict = await judge(guard, access, request, { authorization, address: from(request) })
    if (verdict.allowed) return verdict.token
    const { status, headers, body } = answerTo(verdict, authorization)
    response.writeHead(status, headers).end(body)
    return undefined
  }
}

function addressOf({ socket }: IncomingMessage): string | undefined {
  return socket.remoteAddress
}
