// For Express: `app.get('/apps/:app', protect(guard, (request) => ({ app_name: request.params.app, action: 'r' })), …)`.
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Guard } from '../guard.ts'
import type { VerifiedToken } from '../verdict.ts'
import { protect as protectNode, type AccessOf, type ProtectOptions } from './node.ts'

export type { AccessOf, ProtectOptions, RouteAccess } from './protect.ts'

declare module 'node:http' {
  interface IncomingMessage {
    /** The token that allows the request, behind `protect`. */
    verifiedToken?: VerifiedToken
  }
}

/** What an Express request has beside that of Node. */
interface ExpressRequest extends IncomingMessage {
  /** By Express's setting `trust proxy`. */
  readonly ip?: string | undefined
}

/**
 * Makes a middleware that passes on the requests which a token allows, with it as `request.verifiedToken`, and answers the others with 401, 403
 * or 503. What `access` throws goes to the error handler.
 */
export function protect<Request extends ExpressRequest>(
  guard: Guard,
  access: AccessOf<Request>,
  { from = ({ ip }) => ip }: ProtectOptions<Request> = {},
): (request: Request, response: ServerResponse, next: (error?: unknown) => void) => Promise<void> {
  const guarded = protectNode(guard, access, { from })
  return async (request, response, next) => {
    let token: VerifiedToken | undefined
    try {
      token = await guarded(request, response)
    } catch (error) {
      next(error)
      return
    }
    if (token === undefined) return
    request.verifiedToken = token
    next()
  }
}
