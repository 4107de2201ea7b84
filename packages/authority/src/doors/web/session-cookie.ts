// Sessions of browsers: the credential that a request's cookie stands for, and the cookies that answers set.
import type { FastifyReply, FastifyRequest } from 'fastify'

import { DomainError } from '../../domain/errors.ts'
import type { OpenedSession } from '../../operations/accounts/sign-in.ts'
import { cookieName, readCookie, writeCookie } from './cookie.ts'
import { describeForeign, isSameOrigin, originOf, type Asked } from './origin.ts'

export interface WebOrigin {
  /** From the configuration: `https://hallpass.example.com`; undefined if not configured. */
  readonly publicOrigin: string | undefined
  /** Whether this is the address of a trusted proxy. */
  readonly trusts: (address: string) => boolean
}

export interface SessionCookies {
  /**
   * Refuses foreign pages: a page that could log a person in could log them in as somebody else.
   * @throws DomainError `forbidden` if the request does not come from a page of ours
   */
  readonly checkOwnPage: (request: FastifyRequest) => void
  /** The Authorization header of the request, or the one that its cookie stands for if the cookie counts. */
  readonly credentialOf: (request: FastifyRequest) => string | undefined
  /** The credential of the cookie, if it counts. */
  readonly cookieOf: (request: FastifyRequest) => string | undefined
  /** The credential of the cookie, even if a foreign page asks: for requests that no page can make a browser send. */
  readonly heldBy: (request: FastifyRequest) => string | undefined
  /** Stores the auth token of a new session in the browser. `now` in milliseconds. */
  readonly set: (request: FastifyRequest, reply: FastifyReply, session: OpenedSession, now: number) => void
  readonly clear: (request: FastifyRequest, reply: FastifyReply) => void
  /** Deletes the cookie if it was the refused credential. */
  readonly clearRefused: (request: FastifyRequest, reply: FastifyReply) => void
}

export function createSessionCookies({ publicOrigin, trusts }: WebOrigin): SessionCookies {
  const asked = (request: FastifyRequest): Asked => ({
    headers: request.headers,
    host: request.host,
    protocol: request.protocol,
    throughProxy: trusts(request.socket.remoteAddress ?? ''),
  })
  const isSecure = (request: FastifyRequest) =>
    (publicOrigin ?? originOf(asked(request), publicOrigin))?.startsWith('https:') === true
  // Requests whose cookie counted.
  const byCookie = new WeakSet<FastifyRequest>()

  function cookieOf(request: FastifyRequest): string | undefined {
    const { headers } = request
    if (headers.cookie === undefined || headers.authorization !== undefined) return undefined
    const held = heldBy(request)
    if (held === undefined || !isSameOrigin(asked(request), publicOrigin)) return undefined
    byCookie.add(request)
    return held
  }

  function heldBy(request: FastifyRequest): string | undefined {
    const value = readCookie(request.headers.cookie, cookieName(isSecure(request)))
    // The cookie may only contain an auth token; anything else is refused as damaged.
    return value && `Bearer ${/^fo1_[\w-]+$/.test(value) ? value : 'fo1_damaged'}`
  }

  function clear(request: FastifyRequest, reply: FastifyReply): void {
    const secure = isSecure(request)
    void reply.header('set-cookie', writeCookie(cookieName(secure), '', { secure, maxAge: 0 }))
  }

  return {
    checkOwnPage(request) {
      const said = asked(request)
      if (!isSameOrigin(said, publicOrigin)) throw new DomainError('forbidden', describeForeign(said, publicOrigin))
    },
    credentialOf: (request) => request.headers.authorization ?? cookieOf(request),
    cookieOf,
    heldBy,
    set(request, reply, { authToken, expiresAt }, now) {
      const secure = isSecure(request)
      const maxAge = Math.floor((expiresAt - now) / 1000)
      void reply.header('set-cookie', writeCookie(cookieName(secure), authToken.reveal(), { secure, maxAge }))
    },
    clear,
    clearRefused(request, reply) {
      if (byCookie.has(request)) clear(request, reply)
    },
  }
}
