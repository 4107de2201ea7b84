// flyctl's logins: with a password, or through a browser where a person approves.
import { emailAddress, pathName, routes, typedPassword } from '@hallpass/client/contract'
import { z } from 'zod'

import { DomainError } from '../../domain/errors.ts'
import { Secret } from '../../domain/secret.ts'
import { describeUserAgent, fitLabel } from '../../domain/session-label.ts'
import { createCliLogin } from '../../operations/accounts/create-cli-login.ts'
import { redeemCliLogin, type RedeemCliLogin } from '../../operations/accounts/redeem-cli-login.ts'
import { signIn } from '../../operations/accounts/sign-in.ts'
import type { Exchange } from '../http/exchange.ts'
import { route, type FlyctlRoute } from './route.ts'

const cliLogin = routes.createCliLogin.body.shape
const cliSession = z.object({
  /** Any host name. */
  name: z.string().max(1024).default('').transform(fitLabel),
  code_challenge: cliLogin.code_challenge.optional(),
  code_challenge_method: cliLogin.code_challenge_method.optional(),
  state: cliLogin.state.optional(),
  redirect_port: cliLogin.redirect_port,
  metadata: z.record(z.string(), z.unknown()).optional(),
})
const cliSessionParams = z.object({ id: pathName })

/**
 * flyctl prints no reason for a refused login. It prints and opens the address, so the address says why. When flyctl
 * then asks for a token, an empty one ends the login at once.
 */
const limitedLogin = 'a-login-cannot-be-limited'
const advice = 'unset-FLY_TOKEN_LOCK_ORG-and-make-a-token-that-reaches-less'

export const sessionRoutes: readonly FlyctlRoute[] = [
  route({
    method: 'POST',
    url: '/api/v1/sessions',
    authenticated: false,
    body: z.object({
      data: z.object({ attributes: z.object({ email: emailAddress, password: typedPassword }) }),
    }),
    status: 201,
    async handle({ body }, { perform, userAgent }) {
      const { email, password } = body.data.attributes
      const from = { kind: 'cli', label: describeUserAgent(userAgent) } as const
      const { authToken } = await perform(signIn, { email, password: new Secret(password), from })
      // flyctl decodes only text here.
      return { data: { attributes: { access_token: authToken.reveal() } } }
    },
  }),

  route({
    method: 'POST',
    url: '/api/v1/cli_sessions',
    authenticated: false,
    body: cliSession,
    status: 201,
    async handle({ body }, { perform, publicUrl }) {
      // An auth token reaches everything that its person reaches; a request for less must not get more.
      if (Object.keys(body.metadata ?? {}).some((key) => key.startsWith('lock_'))) {
        return {
          id: limitedLogin,
          auth_url: `${publicUrl()}/api/v1/cli_sessions/${limitedLogin}/${advice}`,
          pkce: false,
        }
      }
      const { id } = await perform(createCliLogin, {
        name: body.name,
        codeChallenge: body.code_challenge,
        state: body.state ?? '',
        redirectPort: body.redirect_port,
      })
      const authUrl = `${publicUrl()}/cli/${id.reveal()}`
      return { id: id.reveal(), auth_url: authUrl, pkce: body.code_challenge !== undefined }
    },
  }),

  // flyctl polls this every second if it began without a challenge. The first 200 is its answer.
  route({
    method: 'GET',
    url: '/api/v1/cli_sessions/:id',
    authenticated: false,
    params: cliSessionParams,
    status: 200,
    async handle({ params: { id } }, { perform }) {
      return id === limitedLogin ? { id, access_token: '' } : redeem(perform, { id: new Secret(id), proof: undefined })
    },
  }),

  route({
    method: 'GET',
    url: `/api/v1/cli_sessions/${limitedLogin}/:advice`,
    authenticated: false,
    status: 200,
    async handle() {
      const message =
        'a login cannot be limited to an organization, an app or a machine: unset FLY_TOKEN_LOCK_ORG, FLY_TOKEN_LOCK_APP ' +
        'and FLY_TOKEN_LOCK_INSTANCE, log in, and make a token that reaches less with `fly tokens create org`'
      return { message }
    },
  }),

  route({
    method: 'POST',
    url: '/api/v1/cli_sessions/:id/redeem',
    authenticated: false,
    params: cliSessionParams,
    body: z.object(routes.redeemCliLogin.body.shape),
    status: 200,
    handle: ({ params: { id }, body: { code, code_verifier } }, { perform }) =>
      redeem(perform, { id: new Secret(id), proof: { code: new Secret(code), verifier: new Secret(code_verifier) } }),
  }),
]

/**
 * Answers 404 while flyctl should wait, and with an error that flyctl prints if a code is wrong and may be typed again.
 */
async function redeem(perform: Exchange['perform'], input: RedeemCliLogin) {
  try {
    const { authToken } = await perform(redeemCliLogin, input)
    return { id: input.id.reveal(), access_token: authToken.reveal() }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    if (error.code === 'conflict') throw new DomainError('not_found', error.message, { cause: error })
    if (error.code === 'forbidden') throw new DomainError('invalid', error.message, { field: 'code', cause: error })
    throw error
  }
}
