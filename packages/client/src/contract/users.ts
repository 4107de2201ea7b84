// Accounts and sessions.
import { z } from 'zod'

import { route } from './route.ts'
import { emailAddress, oneTimeCode, password, timestamp, typedPassword } from './text.ts'

const user = z.object({ id: z.number().int(), email: z.string() }).meta({ id: 'User' })
export type User = z.infer<typeof user>

const sessionAnswer = z
  .object({ access_token: z.string(), expires_at: timestamp, user })
  .meta({ id: 'Session', description: 'A new auth token: shown once, stored only as a hash.' })
export type SessionAnswer = z.infer<typeof sessionAnswer>

const signUpBody = z.strictObject({
  email: emailAddress,
  password,
  setup_code: oneTimeCode.optional().describe('Printed by an authority that has no account yet.'),
  invitation: oneTimeCode.optional().describe('Handed over by an admin of an organisation.'),
})

export const signUp = route({
  method: 'POST',
  path: '/v1/users',
  operationId: 'signUp',
  summary: 'Create an account with a setup code or an invitation, and log in',
  tag: 'users',
  authenticated: false,
  body: signUpBody,
  status: 201,
  answer: sessionAnswer,
})

export const showCurrentUser = route({
  method: 'GET',
  path: '/v1/users/current',
  operationId: 'showCurrentUser',
  summary: 'Who the auth token belongs to',
  tag: 'users',
  authenticated: true,
  status: 200,
  answer: user,
})

const signInBody = z.strictObject({ email: emailAddress, password: typedPassword })

export const signIn = route({
  method: 'POST',
  path: '/v1/sessions',
  operationId: 'signIn',
  summary: 'Log in',
  tag: 'users',
  authenticated: false,
  body: signInBody,
  status: 201,
  answer: sessionAnswer,
})

export const signOut = route({
  method: 'DELETE',
  path: '/v1/sessions/current',
  operationId: 'signOut',
  summary: 'Log out: the auth token is dead from now on',
  tag: 'users',
  authenticated: true,
  status: 204,
})
