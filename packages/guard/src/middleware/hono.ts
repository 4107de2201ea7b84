// For Hono: `app.get('/apps/:app', protect(guard, (c) => ({ app_name: c.req.param('app'), action: 'r' })), …)`.
import type { Context, Env, MiddlewareHandler } from 'hono'

import type { Guard } from '../guard.ts'
import type { VerifiedToken } from '../verdict.ts'
import { answerTo, judge, type AccessOf, type ProtectOptions } from './protect.ts'

export type { AccessOf, ProtectOptions, RouteAccess } from './protect.ts'

/** What handlers behind `protect` find: `c.var.verifiedToken`. */
export interface Protected {
  readonly Variables: { verifiedToken: VerifiedToken }
}

/**
 * Makes a middleware that passes on the requests which a token allows, with it as `c.var.verifiedToken`, and answers the others with 401, 403 or
 * 503. Hono does not know the address of a request: say it with `from`, or tokens that are good from some networks only are not good.
 */
export function protect<Path extends string>(
  guard: Guard,
  access: AccessOf<Context<Env, Path>>,
  { from }: ProtectOptions<Context<Env, Path>> = {},
): MiddlewareHandler<Protected, Path> {
  return async (context, next) => {
    const authorization = context.req.header('authorization')
    const address = from?.(context as Context<Env, Path>)
    const verdict = await judge(guard, access, context as Context<Env, Path>, { authorization, address })
    if (!verdict.allowed) {
      const { status, headers, body } = answerTo(verdict, authorization)
      return context.body(body, status, headers)
    }
    context.set('verifiedToken', verdict.token)
    return next()
  }
}
