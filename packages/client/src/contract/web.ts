// What only a browser asks, on a page of the authority's own: the auth token goes into a cookie that no script reads.
// Separate from the other routes, and not in the public document: programs log in under /v1, where they get the auth
// token itself.
import { z } from 'zod'

import { passkeyRoutes } from './passkeys.ts'
import { routesOf } from './route.ts'
import { user, userRoutes } from './users.ts'

const common = { authenticated: false, status: 201, answer: z.object({ user }) } as const

export const webRoutes = routesOf('users', {
  webSignUp: {
    ...common,
    summary: 'Create an account with a setup code or an invitation, and log in with this browser',
    body: userRoutes.signUp.body,
  },

  webSignIn: { ...common, summary: 'Log in with this browser', body: userRoutes.signIn.body },
  webSignInWithPasskey: {
    ...common,
    summary: 'Log in with this browser and a passkey',
    body: passkeyRoutes.signInWithPasskey.body,
  },

  webSignOut: {
    summary: 'Log out with this browser, whether the session of its cookie lives or not',
    authenticated: false,
  },
})
