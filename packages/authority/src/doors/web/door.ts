// The web door: lets people in with a browser, which keeps the auth token in a cookie, and serves the dashboard's files.
import { routes } from '@hallpass/client/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { Secret } from '../../domain/secret.ts'
import { signInWithPasskey } from '../../operations/accounts/sign-in-with-passkey.ts'
import { signIn, type OpenedSession } from '../../operations/accounts/sign-in.ts'
import { signUp } from '../../operations/accounts/sign-up.ts'
import { readAdmission } from '../http/admission.ts'
import { nobody, openExchange } from '../http/exchange.ts'
import { parse } from '../http/parse.ts'
import { readAssertion } from '../http/passkeys.ts'
import { browserOf } from './browser.ts'
import { endSession } from './end-session.ts'
import { openOidcRoutes } from './oidc.ts'
import { servePages } from './pages.ts'
import type { WebDoor } from './web-door.ts'

/** Opens the routes under `/web`, and the pages. */
export function openWebDoor(server: FastifyInstance, door: WebDoor): void {
  const { environment, cookies, dashboard } = door

  server.post('/web/session', async (request, reply) => {
    cookies.checkOwnPage(request)
    const { email, password } = parse(routes.signIn.body, request.body, 'the body')
    const { perform } = openExchange(environment, nobody, request)
    const session = await perform(signIn, { email, password: new Secret(password), from: browserOf(request) })
    return answerSession(door, request, reply, session)
  })

  server.post('/web/session/passkey', async (request, reply) => {
    cookies.checkOwnPage(request)
    const body = parse(routes.signInWithPasskey.body, request.body, 'the body')
    const { perform } = openExchange(environment, nobody, request)
    const session = await perform(signInWithPasskey, { ...readAssertion(body), from: browserOf(request) })
    return answerSession(door, request, reply, session)
  })

  server.post('/web/signup', async (request, reply) => {
    cookies.checkOwnPage(request)
    const body = parse(routes.signUp.body, request.body, 'the body')
    const { perform } = openExchange(environment, nobody, request)
    const session = await perform(signUp, {
      email: body.email,
      password: new Secret(body.password),
      admission: readAdmission(body),
      from: browserOf(request),
    })
    return answerSession(door, request, reply, session)
  })

  server.delete('/web/session', async (request, reply) => {
    cookies.checkOwnPage(request)
    await endSession(door, request, cookies.cookieOf(request))
    cookies.clear(request, reply)
    return reply.code(204).send()
  })

  if (environment.identityProvider !== undefined) openOidcRoutes(server, door, environment.identityProvider)
  if (dashboard !== undefined) servePages(server, dashboard, environment)
}

/**
 * Answers with the person and keeps the auth token in the cookie; the session of an earlier cookie ends.
 */
async function answerSession(
  door: WebDoor,
  request: FastifyRequest,
  reply: FastifyReply,
  session: OpenedSession,
): Promise<FastifyReply> {
  await endSession(door, request, door.cookies.cookieOf(request))
  door.cookies.set(request, reply, session, door.environment.now())
  const { id, email } = session.user
  return reply.code(201).send({ user: { id, email } })
}
