// Accounts and sessions.
import { z } from 'zod'

import { routesOf } from './route.ts'
import { lastUse } from './uses.ts'
import { emailAddress, oneTimeCode, password, pathName, timestamp, typedPassword } from './text.ts'

export const user = z.object({ id: z.number().int(), email: z.string() }).meta({ id: 'User' })
export type User = z.infer<typeof user>

export const sessionAnswer = z
  .object({ access_token: z.string(), expires_at: timestamp, user })
  .meta({ id: 'Session', description: 'A new auth token: shown once, stored only as a hash.' })
export type SessionAnswer = z.infer<typeof sessionAnswer>

const signUpBody = z.strictObject({
  email: emailAddress,
  password,
  setup_code: oneTimeCode.optional().describe('Printed by an authority that has no account yet.'),
  invitation: oneTimeCode.optional().describe('Handed over by an admin of an organization.'),
})

const currentUser = user
  .extend({
    email_proven: z
      .boolean()
      .describe('Whether its owner has shown that the address is theirs: by mail, by a provider, or by the operator.'),
    has_password: z.boolean().describe('False for a person who logs in by other means alone.'),
  })
  .meta({ id: 'CurrentUser' })
export type CurrentUser = z.infer<typeof currentUser>

const loginMethods = z
  .object({
    setup_needed: z.boolean().describe('There is no account yet: the first one takes the setup code.'),
    passkeys: z.boolean(),
    oidc: z.object({ name: z.string() }).nullable(),
    mail: z.boolean().describe('Whether the authority can send mail.'),
  })
  .meta({ id: 'LoginMethods' })
export type LoginMethods = z.infer<typeof loginMethods>

const signInBody = z.strictObject({ email: emailAddress, password: typedPassword })

const session = z
  .object({
    id: z.number().int(),
    kind: z.enum(['cli', 'web']),
    label: z.string().describe('Which browser or machine it was opened from, as that called itself.'),
    created_at: timestamp,
    expires_at: timestamp,
    current: z.boolean().describe('Whether it is the one that asks.'),
    ...lastUse,
    last_use_known_since: timestamp.describe(
      'When it began, or when this authority began to note uses, if that was later.',
    ),
  })
  .meta({ id: 'ListedSession' })
export type ListedSession = z.infer<typeof session>

export const userRoutes = routesOf('users', {
  signUp: {
    summary: 'Create an account with a setup code or an invitation, and log in',
    authenticated: false,
    body: signUpBody,
    status: 201,
    answer: sessionAnswer,
  },

  showCurrentUser: { summary: 'Who the auth token belongs to', answer: currentUser },

  changePassword: {
    summary: 'Set a new password; every other login of the person ends',
    body: z.strictObject({
      current_password: typedPassword.optional().describe('Needed where there is one.'),
      new_password: password,
      end_passkeys: z
        .array(z.number().int())
        .max(20)
        .default([])
        .describe('Ids of passkeys that end with the old one.'),
    }),
  },

  deleteCurrentUser: {
    summary: 'Delete the account with its personal organization; takes a proof of the last ten minutes',
  },

  requestPasswordReset: {
    summary:
      'Mail a link to set a new password, where there is an account of the address; the answer is the same for all',
    authenticated: false,
    body: z.strictObject({ email: emailAddress }),
    status: 202,
  },

  resetPassword: {
    summary: 'Set a new password with the code of a link, which proves the address; every other way in ends',
    authenticated: false,
    body: z.strictObject({ code: oneTimeCode, new_password: password }),
    answer: z.object({ email: z.string() }),
  },

  showLoginMethods: { summary: 'How one can log in here', authenticated: false, answer: loginMethods },
  signIn: { summary: 'Log in', authenticated: false, body: signInBody, status: 201, answer: sessionAnswer },
  signOut: { summary: 'Log out: the auth token is dead from now on' },
  listSessions: { summary: "The caller's logins, the newest first", answer: z.object({ sessions: z.array(session) }) },
  deleteOtherSessions: { summary: "End all of the caller's logins but the one that asks" },
  deleteSession: { summary: "End one of the caller's logins", params: z.object({ session_id: pathName }) },
})
