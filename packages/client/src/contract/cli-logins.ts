// Logging in a command line through a browser where the person is logged in: OAuth's authorisation code with PKCE.
import { z } from 'zod'

import { routesOf } from './route.ts'
import { line, oneTimeCode, pathName, timestamp } from './text.ts'
import { sessionAnswer } from './users.ts'

const cliLoginParams = z.object({ login_id: pathName })

const createBody = z.strictObject({
  name: line(80).describe('What asks, for the person who approves: the name of the machine.'),
  code_challenge: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, { error: 'is not a SHA-256 in base64url' })
    .describe('RFC 7636 §4.2: the SHA-256 of the verifier, in base64url.'),
  code_challenge_method: z.literal('S256'),
  state: z
    .string()
    .regex(/^[A-Za-z0-9._~-]{1,256}$/, { error: 'is not 1 to 256 unreserved characters' })
    .describe('Comes back with the code, so that the waiting program recognizes its own login.'),
  redirect_port: z.number().int().min(1).max(65_535).optional().describe('Where 127.0.0.1 waits for the code.'),
})

export type StartedCliLogin = z.infer<typeof cliLoginRoutes.createCliLogin.answer>

const cliLogin = z
  .object({
    id: z.string(),
    name: z.string(),
    requested_from: z.string().describe('The address that asks.'),
    created_at: timestamp,
    expires_at: timestamp,
    session_expires_in: z.number().int().describe('Seconds for which the login will last.'),
    redirect_port: z.number().int().nullable(),
    state: z.string(),
    pkce: z
      .boolean()
      .describe(
        'Whether what asks has to prove with a code that it is what asked; without, the approval alone lets it in.',
      ),
  })
  .meta({ id: 'CliLogin' })
export type CliLogin = z.infer<typeof cliLogin>

const approval = z
  .object({
    code: z.string().nullable().describe('To be handed to the command line; null where it asks without one.'),
    callback_url: z.string().nullable().describe('Where the command line waits for the code, if it does.'),
  })
  .meta({ id: 'CliLoginApproval' })
export type CliLoginApproval = z.infer<typeof approval>

export const cliLoginRoutes = routesOf('users', {
  createCliLogin: {
    summary: 'Begin to log in a command line: a person approves it in the browser',
    authenticated: false,
    body: createBody,
    status: 201,
    answer: z
      .object({ id: z.string(), auth_url: z.string().describe('To open in a browser.'), expires_at: timestamp })
      .meta({ id: 'StartedCliLogin' }),
  },

  showCliLogin: { summary: 'What a command line asks to be logged in for', params: cliLoginParams, answer: cliLogin },
  approveCliLogin: { summary: 'Let a command line log in as the caller', params: cliLoginParams, answer: approval },
  denyCliLogin: { summary: 'Refuse to let a command line log in', params: cliLoginParams },

  redeemCliLogin: {
    summary: 'Exchange the code of an approved login for an auth token; once',
    authenticated: false,
    params: cliLoginParams,
    body: z.strictObject({
      code: oneTimeCode,
      code_verifier: z
        .string()
        .regex(/^[A-Za-z0-9._~-]{43,128}$/, { error: 'is not 43 to 128 unreserved characters' })
        .describe('RFC 7636 §4.1.'),
    }),
    status: 201,
    answer: sessionAnswer,
  },
})
