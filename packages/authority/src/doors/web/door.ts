// The web door: logs people in with a browser, which keeps the auth token in a cookie, and serves the dashboard.
import type { User } from '@hallpass/client'
import { allRoutes } from '@hallpass/client/contract'
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

const { webSignIn, webSignInWithPasskey, webSignUp, webSignOut } = allRoutes

/** Opens the routes under `/web`, and the pages. */
export function openWebDoor(server: FastifyInstance, door: WebDoor): void {
  const { environment, cookies, dashboard } = door

  server.post(webSignIn.path, async (request, reply) => {
    cookies.checkOwnPage(request)
    const { email, password } = parse(webSignIn.body, request.body, 'the body')
    const { perform } = openExchange(environment, nobody, request)
    const session = await perform(signIn, { email, password: new Secret(password), from: browserOf(request) })
    return answerSession(door, request, reply, session)
  })

  server.post(webSignInWithPasskey.path, async (request, reply) => {
    cookies.checkOwnPage(request)
    const body = parse(webSignInWithPasskey.body, request.body, 'the body')
    const { perform } = openExchange(environment, nobody, request)
    const session = await perform(signInWithPasskey, { ...readAssertion(body), from: browserOf(request) })
    return answerSession(door, request, reply, session)
  })

  server.post(webSignUp.path, async (request, reply) => {
    cookies.checkOwnPage(request)
    const body = parse(webSignUp.body, request.body, 'the body')
    const { perform } = openExchange(environment, nobody, request)
    const session = await perform(signUp, {
      email: body.email,
      password: new Secret(body.password),
      admission: readAdmission(body),
      from: browserOf(request),
    })
    return answerSession(door, request, reply, session)
  })

  server.delete(webSignOut.path, async (request, reply) => {
    cookies.checkOwnPage(request)
    await endSession(door, request, cookies.cookieOf(request))
    cookies.clear(request, reply)
    return reply.code(webSignOut.status).send()
  })

  if (environment.identityProvider !== undefined) openOidcRoutes(server, door, environment.identityProvider)
  if (dashboard !== undefined) servePages(server, dashboard, environment)
}

/** Answers with the person and stores the auth token in the cookie; the session of the earlier cookie ends. */
async function answerSession(
  door: WebDoor,
  request: FastifyRequest,
  reply: FastifyReply,
  session: OpenedSession,
): Promise<FastifyReply> {
  await endSession(door, request, door.cookies.cookieOf(request))
  door.cookies.set(request, reply, session, door.environment.now())
  const { id, email } = session.user
  return reply.code(webSignIn.status).send({ user: { id, email } satisfies User })
}
