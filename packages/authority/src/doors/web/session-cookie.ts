// Sessions of browsers: which credential a request's cookie stands for, and the cookies that answers set.
import type { FastifyReply, FastifyRequest } from 'fastify'

import { DomainError } from '../../domain/errors.ts'
import type { OpenedSession } from '../../operations/accounts/sign-in.ts'
import { cookieName, readCookie, writeCookie } from './cookie.ts'
import { describeForeign, isSameOrigin, originOf, type Asked } from './origin.ts'

export interface WebOrigin {
  /** As configured: `https://hallpass.example.com`; undefined where it is not. */
  readonly publicOrigin: string | undefined
  /** Whether this is the address of a proxy that is trusted. */
  readonly trusts: (address: string) => boolean
}

export interface SessionCookies {
  /**
   * Who logs somebody in from another page, logs them in as somebody else.
   * @throws DomainError `forbidden` where no page of the authority's own asks
   */
  readonly checkOwnPage: (request: FastifyRequest) => void
  /** The Authorization header that the request has, or that its cookie stands for where the cookie counts. */
  readonly credentialOf: (request: FastifyRequest) => string | undefined
  /** The same of the cookie alone. */
  readonly cookieOf: (request: FastifyRequest) => string | undefined
  /** The same, whoever asks: for what nobody can have another browser ask for. */
  readonly heldBy: (request: FastifyRequest) => string | undefined
  /** Keeps the auth token of a new session in the browser. `now` in milliseconds. */
  readonly set: (request: FastifyRequest, reply: FastifyReply, session: OpenedSession, now: number) => void
  readonly clear: (request: FastifyRequest, reply: FastifyReply) => void
  /** For a refusal: takes the cookie away, where it was what was refused. */
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
    // The cookie carries an auth token and nothing else: anything else is refused as a damaged one.
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
