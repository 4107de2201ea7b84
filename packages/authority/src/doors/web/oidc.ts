// The two routes that send a browser to the OpenID provider and take it back.
import type { LoginErrorCode } from '@hallpass/client'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { DomainError } from '../../domain/errors.ts'
import { IdentityError, type IdentityProvider } from '../../domain/identity.ts'
import { beginIdentity } from '../../operations/accounts/begin-identity.ts'
import { signInWithIdentity } from '../../operations/accounts/sign-in-with-identity.ts'
import { explainRefusal } from '../http/errors.ts'
import { nobody, openExchange } from '../http/exchange.ts'
import { browserOf } from './browser.ts'
import { readCookie, writeCookie } from './cookie.ts'
import type { WebDoor } from './web-door.ts'
import { endSession } from './end-session.ts'
import {
  attemptLifetime,
  isAnswerTo,
  ownPath,
  readAttempt,
  secretsOf,
  writeAttempt,
  type LoginAttempt,
} from './login-attempt.ts'

const callbackPath = '/web/oidc/callback'

interface Query {
  readonly Querystring: Readonly<Record<string, unknown>>
}

/** Opens the two routes, if a provider is configured. */
export function openOidcRoutes(server: FastifyInstance, door: WebDoor, provider: IdentityProvider): void {
  const { environment, cookies, report } = door
  const { publicUrl, now, randomBytes } = environment
  const isSecure = () => publicUrl().startsWith('https:')
  const name = () => `${isSecure() ? '__Host-' : ''}hallpass-login`
  const keep = (reply: FastifyReply, value: string, maxAge: number) =>
    reply.header('set-cookie', writeCookie(name(), value, { secure: isSecure(), maxAge }))

  /** The page shows people a code; the log tells the operator why. */
  function refuse(request: FastifyRequest, reply: FastifyReply, error: unknown, attempt?: LoginAttempt): FastifyReply {
    const code = codeOf(error)
    const words = error instanceof DomainError ? explainRefusal(error, request) : undefined
    const detail = error instanceof IdentityError ? error.detail : words
    report({ code, provider: provider.issuer, ...(detail === undefined ? {} : { detail }), request_id: request.id })
    return sendBack(reply, code, attempt)
  }

  server.get<Query>('/web/oidc/start', async (request, reply) => {
    const attempt = { seed: randomBytes(32), startedAt: now(), returnTo: ownPath(request.query['return_to']) }
    try {
      const { perform } = openExchange(environment, nobody, request)
      const redirectUri = publicUrl() + callbackPath
      const url = await perform(beginIdentity, { provider, secrets: secretsOf(attempt), redirectUri })
      void keep(reply, writeAttempt(attempt), attemptLifetime / 1000)
      return await reply.redirect(url.href)
    } catch (error) {
      return refuse(request, reply, error, attempt)
    }
  })

  server.get<Query>(callbackPath, async (request, reply) => {
    const cookie = readCookie(request.headers.cookie, name())
    const attempt = cookie === undefined ? undefined : readAttempt(cookie, now())
    if (attempt === undefined || !isAnswerTo(attempt, request.query['state'])) {
      const detail = attempt === undefined ? 'the browser has no login in progress' : 'it is for another login'
      report({ code: 'oidc_state', provider: provider.issuer, detail, request_id: request.id })
      return sendBack(reply, 'oidc_state')
    }
    // An attempt is answered once, whatever the answer is.
    void keep(reply, '', 0)
    try {
      const { perform } = openExchange(environment, nobody, request)
      const session = await perform(signInWithIdentity, {
        provider,
        secrets: secretsOf(attempt),
        callback: new URL(publicUrl() + request.url),
        from: browserOf(request),
      })
      // The provider's page sends the browser here, so no page of ours asks. Only the browser that began knows the
      // state.
      await endSession(door, request, cookies.heldBy(request))
      cookies.set(request, reply, session, now())
      return await reply.redirect(attempt.returnTo)
    } catch (error) {
      return refuse(request, reply, error, attempt)
    }
  })
}

/** Redirects to the page that explains the error, and offers the other ways to log in. */
function sendBack(reply: FastifyReply, code: LoginErrorCode, attempt?: LoginAttempt): FastifyReply {
  const { returnTo = '/' } = attempt ?? {}
  return reply.redirect(`/login?error=${code}${returnTo === '/' ? '' : `&return_to=${encodeURIComponent(returnTo)}`}`)
}

/** @throws the error itself, if it is unexpected */
function codeOf(error: unknown): LoginErrorCode {
  if (error instanceof IdentityError) return `oidc_${error.refusal}`
  if (error instanceof DomainError && error.code === 'rate_limited') return 'rate_limited'
  throw error
}
