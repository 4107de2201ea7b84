// What only a browser asks, on a page of the authority's own: the auth token goes into a cookie that no script reads. Apart
// from the other routes, and not in the public document: a program gets nothing here that it could use, and the routes under
// /v1 that let somebody in give it the auth token itself.
import { z } from 'zod'

import { signInWithPasskey } from './passkeys.ts'
import { route } from './route.ts'
import { signIn, signUp, user } from './users.ts'

const common = { tag: 'users', authenticated: false, status: 201, answer: z.object({ user }) } as const

export const webSignUp = route('webSignUp', {
  ...common,
  summary: 'Create an account with a setup code or an invitation, and log in with this browser',
  body: signUp.body,
})

export const webSignIn = route('webSignIn', { ...common, summary: 'Log in with this browser', body: signIn.body })

export const webSignInWithPasskey = route('webSignInWithPasskey', {
  ...common,
  summary: 'Log in with this browser and a passkey',
  body: signInWithPasskey.body,
})

export const webSignOut = route('webSignOut', {
  summary: 'Log out with this browser, whether the session of its cookie lives or not',
  tag: 'users',
  authenticated: false,
  status: 204,
})
