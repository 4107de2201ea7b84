// What the middlewares of all frameworks have in common: the question of a route, and the answer to who may not pass.
import type { AskedAccess } from '@hallpass/client'
import { parseAddress } from '@hallpass/macaroon/internal'

import type { Guard } from '../guard.ts'
import { claimsToken } from '../header.ts'
import type { Refusal, Verdict } from '../verdict.ts'

/** What a route asks for. The action is not left out by accident: without one, every token of the organization would pass. */
export type RouteAccess = AskedAccess & { readonly action: string }

/** The access of a route: the same for every request, or what follows from the request. */
export type AccessOf<Request> = RouteAccess | ((request: Request) => RouteAccess)

export interface ProtectOptions<Request> {
  /** The address that sent the request, if the service knows better than the framework: behind a proxy, for example. */
  readonly from?: (request: Request) => string | undefined
}

/** The verdict on a request. Its address counts for caveats about networks, if the access names none. */
export function judge<Request>(
  guard: Guard,
  access: AccessOf<Request>,
  request: Request,
  { authorization, address }: { readonly authorization: string | undefined; readonly address: string | undefined },
): Verdict | Promise<Verdict> {
  const asked = typeof access === 'function' ? access(request) : access
  const from = readAddress(address)
  return guard.allow(authorization, { ...(from === undefined ? {} : { source_address: from }), ...asked }, { from })
}

/**
 * What a proxy reports may be `unknown`, or have a port: then it is not known who asks, and nothing is allowed that depends on it.
 * A zone names a network interface of this machine.
 */
function readAddress(address: string | undefined): string | undefined {
  const text = address?.replace(/%.*$/s, '')
  return text !== undefined && text.length <= 100 && parseAddress(text) !== undefined ? text : undefined
}

/** An answer of HTTP. */
export interface RefusalAnswer {
  readonly status: Refusal['status']
  readonly headers: Readonly<Record<string, string>>
  /** JSON. */
  readonly body: string
}

/** With the challenge of RFC 6750 §3 if a token is missing, not good or not enough. */
export function answerTo(refusal: Refusal, authorization: string | undefined): RefusalAnswer {
  const { status, code, message } = refusal
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...(status === 503 ? { 'retry-after': '1' } : { 'www-authenticate': challenge(status, message, authorization) }),
    },
    body: JSON.stringify({ error: message, code, message }),
  }
}

/** RFC 6750 §3.1: without an error where no token was sent, or what is of another scheme. */
function challenge(status: 401 | 403, message: string, authorization = ''): string {
  const realm = 'Bearer realm="hallpass"'
  if (!claimsToken(authorization)) return realm
  const error = status === 401 ? 'invalid_token' : 'insufficient_scope'
  // Only these characters may stand in it.
  const description = message.replaceAll('"', "'").replaceAll(/[^ !#-[\]-~]/g, '?')
  return `${realm}, error="${error}", error_description="${description}"`
}
